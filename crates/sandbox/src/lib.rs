//! Where components run: one engine, stores with limits, imports that deny.
//!
//! Invariants: a component imports nothing that works ([`deny`]); every call has a CPU deadline,
//! a wall-clock limit and a memory cap ([`store`]); nothing is compiled while requests wait
//! ([`precompiled`]).

pub mod deny;
mod engine;
pub mod precompiled;
pub mod priority;
mod store;

pub use engine::Sandbox;
pub use store::{Budget, State, StopCause, memory_bytes, new_store, start_call, stop_cause};

/// The first eight bytes of a hexadecimal digest, as records name a component.
#[must_use]
pub fn tag(digest: &str) -> [u8; 8] {
    let mut tag = [0; 8];
    for (slot, pair) in tag.iter_mut().zip(digest.as_bytes().chunks(2)) {
        *slot = u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16)
            .unwrap_or_default();
    }
    tag
}
