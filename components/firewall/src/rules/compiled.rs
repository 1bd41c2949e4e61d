//! The compiled form: what a bundle carries.
//!
//! Statements are nodes in one table; a node names its parts by index, and they stand before it, so that
//! loading bounds every walk. Statements that are the same, and inputs that are the same, stand there once
//! and are evaluated once a request.
//!
//! Enums are encoded by position (postcard): new variants go to the end.

use serde::{Deserialize, Serialize};

use crate::{Blob, Field};

/// A compiled firewall: rules in ascending priority, and the tables that they name by index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledFirewall {
    /// The rules, in the order in which they are tried.
    pub rules: Vec<CompiledRule>,
    /// Tables for [`crate::IpSet::load`].
    pub ip_sets: Vec<Blob>,
    /// All addresses of all sets, for [`crate::IpSet::load`]: one look-up instead of one for each set, for
    /// nearly every client. Empty where there are few sets.
    pub ip_union: Blob,
    /// Tables for [`crate::UserAgentList::load`].
    pub user_agent_lists: Vec<Blob>,
    /// Statements; each names only such as stand before it.
    pub nodes: Vec<Node>,
    /// Values that statements look at; each is made only of one that stands before it.
    pub inputs: Vec<CompiledInput>,
    /// Labels that rules set or ask for.
    pub labels: Vec<String>,
    /// Custom responses.
    pub responses: Vec<CompiledResponse>,
    /// Regular expressions, for `lockgate_patterns::Patterns::load`; empty without any.
    pub patterns: Blob,
    /// How many patterns `patterns` holds.
    pub pattern_count: u32,
    /// Bytes of a body that are inspected.
    pub body_bytes_max: u32,
}

impl CompiledFirewall {
    /// Bytes of a body that rules look at; `None` where none looks at bodies.
    #[must_use]
    pub fn reads_body_bytes(&self) -> Option<u32> {
        self.reads(Field::in_body).then_some(self.body_bytes_max)
    }

    /// Whether a rule asks for the client's country.
    #[must_use]
    pub fn reads_country(&self) -> bool {
        let is_meant =
            |node: &Node| matches!(node, Node::Geo { countries, .. } if !countries.is_empty());
        self.nodes.iter().any(is_meant) || self.reads(|field| matches!(field, Field::Country))
    }

    /// Whether a rule asks for the client's autonomous system.
    #[must_use]
    pub fn reads_asn(&self) -> bool {
        let is_meant = |node: &Node| matches!(node, Node::Geo { asns, .. } if !asns.is_empty());
        self.nodes.iter().any(is_meant) || self.reads(|field| matches!(field, Field::Asn))
    }

    /// Whether a rule asks for the fingerprint of the TLS hello.
    #[must_use]
    pub fn reads_tls_fingerprint(&self) -> bool {
        self.reads(|field| matches!(field, Field::TlsFingerprint))
    }

    fn reads(&self, is_meant: impl Fn(&Field) -> bool) -> bool {
        let mut inputs = self.inputs.iter();
        inputs.any(|input| matches!(input, CompiledInput::Field(field) if is_meant(field)))
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledRule {
    /// The name, for records and metrics.
    pub name: String,
    /// The place in the order, lower first; no two are the same.
    pub priority: u32,
    /// What follows a match, overrides of groups applied.
    pub action: Action,
    /// The HTTP status of the answer when the action is [`Action::Block`].
    pub status: u16,
    /// What the rule asks: a node. Of a rate-based rule what narrows down the requests it counts.
    pub statement: u32,
    /// Labels that a match puts on the request.
    pub labels: Vec<u32>,
    /// The clients that the action is for, in ten-thousandths; for others a match is counted.
    pub canary: u16,
    /// When the rule ends, seconds since the Unix epoch; it matches nothing from then on.
    pub expires_s: Option<u64>,
    /// The custom response of a block.
    pub response: Option<u32>,
    /// The rule matches when a client asks too often.
    pub rate: Option<CompiledRate>,
}

/// A custom response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledResponse {
    /// The body.
    pub body: String,
    /// The value of Content-Type.
    pub content_type: String,
}

/// The count of a rate-based rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledRate {
    /// Requests in a window that are within the limit.
    pub limit: u32,
    /// The window, seconds, 1 to 3,600.
    pub window_s: u32,
    /// What requests are counted by: each combination of these.
    pub keys: Vec<RatePart>,
}

/// What a rate-based rule counts by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RatePart {
    /// The client's address; of IPv6 the first 64 bits.
    ClientIp,
    /// The first address in `X-Forwarded-For`: what the client or its proxy claims.
    ForwardedIp,
    /// The first value of this input. A request without one is not counted.
    Input(u32),
    /// Which of these labels the request has. One with none of them is not counted.
    Labels(Vec<u32>),
}

/// Values to look at: a field, or a transformation of another input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CompiledInput {
    /// A part of the request, as it was sent.
    Field(Field),
    /// Every value of the input `of`, transformed.
    Step {
        /// The input that is transformed.
        of: u32,
        /// The name of the transformation (`LOWERCASE`).
        transformation: String,
    },
}

/// What a statement asks of a request. Numbers are indexes into the tables of [`CompiledFirewall`].
///
/// Where a statement has an input, it matches when one of the input's values does; an input without values
/// matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Node {
    /// Every request.
    Always,
    /// The client's address is in this IP set.
    IpSet(u32),
    /// The User-Agent matches this list.
    UserAgentList(u32),
    /// There is no User-Agent, or a blank one.
    UserAgentMissing,
    /// The client's country or autonomous system is one of these. Unknown ones are in no list.
    Geo {
        /// Two capital letters each, sorted.
        countries: Vec<[u8; 2]>,
        /// Numbers of autonomous systems, sorted.
        asns: Vec<u32>,
    },
    /// An earlier rule has put one of these labels on the request.
    Labels(Vec<u32>),
    /// A value has one of the texts at this place.
    Bytes {
        /// The values.
        input: u32,
        /// Where the text must stand.
        position: Position,
        /// The texts.
        texts: Vec<Vec<u8>>,
        /// What a body says that is longer than what is inspected.
        oversize: Oversize,
    },
    /// A value matches one of these regular expressions.
    Regex {
        /// The values.
        input: u32,
        /// Numbers of patterns, ascending.
        patterns: Vec<u32>,
        /// What a body says that is longer than what is inspected.
        oversize: Oversize,
    },
    /// A value has so many bytes.
    Size {
        /// The values.
        input: u32,
        /// How its length compares.
        comparison: Comparison,
        /// With how many bytes.
        bytes: u64,
        /// What a body says that is longer than what is inspected.
        oversize: Oversize,
    },
    /// A value reads as an SQL injection (libinjection).
    Sqli {
        /// The values.
        input: u32,
        /// What a body says that is longer than what is inspected.
        oversize: Oversize,
    },
    /// A value reads as cross-site scripting (libinjection).
    Xss {
        /// The values.
        input: u32,
        /// What a body says that is longer than what is inspected.
        oversize: Oversize,
    },
    /// All of these match.
    And(Vec<u32>),
    /// One of these matches.
    Or(Vec<u32>),
    /// This does not match.
    Not(u32),
}

/// Where a text must stand in a value (`PositionalConstraint` of AWS WAF).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Position {
    /// It is the whole value.
    Exactly,
    /// At its start.
    StartsWith,
    /// At its end.
    EndsWith,
    /// Anywhere.
    Contains,
    /// Anywhere, with no letter, digit or `_` right before or behind it.
    ContainsWord,
}

/// How a length compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Comparison {
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

impl Comparison {
    /// Whether `length` stands so to `bytes`.
    #[must_use]
    pub fn holds(self, length: u64, bytes: u64) -> bool {
        match self {
            Self::Eq => length == bytes,
            Self::Ne => length != bytes,
            Self::Le => length <= bytes,
            Self::Lt => length < bytes,
            Self::Ge => length >= bytes,
            Self::Gt => length > bytes,
        }
    }
}

/// What a statement says of a body that is longer than what is inspected (`OversizeHandling` of AWS WAF).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Oversize {
    /// It looks at what is inspected.
    #[default]
    Continue,
    /// It matches.
    Match,
    /// It does not match.
    NoMatch,
}

/// What follows when a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The request is refused; no later rule is tried.
    Block,
    /// The request passes; no later rule is tried.
    Allow,
    /// The match is recorded and the next rule is tried.
    Count,
    /// The rule's labels are put on the request and the next rule is tried; nothing is recorded.
    Label,
}
