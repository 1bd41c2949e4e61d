//! A rule as it is written, with sets, lists and labels by name.

use super::compiled::{Action, Comparison, Oversize, Position};
use crate::Field;
use crate::canary::ALL_CLIENTS;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSpec {
    /// The name, for records and metrics.
    pub name: String,
    /// The place in the order, lower first.
    pub priority: u32,
    /// What follows a match.
    pub action: Action,
    /// What the rule asks; of a rate-based rule what narrows down the requests it counts.
    pub statement: StatementSpec,
    /// The HTTP status of a block, 400 to 599; 403 if `None`.
    pub status: Option<u16>,
    /// The body of a block's answer; the gate's own if `None`.
    pub response: Option<ResponseSpec>,
    /// Labels that a match puts on the request.
    pub labels: Vec<String>,
    /// The clients that the action is for, in ten-thousandths; for others a match is counted.
    pub canary: u16,
    /// When the rule ends, seconds since the Unix epoch.
    pub expires_s: Option<u64>,
    /// The rule matches when a client asks too often.
    pub rate: Option<RateSpec>,
}

impl RuleSpec {
    /// A rule with nothing but what every rule has.
    #[must_use]
    pub fn new(name: &str, priority: u32, action: Action, statement: StatementSpec) -> Self {
        Self {
            name: name.to_owned(),
            priority,
            action,
            statement,
            status: None,
            response: None,
            labels: Vec::new(),
            canary: ALL_CLIENTS,
            expires_s: None,
            rate: None,
        }
    }
}

/// A custom response.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResponseSpec {
    /// The body.
    pub body: String,
    /// The value of Content-Type.
    pub content_type: String,
}

/// The count of a rate-based rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateSpec {
    /// Requests in a window that are within the limit, from 1.
    pub limit: u32,
    /// The window, seconds, 1 to 3,600.
    pub window_s: u32,
    /// What requests are counted by: each combination of these; at least one.
    pub keys: Vec<RatePartSpec>,
}

/// What a rate-based rule counts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatePartSpec {
    /// The client's address; of IPv6 the first 64 bits.
    ClientIp,
    /// The first address in `X-Forwarded-For`.
    ForwardedIp,
    /// The first value of a field. A request without one is not counted.
    Input(InputSpec),
    /// Which labels the request has of this name, or, where it ends with `:`, below it.
    Label(String),
}

/// Values to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSpec {
    /// The part of the request.
    pub field: Field,
    /// Names of transformations, in their order.
    pub transformations: Vec<String>,
    /// What a body says that is longer than what is inspected.
    pub oversize: Oversize,
}

impl InputSpec {
    /// A field as it was sent.
    #[must_use]
    pub fn raw(field: Field) -> Self {
        Self {
            field,
            transformations: Vec::new(),
            oversize: Oversize::default(),
        }
    }
}

/// What a rule asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementSpec {
    /// Every request.
    Always,
    /// The client's address is in this IP set.
    IpSet(String),
    /// The client's address is not in this IP set.
    NotIpSet(String),
    /// The User-Agent matches this list.
    UserAgentList(String),
    /// `true`: there is no User-Agent, or a blank one. `false`: there is one.
    UserAgentMissing(bool),
    /// The client's country or autonomous system is one of these.
    Geo {
        /// Two capital letters each (ISO 3166-1).
        countries: Vec<[u8; 2]>,
        /// Numbers of autonomous systems.
        asns: Vec<u32>,
    },
    /// An earlier rule has put this label on the request; a text that ends with `:` stands for every label
    /// that starts so.
    Label(String),
    /// A value has one of the texts at this place.
    Bytes {
        /// The values.
        input: InputSpec,
        /// Where the text must stand.
        position: Position,
        /// The texts, at least one.
        texts: Vec<Vec<u8>>,
    },
    /// A value matches one of the regular expressions.
    Regex {
        /// The values.
        input: InputSpec,
        /// The expressions, at least one.
        patterns: Vec<String>,
    },
    /// A value has so many bytes.
    Size {
        /// The values.
        input: InputSpec,
        /// How its length compares.
        comparison: Comparison,
        /// With how many bytes.
        bytes: u64,
    },
    /// A value reads as an SQL injection.
    Sqli(InputSpec),
    /// A value reads as cross-site scripting.
    Xss(InputSpec),
    /// All of these match.
    And(Vec<StatementSpec>),
    /// One of these matches.
    Or(Vec<StatementSpec>),
    /// This does not match.
    Not(Box<StatementSpec>),
}
