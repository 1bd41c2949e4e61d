//! What the rules say of a request, and why.

use std::fmt;

use super::Action;

/// What the rules say of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The `block` or `allow` that ended the evaluation; `None` when no rule did.
    pub terminal: Option<Match>,
    /// The matches that were recorded on the way, in order.
    pub counted: Vec<Match>,
    /// Labels that were put on the request, ascending; [`super::Firewall::label`] names them.
    pub labels: Vec<u32>,
    /// What the host counts, in order: as the rules were reached.
    ///
    /// The host counts them one by one. While each is within its limit, the decision stands. The first one
    /// that is over ends the counting: the host decides again with the answers so far in
    /// [`super::View::over`], and goes on with the charges that it has not answered yet.
    pub charges: Vec<Charge>,
    /// The evaluation stopped at a rule that asks for the body, which is [`super::Body::Later`]. The caller
    /// reads the body and decides again; nothing of this decision is to be used, charges included.
    pub waiting: bool,
}

/// A rule that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Index of the rule, for [`super::Firewall::rule`].
    pub rule: u32,
    /// What followed: the rule's action, or [`Action::Count`] where the client is not in the rule's share.
    pub action: Action,
    /// The HTTP status to answer with when it is a block.
    pub status: u16,
    /// Why it matched.
    pub why: Why,
    /// Where in the request, when the cause has a place.
    pub place: Option<Box<Place>>,
}

/// Where a statement matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The field and the transformations: `query_argument:q, URL_DECODE, LOWERCASE`.
    pub input: String,
    /// The name of the value among those of its field, such as the header's; empty where it has none.
    pub name: Vec<u8>,
    /// The transformed value around what matched: at most [`EXCERPT_BYTES_MAX`] bytes.
    pub excerpt: Vec<u8>,
    /// What matched within the excerpt: start and end, bytes.
    pub range: (usize, usize),
    /// Where in the transformed value the excerpt begins, bytes.
    pub offset: usize,
    /// How long the transformed value is, bytes.
    pub length: usize,
}

/// Longest excerpt of a value, bytes.
pub const EXCERPT_BYTES_MAX: usize = 256;

impl fmt::Display for Place {
    /// `query_argument:q, URL_DECODE: "1 [union select] 2"`, control bytes escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = self.range;
        let part = |from: usize, to: usize| {
            self.excerpt
                .get(from..to)
                .unwrap_or_default()
                .escape_ascii()
        };
        f.write_str(&self.input)?;
        if !self.name.is_empty() {
            write!(f, " ({})", self.name.escape_ascii())?;
        }
        let rest = part(end, self.excerpt.len());
        write!(f, ": \"{}[{}]{rest}\"", part(0, start), part(start, end))
    }
}

/// Why a rule matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Every request does.
    Always,
    /// The client's address is in the set.
    Address,
    /// This pattern of a User-Agent list matched: the lowest index of those that do.
    UserAgent(u32),
    /// Something is longer than what is looked at.
    Oversize,
    /// There is no User-Agent.
    UserAgentMissing,
    /// The client's country.
    Country,
    /// The client's autonomous system.
    Asn,
    /// The request has this label.
    Label(u32),
    /// A value has this text of the statement.
    Text(u32),
    /// A value matches this regular expression, by its number.
    Regex(u32),
    /// The length of a value.
    Size,
    /// A value reads as an SQL injection, with this fingerprint of libinjection, filled up with zeros.
    Sqli([u8; 8]),
    /// A value reads as cross-site scripting.
    Xss,
    /// Something that does not match.
    Not,
    /// Too many requests.
    Rate,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("every request"),
            Self::Address => f.write_str("the client's address"),
            Self::UserAgent(index) => write!(f, "User-Agent pattern {index}"),
            Self::Oversize => f.write_str("it is too long to be looked at"),
            Self::UserAgentMissing => f.write_str("there is no User-Agent"),
            Self::Country => f.write_str("the client's country"),
            Self::Asn => f.write_str("the client's autonomous system"),
            Self::Label(index) => write!(f, "label {index}"),
            Self::Text(index) => write!(f, "text {index}"),
            Self::Regex(index) => write!(f, "regular expression {index}"),
            Self::Size => f.write_str("a length"),
            Self::Sqli(print) => {
                let end = print.iter().position(|b| *b == 0).unwrap_or(print.len());
                let print = print.get(..end).unwrap_or_default();
                write!(f, "SQL injection {}", print.escape_ascii())
            }
            Self::Xss => f.write_str("cross-site scripting"),
            Self::Not => f.write_str("a statement that does not match"),
            Self::Rate => f.write_str("too many requests"),
        }
    }
}

/// A count that the host keeps for a rate-based rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Index of the rule; limit and window stand in its [`super::CompiledRate`].
    pub rule: u32,
    /// What the count is kept by, besides the rule's name.
    pub key: Vec<u8>,
}
