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
mod canary;
mod field;
mod injection;
pub mod ipset;
mod matchers;
mod patterns;
mod rules;
pub mod samples;
mod table;
pub mod useragent;
mod values;

pub use blob::Blob;
pub use canary::{ALL_CLIENTS, in_share};
pub use field::{FIELD_NAME_BYTES_MAX, Field, FieldError};
pub use ipset::{AddressError, IpSet, IpSetBuilder};
pub use patterns::check_regex;
pub use rules::{
    Action, BODY_BYTES_DEFAULT, Body, BuildError, Came, Cause, Charge, Comparison,
    CompiledFirewall, CompiledInput, CompiledRate, CompiledResponse, CompiledRule, Counted,
    Decision, EXCERPT_BYTES_MAX, Explained, Firewall, FirewallBuilder, InputSpec, LoadError, Match,
    NODE_DEPTH_MAX, Node, Outcome, Oversize, Place, Position, RatePart, RatePartSpec, RateSpec,
    Request, ResponseSpec, RuleSpec, StatementSpec, Terminal, USER_AGENT_LISTS_MAX, View, Why,
};
pub use table::TableError;
pub use useragent::{FoldedUserAgent, PatternError, UserAgentList, UserAgentPatterns};
pub use values::{
    MADE_BYTES_MAX, TRANSFORMATIONS_MAX, VALUES_MAX, transformation, transformation_names,
};
