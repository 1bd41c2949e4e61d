//! The firewall stage: IP sets, User-Agent lists and prioritised rules, as pure data and pure functions.
//!
//! Two sides share this crate:
//!
//! - **Compile** ([`FirewallBuilder`]) runs natively in the host whenever rules change. It checks plain
//!   inputs and writes [`CompiledFirewall`]: flat little-endian tables that serde carries as byte strings.
//! - **Evaluate** ([`Firewall`]) runs inside `policy.wasm`. [`Firewall::load`] checks the tables once, in
//!   linear time, without building anything; [`Firewall::evaluate`] then reads the bytes where they lie.
//!
//! The rule model is that of AWS WAF: rules are tried in ascending priority, `block` and `allow` end the
//! evaluation, `count` records the match and goes on.
//!
//! Invariants: no clock, no randomness, no I/O; the same tables and the same request give the same outcome
//! for ever. Tables that pass `load` can neither panic nor loop at evaluation, whoever wrote them.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod blob;
pub mod ipset;
mod rules;
pub mod samples;
mod table;
pub mod useragent;

pub use blob::Blob;
pub use ipset::{AddressError, IpSet, IpSetBuilder};
pub use rules::{
    Action, BuildError, Cause, CompiledFirewall, CompiledRule, CompiledStatement, Counted,
    Firewall, FirewallBuilder, LoadError, Outcome, Request, RuleSpec, StatementSpec, Terminal,
    USER_AGENT_LISTS_MAX,
};
pub use table::TableError;
pub use useragent::{FoldedUserAgent, PatternError, UserAgentList, UserAgentPatterns};
