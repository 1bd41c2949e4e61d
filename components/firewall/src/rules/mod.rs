//! Rules: what is asked of a request, in which order, and what follows (the model of AWS WAF).

mod builder;
mod compiled;
mod evaluate;

pub use builder::{BuildError, FirewallBuilder, RuleSpec, StatementSpec};
pub use compiled::{Action, CompiledFirewall, CompiledRule, CompiledStatement};
pub use evaluate::{Cause, Counted, Firewall, LoadError, Outcome, Request, Terminal};

/// The most User-Agent lists of one firewall: each is scanned at most once a request.
pub const USER_AGENT_LISTS_MAX: usize = 64;
