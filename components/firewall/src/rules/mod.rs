//! Rules: what is asked of a request, in which order, and what follows (the model of AWS WAF).

mod agent;
mod agents;
mod builder;
mod compiled;
mod decision;
mod evaluate;
mod explain;
mod interner;
mod legacy;
mod load;
mod memo;
mod rate;
mod screen;
mod spec;
mod statement;
mod view;
mod workspace;

pub use builder::{BuildError, FirewallBuilder};
pub use compiled::{
    Action, Comparison, CompiledFirewall, CompiledInput, CompiledRate, CompiledResponse,
    CompiledRule, Node, Oversize, Position, RatePart,
};
pub use decision::{Charge, Decision, EXCERPT_BYTES_MAX, Match, Place, Why};
pub use evaluate::Firewall;
pub use explain::{Came, Explained};
pub use legacy::{Cause, Counted, Outcome, Request, Terminal};
pub use load::LoadError;
pub use spec::{InputSpec, RatePartSpec, RateSpec, ResponseSpec, RuleSpec, StatementSpec};
pub use view::{Body, View};

/// The most User-Agent lists of one firewall: each is scanned at most once a request.
pub const USER_AGENT_LISTS_MAX: usize = 64;

/// Statements in statements, at most.
pub const NODE_DEPTH_MAX: u32 = 16;

/// Bytes of a body that are inspected where nobody says otherwise.
pub const BODY_BYTES_DEFAULT: u32 = 65_536;
