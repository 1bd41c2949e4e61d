//! What rules name: IP sets, User-Agent lists, sets of regular expressions.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cidr, Regex};

/// A set of regular expressions.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegexSet {
    /// The expressions; one of them has to match.
    #[schemars(length(min = 1, max = 1000))]
    pub patterns: Vec<Regex>,
}

/// A set of addresses: those in `addresses` and those in `file` together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("x-at-least-one" = ["addresses", "file"]))]
pub struct IpSet {
    /// Addresses and CIDR ranges.
    pub addresses: Vec<Cidr>,
    /// File with one address or CIDR range a line; `#` starts a comment.
    #[schemars(extend("x-path" = "ip-list"))]
    pub file: Option<PathBuf>,
    /// What `file` held when it was loaded.
    #[serde(skip)]
    pub listed: Vec<Cidr>,
}

impl IpSet {
    /// Every network of the set, those of the file included.
    pub fn networks(&self) -> impl Iterator<Item = Cidr> + '_ {
        self.addresses.iter().chain(&self.listed).copied()
    }
}

/// A list of User-Agent patterns. Upper and lower case do not matter.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("x-at-least-one" = ["contains", "starts_with", "ends_with", "equals", "file"]))]
pub struct UserAgentList {
    /// Texts that the User-Agent contains.
    #[schemars(inner(length(min = 1, max = 1024)))]
    pub contains: Vec<String>,
    /// Texts that the User-Agent starts with.
    #[schemars(inner(length(min = 1, max = 1024)))]
    pub starts_with: Vec<String>,
    /// Texts that the User-Agent ends with.
    #[schemars(inner(length(min = 1, max = 1024)))]
    pub ends_with: Vec<String>,
    /// Texts that the User-Agent is equal to.
    #[schemars(inner(length(min = 1, max = 1024)))]
    pub equals: Vec<String>,
    /// File with one pattern a line: a text that the User-Agent contains, `^` before it for one
    /// that it starts with, `$` after it for one that it ends with, both for equality. `#` at the
    /// start of a line or after white space starts a comment.
    #[schemars(extend("x-path" = "user-agent-list"))]
    pub file: Option<PathBuf>,
    /// What `file` held when it was loaded.
    #[serde(skip)]
    pub listed: Vec<UserAgentPattern>,
}

impl UserAgentList {
    /// Every pattern of the list as its kind and its text, those of the file included.
    pub fn patterns(&self) -> impl Iterator<Item = (PatternKind, &str)> {
        let keys = [
            (PatternKind::Contains, &self.contains),
            (PatternKind::StartsWith, &self.starts_with),
            (PatternKind::EndsWith, &self.ends_with),
            (PatternKind::Equals, &self.equals),
        ];
        keys.into_iter()
            .flat_map(|(kind, texts)| texts.iter().map(move |text| (kind, text.as_str())))
            .chain(self.listed.iter().map(|p| (p.kind, p.text.as_str())))
    }
}

/// One User-Agent pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserAgentPattern {
    /// Where the text must stand.
    pub kind: PatternKind,
    /// The text, in the case that it was written in.
    pub text: String,
}

/// Where the text of a pattern must stand in the User-Agent.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PatternKind {
    /// Anywhere.
    Contains,
    /// At its start.
    StartsWith,
    /// At its end.
    EndsWith,
    /// It is the whole.
    Equals,
}
