//! The shape of a rule file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Crs, Date, HeaderValue, IpSet, Label, RegexSet, Statement, UserAgentList};

/// A rule file (`rules/*.toml`).
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesFile {
    /// Bytes of a request's body that rules look at. Of the rule files of a site the largest counts.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub body_bytes_max: u32,
    /// What becomes of a body that rules look at when its content coding is none of gzip, deflate and br,
    /// or it is not coded so. Of the rule files of a site the strictest counts; without one it is `refuse`,
    /// with a Core Rule Set in `detect` mode `continue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_coding: Option<UnknownCoding>,
    /// The OWASP Core Rule Set. One rule file of a site can switch it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crs: Option<Crs>,
    /// Sets of addresses, by name. A rule sees the sets of its own file.
    #[schemars(extend("x-names" = "name"))]
    pub ip_sets: BTreeMap<String, IpSet>,
    /// Lists of User-Agent patterns, by name. A rule sees the lists of its own file.
    #[schemars(extend("x-names" = "name"))]
    pub user_agent_lists: BTreeMap<String, UserAgentList>,
    /// Sets of regular expressions, by name. A rule sees the sets of its own file.
    #[schemars(extend("x-names" = "name"))]
    pub regex_sets: BTreeMap<String, RegexSet>,
    /// Groups of rules, by name.
    #[schemars(extend("x-names" = "name"))]
    pub groups: BTreeMap<String, RuleGroup>,
    /// The rules. They are tried by priority, lower first; the first `block` or `allow` that
    /// matches ends the firewall.
    pub rules: Vec<Rule>,
}

impl Default for RulesFile {
    fn default() -> Self {
        Self {
            body_bytes_max: lockgate_firewall::BODY_BYTES_DEFAULT,
            unknown_coding: None,
            crs: None,
            ip_sets: BTreeMap::new(),
            user_agent_lists: BTreeMap::new(),
            regex_sets: BTreeMap::new(),
            groups: BTreeMap::new(),
            rules: Vec::new(),
        }
    }
}

/// What becomes of a body that cannot be decoded.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCoding {
    /// The request is refused: 415 where the coding is not known, 400 where the body is not coded so.
    Refuse,
    /// The body is looked at as it was sent, and counts as longer than what is looked at (`oversize`).
    Continue,
}

/// A group of rules: what is said of it holds for each.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleGroup {
    /// Rules of the group that block or allow count instead.
    pub count: bool,
    /// Names of rules of the group that count instead of blocking or allowing.
    #[schemars(extend("x-format" = "name", "uniqueItems" = true))]
    pub count_rules: Vec<String>,
}

/// A firewall rule.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-exactly-one" = ["statement", "when"]))]
pub struct Rule {
    /// Name of the rule in records and metrics.
    #[schemars(extend("x-format" = "name"))]
    pub name: String,
    /// Place in the order, lower first. No two rules of a site have the same.
    #[schemars(range(max = 1_000_000))]
    pub priority: u32,
    /// What happens when the statement matches.
    pub action: RuleAction,
    /// What the rule looks for.
    #[serde(default)]
    pub statement: Option<Statement>,
    /// What the rule looks for, as an expression: `path starts_with "/admin" and not ip in office`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 8192), extend("x-format" = "expression"))]
    pub when: Option<String>,
    /// Status of the answer when the action is `block`. Without it: 403.
    #[serde(default)]
    #[schemars(range(min = 400, max = 599))]
    pub status: Option<u16>,
    /// Body of the answer when the action is `block`. Without it: the gate's own.
    #[serde(default)]
    pub response: Option<RuleResponse>,
    /// Labels that a match puts on the request, for `label_match` of later rules.
    #[serde(default)]
    #[schemars(length(max = 16), extend("uniqueItems" = true))]
    pub labels: Vec<Label>,
    /// Group that the rule belongs to.
    #[serde(default)]
    #[schemars(extend("x-ref" = "groups"))]
    pub group: Option<String>,
    /// Share of the clients that are blocked or allowed, in ten-thousandths; a match of any other
    /// client counts. A client stays on its side: a hash of its address and the rule's name
    /// decides. Without it: all.
    #[serde(default)]
    #[schemars(range(min = 1, max = 9999))]
    pub canary: Option<u16>,
    /// When the rule ends: a date, at its first moment in UTC, or a time (RFC 3339). From then on
    /// it matches nothing.
    #[serde(default)]
    pub expires: Option<Date>,
    /// What `when` was read as, when it was loaded.
    #[serde(skip)]
    pub read: Option<Statement>,
}

impl Rule {
    /// What the rule looks for: `statement`, or what `when` means.
    #[must_use]
    pub fn looks_for(&self) -> Option<&Statement> {
        self.statement.as_ref().or(self.read.as_ref())
    }
}

/// The body of a block.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleResponse {
    /// The text.
    #[schemars(length(max = 10_240))]
    pub body: String,
    /// The value of Content-Type.
    #[serde(default = "HeaderValue::text_plain")]
    pub content_type: HeaderValue,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    /// The request is refused.
    Block,
    /// The request passes; later rules are not tried.
    Allow,
    /// The match is recorded and the next rule is tried.
    Count,
    /// The labels are put on the request and the next rule is tried; nothing is recorded.
    Label,
}
