//! What can be wrong with rules, and where.
use crate::place::Place;
use std::fmt;

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct Fault {
    /// File, line and column.
    pub place: Place,
    /// What is wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// A fault at a place.
    #[must_use]
    pub fn new(place: Place, kind: FaultKind) -> Self {
        Self { place, kind }
    }
}

/// The kinds of names that SecLang has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The first word of a line, such as `SecRule`.
    Directive,
    /// What a rule reads, such as `ARGS`.
    Variable,
    /// How it is compared, such as `@rx`.
    Operator,
    /// What it is turned into first, such as `t:lowercase`.
    Transformation,
    /// What follows from a match, such as `setvar`.
    Action,
    /// A setting of one transaction, such as `ctl:ruleEngine`.
    Ctl,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directive => "directive",
            Self::Variable => "variable",
            Self::Operator => "operator",
            Self::Transformation => "transformation",
            Self::Action => "action",
            Self::Ctl => "ctl option",
        })
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// A file or folder cannot be read, or is not UTF-8.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// Includes that go too deep, which a file that includes itself does.
    #[error("more than {0} files include each other")]
    IncludeDepth(usize),
    /// Includes that never end, or far too much.
    #[error("more than {0} files, or more than {1} bytes in them")]
    TooManyFiles(usize, usize),
    /// A quote without its end.
    #[error("this quote is never closed")]
    Unclosed,
    /// The file ends inside of a continued line.
    #[error("the file ends after a `\\` that continues the line")]
    EndsContinued,
    /// Too few or too many words after a directive.
    #[error("{directive} takes {takes}")]
    Words {
        /// The directive.
        directive: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// A name that SecLang does not have.
    #[error("unknown {what} `{name}`{}", meant(.nearest.as_deref()))]
    Unknown {
        /// What it would be.
        what: What,
        /// The name as written.
        name: String,
        /// The nearest known name, if one is near.
        nearest: Option<String>,
    },
    /// A name that ModSecurity has and Lockgate refuses.
    #[error("{what} `{name}` is not supported: {why}")]
    Refused {
        /// What it is.
        what: What,
        /// The name as written.
        name: String,
        /// The reason.
        why: &'static str,
    },
    /// A value that does not have the form that it must have.
    #[error("`{value}` is not {expected}")]
    Value {
        /// The value as written.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// A value where none belongs, or none where one does.
    #[error("action `{name}` {}", if *.wanted { "needs a value" } else { "takes no value" })]
    ActionValue {
        /// The action.
        name: String,
        /// Whether a value is wanted.
        wanted: bool,
    },
    /// A rule or action list without `id`.
    #[error("this rule has no id")]
    NoId,
    /// An id that another rule has.
    #[error("id {id} is already that of the rule at {first}")]
    SameId {
        /// The id.
        id: u32,
        /// The rule that had it first.
        first: Place,
    },
    /// An action that only the first rule of a chain may have.
    #[error("action `{0}` belongs into the first rule of a chain")]
    InChain(String),
    /// `chain` on a rule that nothing follows, or that something else than a rule follows.
    #[error("this rule ends with `chain`, and no rule follows it")]
    OpenChain,
    /// `skipAfter` to a marker or id that does not come later.
    #[error("no SecMarker or rule `{0}` comes after this rule")]
    NoMarker(String),
    /// A regular expression that does not compile.
    #[error("the regular expression is wrong: {0}")]
    Regex(String),
    /// The program cannot be written down.
    #[error("the rules cannot be compiled: {0}")]
    Program(String),
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// The fault of an unknown name, with the nearest of the known ones.
#[must_use]
pub(crate) fn unknown<'a>(
    what: What,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> FaultKind {
    FaultKind::Unknown {
        what,
        name: name.to_owned(),
        nearest: nearest(name, known).map(str::to_owned),
    }
}

/// The known name that takes the fewest changes, if it takes at most a third of its letters.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .into_iter()
        .map(|k| {
            let lower = k.to_ascii_lowercase();
            (strsim::damerau_levenshtein(&name, &lower), k)
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, k)| *distance <= (k.len() / 3).max(1))
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_named_and_a_far_one_is_not() {
        let known = ["SecRule", "SecAction", "SecMarker"];
        assert_eq!(nearest("SecRul", known), Some("SecRule"));
        assert_eq!(nearest("secacton", known), Some("SecAction"));
        assert_eq!(nearest("Listen", known), None);
        assert_eq!(
            unknown(What::Directive, "SecMaker", known).to_string(),
            "unknown directive `SecMaker`, did you mean `SecMarker`?"
        );
    }
}
