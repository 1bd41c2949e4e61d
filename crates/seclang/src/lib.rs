//! SecLang, the language of ModSecurity and of the OWASP Core Rule Set: read, checked, compiled.
//!
//! [`parse`] reads files and tells every fault with file, line and column. Nothing is passed
//! over: what is not known is a fault, and what is accepted without effect is a note.
//! [`compile`] turns what was read into a [`Program`](lockgate_waf::program::Program) for the engine and
//! a table of rules for people.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod ast;
mod compile;
pub mod crs;
mod fault;
#[cfg(feature = "ftw")]
pub mod ftw;
mod parse;
mod place;

pub use compile::{Compiled, RuleInfo, compile};
pub use fault::{Fault, FaultKind, What};
pub use parse::read::bytes as read;
pub use parse::{Source, parse, parse_noting};
pub use place::{Place, Text};
