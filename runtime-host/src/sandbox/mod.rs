//! Where components run: one engine, stores with limits, imports that deny.
//!
//! Invariants: a component imports nothing that works ([`deny`]); every call has a CPU deadline,
//! a wall-clock limit and a memory cap ([`store`]); nothing is compiled while requests wait
//! ([`precompiled`]).

pub mod deny;
mod engine;
pub mod precompiled;
mod store;

pub use engine::Sandbox;
pub use store::{Budget, State, StopCause, new_store, start_call, stop_cause};
