//! What SecLang files say, with the place of each part.
use crate::place::{Place, Text};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The items of all files in the order in which they take effect.
#[derive(Debug, Clone, Default)]
pub struct Ast {
    /// The items.
    pub items: Vec<Item>,
    /// Directives that were understood and change nothing here, with the reason.
    pub notes: Vec<Note>,
}

impl Ast {
    /// How many rules there are: `SecRule` and `SecAction`, each rule of a chain by itself.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.items
            .iter()
            .filter(|item| matches!(item, Item::Rule(_)))
            .count()
    }

    /// The files that operators such as `@pmFromFile` name, whether or not they are there.
    pub fn named_files(&self) -> impl Iterator<Item = PathBuf> {
        let operators = self.items.iter().filter_map(|item| match item {
            Item::Rule(rule) => rule.operator.as_ref(),
            _ => None,
        });
        operators
            .filter(|operator| names_files(operator.name.as_str()))
            .flat_map(|operator| beside(&operator.argument))
    }
}

/// Whether the argument of an operator is a list of files.
fn names_files(operator: &str) -> bool {
    ["pmFromFile", "pmf", "ipMatchFromFile", "ipMatchF"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(operator))
}

/// The files that an argument names, beside the file that it stands in.
pub(crate) fn beside(argument: &Text) -> Vec<PathBuf> {
    let place = argument.start();
    let folder = place.file.parent().unwrap_or(Path::new(""));
    argument
        .as_str()
        .split_ascii_whitespace()
        .map(|name| folder.join(name))
        .collect()
}

/// Something that is accepted and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where it stands.
    pub place: Place,
    /// What it is, as written.
    pub what: String,
    /// Why it changes nothing.
    pub why: &'static str,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { place, what, why } = self;
        write!(f, "{place}: `{what}` changes nothing: {why}")
    }
}

/// One directive.
#[derive(Debug, Clone)]
pub enum Item {
    /// `SecRule` or `SecAction`.
    Rule(Rule),
    /// `SecMarker`.
    Marker(Text),
    /// `SecDefaultAction`.
    Default(Actions),
    /// `SecRuleRemoveById` and its kin, and where it stands.
    Remove(Place, Choice),
    /// `SecRuleUpdateTargetById` and its kin, and where it stands.
    UpdateTarget(Place, Choice, Vec<Target>),
    /// `SecRuleUpdateActionById`.
    UpdateAction(Place, u32, Actions),
    /// What applies to all transactions.
    Setting(Setting),
}

/// The rules that a directive is about.
#[derive(Debug, Clone)]
pub enum Choice {
    /// By id: ids and ranges of ids.
    Id(Vec<RangeInclusive<u32>>),
    /// By a tag that the regular expression finds.
    Tag(Text),
    /// By a message that the regular expression finds.
    Msg(Text),
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where its directive stands.
    pub place: Place,
    /// What it reads; empty for `SecAction`.
    pub targets: Vec<Target>,
    /// How it compares; none for `SecAction`, which always matches.
    pub operator: Option<Operator>,
    /// What it does.
    pub actions: Actions,
}

/// One part of what a rule reads.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it stands.
    pub place: Place,
    /// `!`: this is left out of what the others give.
    pub exclude: bool,
    /// `&`: the number of values in place of the values.
    pub count: bool,
    /// The variable as written.
    pub variable: Text,
    /// What of the variable.
    pub selector: Option<Selector>,
}

/// A part of a collection.
#[derive(Debug, Clone)]
pub enum Selector {
    /// The entries of this name, in any case.
    Name(Text),
    /// The entries whose name the regular expression finds.
    Regex(Text),
}

/// How a rule compares.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Where it stands.
    pub place: Place,
    /// `!`: the rule matches what the operator does not.
    pub negated: bool,
    /// The name without `@`; `rx` where none is written.
    pub name: Text,
    /// What follows the name.
    pub argument: Text,
}

/// A list of actions in order.
pub type Actions = Vec<Action>;

/// One action.
#[derive(Debug, Clone)]
pub struct Action {
    /// The name as written.
    pub name: Text,
    /// What follows the `:`, without quotes.
    pub value: Option<Text>,
}

impl Action {
    /// Whether this is the action of that name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.as_str().eq_ignore_ascii_case(name)
    }
}

/// What a body over its limit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverLimit {
    /// The request or response is refused.
    Reject,
    /// What lies within the limit is inspected.
    Partial,
}

/// Whether rules act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineMode {
    /// They do.
    On,
    /// They are not evaluated.
    Off,
    /// They are evaluated and nothing is blocked.
    DetectionOnly,
}

/// A setting of all transactions. The later of two holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// `SecRuleEngine`
    Engine(EngineMode),
    /// `SecRequestBodyAccess`
    RequestBody(bool),
    /// `SecResponseBodyAccess`
    ResponseBody(bool),
    /// `SecRequestBodyLimit`, bytes.
    RequestBodyMax(u64),
    /// `SecRequestBodyNoFilesLimit`, bytes.
    RequestBodyNoFilesMax(u64),
    /// `SecRequestBodyLimitAction`
    RequestBodyOver(OverLimit),
    /// `SecRequestBodyJsonDepthLimit`, levels.
    JsonDepthMax(u64),
    /// `SecArgumentsLimit`, arguments of one request.
    ArgumentsMax(u64),
    /// `SecResponseBodyLimit`, bytes.
    ResponseBodyMax(u64),
    /// `SecResponseBodyLimitAction`
    ResponseBodyOver(OverLimit),
    /// `SecResponseBodyMimeType`: added to the types whose bodies are read.
    ResponseTypes(Vec<String>),
    /// `SecResponseBodyMimeTypesClear`
    ResponseTypesClear,
    /// `SecComponentSignature`
    Signature(String),
}
