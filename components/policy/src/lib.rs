//! `policy.wasm`: every decision of the gate, as one pure function.
//!
//! [`Policy::load`] takes a bundle, [`Policy::decide`] takes a request head and the facts that
//! the policy may know, and answers with a verdict: *answer this*, *go on with this plan*, or *I
//! need this first*, after which [`Policy::resume`] goes on. No clock, no randomness, no I/O, and
//! nothing is remembered between calls: the same bundle and input give the same verdict for ever.
//!
//! Where a site has rules that read more than the head, [`Policy::inspect`] runs them after that,
//! and [`Policy::inspect_response`] for the answer. [`Policy::explain`] tells a person what every
//! rule says of a request.
//!
//! Start reading at [`stages`]: the list of what a request goes through.
//!
//! The bytes of input and verdict are those of `lockgate-wire`; the WIT interface around them
//! stands in `wit/policy.wit` and is bound in `component.rs`.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod call;
mod coded;
#[cfg(target_family = "wasm")]
mod component;
mod exit;
mod explain;
mod inspect;
mod policy;
mod programs;
pub mod stages;

pub use inspect::{Answered, HeldBody};
pub use policy::Policy;
