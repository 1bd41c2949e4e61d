//! How a rule compares.

use super::Macro;
use serde::{Deserialize, Serialize};

/// An operator with its argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// `@unconditionalMatch`, and what `SecAction` has: matches.
    Always,
    /// `@noMatch`: does not match.
    Never,
    /// `@rx`, `@pm`, `@pmFromFile`.
    Pattern {
        /// The pattern's number in the tables of `lockgate-patterns`.
        pattern: u32,
        /// The set that the pattern is scanned with, when there is one. Rules that read the same
        /// targets through the same transformations share a set, so that one pass over a value
        /// answers for all of them.
        set: Option<u16>,
        /// Whether it is an expression or a list of phrases.
        kind: PatternKind,
    },
    /// A comparison of texts.
    Text(TextMatch, Macro),
    /// A comparison of whole numbers.
    Number(Comparison, Macro),
    /// `@ipMatch`, `@ipMatchFromFile`: the index of an address set.
    IpMatch(u16),
    /// `@detectSQLi`.
    DetectSqli,
    /// `@detectXSS`.
    DetectXss,
    /// `@validateByteRange`: matches a value with a byte outside of the range. Bit `b % 64` of
    /// word `b / 64` is set when byte `b` is allowed.
    ValidateByteRange([u64; 4]),
    /// `@validateUrlEncoding`: matches a value with a broken percent escape.
    ValidateUrlEncoding,
    /// `@validateUtf8Encoding`: matches a value that is no UTF-8.
    ValidateUtf8Encoding,
    /// `@verifyCC`: the pattern finds numbers, Luhn's formula confirms them.
    VerifyCreditCard {
        /// The pattern's number.
        pattern: u32,
    },
}

/// What a pattern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PatternKind {
    /// A regular expression.
    Regex,
    /// Any of a list of phrases, without regard to the case of ASCII letters.
    Phrases,
}

/// A comparison of texts; all regard the case of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TextMatch {
    /// `@beginsWith`.
    BeginsWith,
    /// `@contains`, `@strmatch`.
    Contains,
    /// `@containsWord`: the argument stands in the value with no letter, digit or `_` beside it.
    ContainsWord,
    /// `@endsWith`.
    EndsWith,
    /// `@streq`.
    Equals,
    /// `@within`: the value stands in the argument.
    Within,
}

/// A comparison of numbers: the value first, the argument second. What is no number is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `@eq`.
    Equal,
    /// `@ge`.
    AtLeast,
    /// `@gt`.
    Greater,
    /// `@le`.
    AtMost,
    /// `@lt`.
    Less,
}

/// A network. IPv4 is written as IPv4-mapped IPv6 (`::ffff:0:0/96` and longer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IpNet {
    /// The first address of the network.
    pub first: u128,
    /// The last address of the network.
    pub last: u128,
}
