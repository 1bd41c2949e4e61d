//! The engine of the rules: a program, and transactions that run through its phases.
//!
//! A front end compiles rules to a [`program::Program`]; [`Engine::load`] takes it without
//! compiling anything; a [`Transaction`] runs a request and its response through the five phases.
//! What rules mean is what ModSecurity 3 makes of them (reference manual, v3.x); where it and
//! ModSecurity 2 or Coraza differ, the comment at the place says which way is taken.
//!
//! How a request is decided in little time:
//!
//! - Every value is kept once and known by a number (`store`); what a transformation makes of it
//!   and what patterns it matches is found out once, and most transformations are known not to
//!   change a value from the kinds of its bytes.
//! - Rules that read the same values in the same form are a group. One pass over those values
//!   answers for all of them, and each then costs a look at one bit.
//! - Comparisons of TX numbers, which skip whole paranoia levels, are decided before anything is
//!   set up.
//!
//! What is deliberately absent: collections that outlive a transaction (`initcol`, `setsid`),
//! the file system, name resolution, clocks (times are handed in), and anything that is compiled
//! at run time.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod engine;
mod matched;
pub mod program;
mod request;
mod scan;
mod store;
mod transaction;
mod workspace;

pub use engine::{Engine, LoadError};
pub use matched::{Matched, MatchedValue, VALUE_BYTES_MAX, VALUES_MAX, Verdict};
pub use request::{Endpoint, HeaderField, Request, Response};
pub use transaction::{ResumeError, Transaction};
pub use workspace::Workspace;

#[cfg(test)]
mod tests;
