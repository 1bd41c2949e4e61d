//! The actions of a rule, sorted by what they are about.
use super::names::{HEAD_ONLY, KEEPS_NOTHING, misused};
use super::tables::Tables;
use super::{macros, setvar};
use crate::ast::{Action, Note};
use crate::fault::{Fault, What, unknown};
use crate::parse::bad_value;
use crate::place::{Place, Text};
use lockgate_transform::Transformation;
use lockgate_waf::program::{AllowScope, Macro, Meta, Phase, SetVar, Severity};

/// What a disruptive action asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// `pass`
    Pass,
    /// `block`: the default action of the phase.
    Block,
    /// `deny`
    Deny,
    /// `drop`
    Drop,
    /// `redirect`
    Redirect(Macro),
    /// `allow`
    Allow(AllowScope),
}

/// Where the rules go on after a match.
#[derive(Debug, Clone)]
pub(crate) enum Skip {
    /// `skipAfter`: behind this marker or rule.
    After(Text),
    /// `skip`: behind so many rules.
    Count(u32),
}

/// What is done at a match.
#[derive(Debug, Clone)]
pub(crate) enum Doing {
    /// `setvar`
    SetVar(SetVar),
    /// `ctl`, which needs to know all rules.
    Control(Text),
}

/// A list of actions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sorted {
    /// `id`
    pub(crate) id: Option<u32>,
    /// `phase`
    pub(crate) phase: Option<Phase>,
    /// `t`; `None` is `t:none`, which takes back those before it.
    pub(crate) transformations: Vec<Option<Transformation>>,
    /// `multiMatch`
    pub(crate) multi_match: bool,
    /// `capture`
    pub(crate) capture: bool,
    /// `chain`
    pub(crate) chain: bool,
    /// The disruptive action.
    pub(crate) decision: Option<(Decision, Place)>,
    /// `status`
    pub(crate) status: Option<u16>,
    /// `skip` and `skipAfter`
    pub(crate) skip: Option<(Skip, Place)>,
    /// `log` (true) and `nolog`.
    pub(crate) log: Option<bool>,
    /// `auditlog` (true) and `noauditlog`.
    pub(crate) audit_log: Option<bool>,
    /// What the rule says about itself, apart from the two before.
    pub(crate) meta: Meta,
    /// `msg` as written.
    pub(crate) msg: String,
    /// `tag`s as written.
    pub(crate) tags: Vec<String>,
    /// The first action that only the head of a chain may have, and its name.
    pub(crate) head_only: Option<(Place, String)>,
    /// What is done at a match, in order.
    pub(crate) doings: Vec<Doing>,
}

impl Sorted {
    /// Sorts a list. Of actions that exclude each other, the later holds.
    ///
    /// # Errors
    /// The first unknown, refused or misused action.
    pub(crate) fn of(
        actions: &[Action],
        tables: &mut Tables,
        notes: &mut Vec<Note>,
    ) -> Result<Self, Fault> {
        let mut sorted = Self::default();
        for action in actions {
            sorted.add(action, tables, notes)?;
        }
        Ok(sorted)
    }

    fn add(
        &mut self,
        action: &Action,
        tables: &mut Tables,
        notes: &mut Vec<Note>,
    ) -> Result<(), Fault> {
        let place = action.name.start();
        let written = action.name.as_str();
        let name = written.to_ascii_lowercase();
        if HEAD_ONLY.iter().any(|n| n.eq_ignore_ascii_case(&name)) && self.head_only.is_none() {
            self.head_only = Some((place.clone(), written.to_owned()));
        }
        let decision = |decision| Some((decision, place.clone()));
        match (name.as_str(), action.value.as_ref()) {
            ("pass", None) => self.decision = decision(Decision::Pass),
            ("block", None) => self.decision = decision(Decision::Block),
            ("deny", None) => self.decision = decision(Decision::Deny),
            ("drop", None) => self.decision = decision(Decision::Drop),
            ("allow", scope) => self.decision = decision(Decision::Allow(allowed(scope)?)),
            ("redirect", Some(to)) => {
                self.decision = decision(Decision::Redirect(macros::read(to, tables)?));
            }
            ("capture", None) => self.capture = true,
            ("chain", None) => self.chain = true,
            ("multimatch", None) => self.multi_match = true,
            ("log", None) => (self.log, self.audit_log) = (Some(true), Some(true)),
            ("nolog", None) => (self.log, self.audit_log) = (Some(false), Some(false)),
            ("auditlog", None) => self.audit_log = Some(true),
            ("noauditlog", None) => self.audit_log = Some(false),
            ("accuracy" | "maturity", Some(_)) => notes.push(Note {
                place,
                what: name,
                why: "it is not part of a decision record",
            }),
            // Rules that read or set what it opens are refused, so it can be left out.
            ("initcol", Some(_)) => notes.push(Note {
                place,
                what: name,
                why: KEEPS_NOTHING,
            }),
            (_, Some(value)) => return self.add_with_value(&name, action, value, tables),
            (_, None) => return Err(misused(action)),
        }
        Ok(())
    }

    fn add_with_value(
        &mut self,
        name: &str,
        action: &Action,
        value: &Text,
        tables: &mut Tables,
    ) -> Result<(), Fault> {
        let text = value.as_str();
        match name {
            "id" => self.id = Some(number(value, "an id, a whole number")?),
            "phase" => self.phase = Some(phase(value)?),
            "t" => self.transformations.push(transformation(value)?),
            "status" => self.status = Some(status(value)?),
            "skip" => {
                let count = number(value, "a number of rules")?;
                self.skip = Some((Skip::Count(count), value.start()));
            }
            "skipafter" => self.skip = Some((Skip::After(value.clone()), value.start())),
            "msg" => {
                self.meta.msg = macros::read(value, tables)?;
                text.clone_into(&mut self.msg);
            }
            "logdata" => self.meta.logdata = macros::read(value, tables)?,
            "severity" => {
                let severity = Severity::from_seclang(text);
                self.meta.severity = Some(
                    severity.ok_or_else(|| bad_value(value, "a severity: 0 to 7 or its name"))?,
                );
            }
            "tag" => {
                self.meta.tags.push(tables.strings.number(text.to_owned()));
                self.tags.push(text.to_owned());
            }
            "rev" => self.meta.rev = Some(tables.strings.number(text.to_owned())),
            "ver" => self.meta.ver = Some(tables.strings.number(text.to_owned())),
            "setvar" => self
                .doings
                .push(Doing::SetVar(setvar::read(value, tables)?)),
            "ctl" => self.doings.push(Doing::Control(value.clone())),
            _ => return Err(misused(action)),
        }
        Ok(())
    }

    /// The transformations that hold, those of the default action first.
    pub(crate) fn chain_of(&self, defaults: &[Option<Transformation>]) -> Vec<Transformation> {
        let mut chain = Vec::new();
        for step in defaults.iter().chain(&self.transformations) {
            match step {
                None => chain.clear(),
                Some(transformation) => chain.push(*transformation),
            }
        }
        chain
    }
}

fn allowed(scope: Option<&Text>) -> Result<AllowScope, Fault> {
    match scope {
        None => Ok(AllowScope::Transaction),
        Some(scope) if scope.as_str().eq_ignore_ascii_case("phase") => Ok(AllowScope::Phase),
        Some(scope) if scope.as_str().eq_ignore_ascii_case("request") => Ok(AllowScope::Request),
        Some(scope) => Err(bad_value(scope, "`phase` or `request`")),
    }
}

fn number(value: &Text, expected: &str) -> Result<u32, Fault> {
    value
        .as_str()
        .trim_matches('\'')
        .parse()
        .map_err(|_| bad_value(value, expected))
}

fn status(value: &Text) -> Result<u16, Fault> {
    let status = value.as_str().parse().ok();
    status
        .filter(|status| (100..=599).contains(status))
        .ok_or_else(|| bad_value(value, "a status, 100 to 599"))
}

/// A phase by its number or name (ModSecurity reference manual, `phase`).
fn phase(value: &Text) -> Result<Phase, Fault> {
    let number = match value.as_str().to_ascii_lowercase().as_str() {
        "request" => 2,
        "response" => 4,
        "logging" => 5,
        other => other.parse().unwrap_or(0),
    };
    Phase::from_number(number)
        .ok_or_else(|| bad_value(value, "a phase: 1 to 5, `request`, `response` or `logging`"))
}

fn transformation(value: &Text) -> Result<Option<Transformation>, Fault> {
    let name = value.as_str();
    if name.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    Transformation::from_seclang(name).map(Some).ok_or_else(|| {
        let known = Transformation::seclang_names();
        Fault::new(value.start(), unknown(What::Transformation, name, known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::actions;
    use crate::parse::tests::text;

    fn of(source: &str) -> Result<Sorted, String> {
        let list = actions(&text(source)).unwrap();
        Sorted::of(&list, &mut Tables::new(), &mut Vec::new()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_later_of_two_holds_and_none_takes_back() {
        let sorted =
            of("id:1,log,nolog,deny,pass,t:lowercase,t:none,t:urlDecodeUni,phase:request").unwrap();
        assert_eq!((sorted.log, sorted.audit_log), (Some(false), Some(false)));
        assert!(matches!(sorted.decision, Some((Decision::Pass, _))));
        assert_eq!(sorted.phase, Some(Phase::RequestBody));
        let chain = sorted.chain_of(&[Some(Transformation::Length)]);
        assert_eq!(chain, [Transformation::UrlDecodeUni]);
    }

    #[test]
    fn faults_name_the_action_and_its_place() {
        for (source, message) in [
            (
                "id:1,pas",
                "t.conf:1:6: unknown action `pas`, did you mean `pass`?",
            ),
            (
                "t:lowrcase",
                "t.conf:1:3: unknown transformation `lowrcase`, did you mean `lowercase`?",
            ),
            ("deny:1", "t.conf:1:1: action `deny` takes no value"),
            ("msg", "t.conf:1:1: action `msg` needs a value"),
            (
                "exec:/x",
                "t.conf:1:1: action `exec` is not supported: rules cannot run programs",
            ),
            ("status:99", "t.conf:1:8: `99` is not a status, 100 to 599"),
            (
                "phase:6",
                "t.conf:1:7: `6` is not a phase: 1 to 5, `request`, `response` or `logging`",
            ),
        ] {
            assert_eq!(of(source).unwrap_err(), message);
        }
    }
}
