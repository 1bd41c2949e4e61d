//! What a transaction found and decided.

use crate::program::{Phase, Severity};

/// What is decided so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Verdict {
    /// Nothing speaks against it.
    #[default]
    Pass,
    /// To be answered with a status.
    Deny {
        /// The status, 400 to 599 as a rule.
        status: u16,
        /// The id of the rule; 0 for a limit.
        rule: u32,
    },
    /// To be answered with a redirection.
    Redirect {
        /// The status, 3xx as a rule.
        status: u16,
        /// The `Location`.
        location: Vec<u8>,
        /// The id of the rule.
        rule: u32,
    },
    /// The connection is to be closed.
    Drop {
        /// The id of the rule.
        rule: u32,
    },
}

impl Verdict {
    /// Whether the transaction goes on.
    #[must_use]
    pub fn passes(&self) -> bool {
        *self == Self::Pass
    }
}

/// A rule that has matched and reports it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Matched {
    /// The id of the rule.
    pub id: u32,
    /// The rule: its index in the program ([`crate::Engine::tags`], [`crate::Engine::meta`]).
    pub rule: u32,
    /// When.
    pub phase: Phase,
    /// `msg`, expanded.
    pub msg: Vec<u8>,
    /// `logdata`, expanded.
    pub data: Vec<u8>,
    /// `severity`.
    pub severity: Option<Severity>,
    /// Whether the rule decided the transaction.
    pub disruptive: bool,
    /// `auditlog`.
    pub audit_log: bool,
    /// The values that matched, of all links of the chain; at most [`VALUES_MAX`].
    pub values: Vec<MatchedValue>,
}

/// Values that a [`Matched`] names; there may have been more.
pub const VALUES_MAX: usize = 8;

/// Bytes of a [`MatchedValue`]: what matched and what stands around it; the rest is cut off.
pub const VALUE_BYTES_MAX: usize = 512;

/// A value that matched.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MatchedValue {
    /// The link of the chain, 0 for its head.
    pub link: u16,
    /// `ARGS:name`.
    pub variable: Vec<u8>,
    /// The value as the operator saw it, after the transformations; of a long one a part.
    pub value: Vec<u8>,
    /// Where in `value` the pattern matched, in bytes, when the rule captures.
    pub span: Option<(u32, u32)>,
    /// Where in the whole value `value` begins, in bytes.
    pub offset: u32,
    /// How long the whole value is, in bytes.
    pub length: u32,
}
