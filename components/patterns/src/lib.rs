//! Sets of regular expressions and phrases that are compiled ahead of time and scanned together.
//!
//! Two sides share this crate:
//!
//! - **Compile** (feature `compile`, `PatternSetBuilder`) runs natively when rules change. It writes one
//!   string of bytes: programs, automata and filters.
//! - **Scan** ([`Patterns`]) runs inside a component. [`Patterns::load`] copies the tables and compiles
//!   nothing.
//!
//! How a value is scanned:
//!
//! 1. [`Patterns::prescan`] reads the value once for all patterns of a group: an Aho-Corasick automaton over
//!    short literals and a table of byte sets leave the few patterns that could match. The result holds for
//!    every ASCII-case variant of the value, so that a caller shares it among transformations.
//! 2. [`Patterns::scan_with`] asks each remaining pattern of a set by itself: a deterministic automaton where
//!    its table is small, one that is built as it goes (bounded, [`Scratch`]) where it is not; phrases by an
//!    Aho-Corasick trie.
//! 3. [`Patterns::captures`] finds the groups, only where they are asked for, with a Pike machine.
//!
//! All three take time linear in the length of the value. The patterns mean what the `regex` crate's
//! `bytes` interface makes of them with Unicode off.
//!
//! Invariants: no clock, no randomness, no I/O. Bytes that pass `load` can neither panic nor loop, whoever
//! wrote them.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

#[cfg(feature = "compile")]
mod compile;
mod dfa;
mod ids;
mod interner;
mod lazy;
mod look;
mod patterns;
mod phrases;
mod pike;
mod prescan;
mod program;
mod scratch;
mod sparse;
mod subset;
mod tables;

#[cfg(feature = "compile")]
pub use compile::{CompileError, Options, PatternSetBuilder, PatternStats, Stats};
pub use ids::{GroupId, PatternId, SetId};
pub use patterns::{Captures, Patterns};
pub use prescan::Prescan;
pub use scratch::Scratch;
pub use tables::LoadError;
