//! The byte layout that crosses the boundary between the host and `policy.wasm`.
//!
//! One contiguous buffer goes in and one comes out, because a component call with a flat list
//! costs 4.2 µs where a list of header records costs 9.7 (see `docs/adr/0002-flat-wire.md`).
//! All integers are little-endian. Nothing here trusts its input: a reader checks every length
//! once and answers [`WireError`] instead of panicking.
//!
//! - [`input`]: the request head and what the policy may know, host to policy.
//! - [`verdict`]: the decision, policy to host.
//! - [`inspection`]: what rules found that read more than the head, policy to host.
//! - [`explanation`]: what every rule said, for people, policy to host.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod cursor;
pub mod explanation;
pub mod input;
pub mod inspection;
pub mod rules;
pub mod verdict;

pub use input::{
    Facts, HeadRanges, HeaderRange, Input, Place, grant_signature, leave_unread, write_input,
};
pub use inspection::{Finding, FoundValue, Inspection, Outcome, RulesSaid};
pub use rules::{COUNTED_MAX, Counted, RateCharge};
pub use verdict::{
    Answer, IMAGE_BYTES_MAX, LimitCharge, Need, NeedKind, Plan, Seen, Stage, Verdict, VerdictBody,
};

/// Why a buffer was refused. The host treats it as a fault of the component, the component as a
/// fault of the host: neither ever acts on half a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The buffer ends before the value that it announces.
    #[error("the buffer ends inside {0}")]
    Truncated(&'static str),
    /// The first byte names a layout that this build does not read.
    #[error("layout version {0} is not {LAYOUT_VERSION}")]
    Version(u8),
    /// A tag has no meaning in this layout.
    #[error("{what} has the unknown tag {tag}")]
    Tag {
        /// The field.
        what: &'static str,
        /// The byte found there.
        tag: u8,
    },
    /// A range points outside the head.
    #[error("a range of {0} lies outside the head")]
    Range(&'static str),
}

/// The version of both layouts; the first byte of every buffer.
pub const LAYOUT_VERSION: u8 = 4;

/// "No such index" for sites, routes and rules.
pub const NONE: u16 = u16::MAX;
