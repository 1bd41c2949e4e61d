//! What a rule looks for: the statements of AWS WAF.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Country, FieldName, Label, RateKeyName, Regex, TransformationName};

/// What a rule looks for: exactly one key.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// The client's address is in this IP set.
    IpSet(#[schemars(extend("x-ref" = "ip_sets"))] String),
    /// The client's address is not in this IP set.
    NotIpSet(#[schemars(extend("x-ref" = "ip_sets"))] String),
    /// The User-Agent matches a pattern of this list.
    UserAgentList(#[schemars(extend("x-ref" = "user_agent_lists"))] String),
    /// `true`: there is no User-Agent, or an empty one. `false`: there is one.
    UserAgentMissing(bool),
    /// The client is in a country or an autonomous system.
    GeoMatch(GeoMatch),
    /// An earlier rule has put this label on the request; `shop:` stands for every label that starts so.
    LabelMatch(Label),
    /// A value has a text at a place.
    ByteMatch(ByteMatch),
    /// A value matches a regular expression.
    RegexMatch(RegexMatch),
    /// A value matches one of a set of regular expressions.
    RegexSet(RegexSetMatch),
    /// A value is so long.
    SizeConstraint(SizeConstraint),
    /// A value reads as an SQL injection (libinjection).
    SqliMatch(Inspect),
    /// A value reads as cross-site scripting (libinjection).
    XssMatch(Inspect),
    /// A client asks too often. Stands alone: not within `and`, `or` or `not`.
    RateBased(RateBased),
    /// All of these match.
    And(#[schemars(length(min = 2, max = 64))] Vec<Statement>),
    /// One of these matches.
    Or(#[schemars(length(min = 2, max = 64))] Vec<Statement>),
    /// This does not match.
    Not(Box<Statement>),
}

/// Where a client is. One that the host does not know the place of is nowhere.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("x-at-least-one" = ["countries", "asns"]))]
pub struct GeoMatch {
    /// Countries, two letters each (ISO 3166-1).
    #[schemars(length(max = 300))]
    pub countries: Vec<Country>,
    /// Numbers of autonomous systems.
    #[schemars(length(max = 10_000))]
    pub asns: Vec<u32>,
}

/// What to look at.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Inspect {
    /// The part of the request.
    pub field: FieldName,
    /// What is done to each value before it is looked at, in this order.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub transformations: Vec<TransformationName>,
    /// What the statement says of a body that is longer than `body_bytes_max`.
    #[serde(default)]
    pub oversize: OversizeHandling,
}

/// A text at a place.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ByteMatch {
    /// The part of the request.
    pub field: FieldName,
    /// What is done to each value before it is looked at, in this order.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub transformations: Vec<TransformationName>,
    /// What the statement says of a body that is longer than `body_bytes_max`.
    #[serde(default)]
    pub oversize: OversizeHandling,
    /// The texts and where they stand.
    #[serde(flatten)]
    pub search: Search,
}

/// Texts and where they stand; one of them has to. Upper and lower case differ.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// The value is the text.
    Exactly(Texts),
    /// The value starts with the text.
    StartsWith(Texts),
    /// The value ends with the text.
    EndsWith(Texts),
    /// The text is anywhere in the value.
    Contains(Texts),
    /// The text is anywhere in the value, and no letter, digit or `_` touches it.
    ContainsWord(Texts),
}

/// One text or several.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(#[schemars(length(max = 1024))] String),
    /// Several.
    Many(#[schemars(length(min = 1, max = 10_000), inner(length(max = 1024)))] Vec<String>),
}

impl Texts {
    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
        .iter()
        .map(String::as_str)
    }
}

/// A regular expression over values.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegexMatch {
    /// The part of the request.
    pub field: FieldName,
    /// What is done to each value before it is looked at, in this order.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub transformations: Vec<TransformationName>,
    /// What the statement says of a body that is longer than `body_bytes_max`.
    #[serde(default)]
    pub oversize: OversizeHandling,
    /// The expression, which has to match anywhere in a value. Bytes, not Unicode; `(?i)` before it ignores
    /// ASCII case. No look-around, no back-references: its cost is linear in the value.
    pub pattern: Regex,
}

/// A set of regular expressions over values.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegexSetMatch {
    /// The part of the request.
    pub field: FieldName,
    /// What is done to each value before it is looked at, in this order.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub transformations: Vec<TransformationName>,
    /// What the statement says of a body that is longer than `body_bytes_max`.
    #[serde(default)]
    pub oversize: OversizeHandling,
    /// The set.
    #[schemars(extend("x-ref" = "regex_sets"))]
    pub set: String,
}

/// How long values are.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SizeConstraint {
    /// The part of the request.
    pub field: FieldName,
    /// What is done to each value before it is looked at, in this order.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub transformations: Vec<TransformationName>,
    /// What the statement says of a body that is longer than `body_bytes_max`.
    #[serde(default)]
    pub oversize: OversizeHandling,
    /// How the length of a value compares with `size`.
    pub comparison: SizeComparison,
    /// In bytes.
    pub size: u64,
}

/// How a length compares.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeComparison {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less or equal.
    Le,
    /// Less.
    Lt,
    /// Greater or equal.
    Ge,
    /// Greater.
    Gt,
}

/// What a statement says of a body that is longer than what is looked at.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OversizeHandling {
    /// It looks at the start of the body.
    #[default]
    Continue,
    /// It matches.
    Match,
    /// It does not match.
    NoMatch,
}

/// Too many requests. Every request that reaches the rule counts, also one that a later rule blocks.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateBased {
    /// Requests in a window that are within the limit.
    #[schemars(range(min = 1, max = 2_000_000_000))]
    pub limit: u32,
    /// The window, in seconds.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 1, max = 3600))]
    pub window_s: u32,
    /// What requests are counted by. Several: by each combination. A request without one of them is not
    /// counted.
    #[serde(default = "client")]
    #[schemars(length(min = 1, max = 5), extend("uniqueItems" = true))]
    pub keys: Vec<RateKeyName>,
    /// Which requests count. Without it: all.
    #[serde(default)]
    pub scope_down: Option<Box<Statement>>,
}

/// The window of AWS WAF.
fn five_minutes() -> u32 {
    300
}

fn client() -> Vec<RateKeyName> {
    vec![RateKeyName::client_ip()]
}

impl Statement {
    /// Whether one of the statements within this one, or this one, is such a one.
    pub fn any(&self, is: &mut impl FnMut(&Self) -> bool) -> bool {
        if is(self) {
            return true;
        }
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.any(is)),
            Self::Not(part) => part.any(is),
            Self::RateBased(rate) => rate.scope_down.as_ref().is_some_and(|part| part.any(is)),
            _ => false,
        }
    }
}
