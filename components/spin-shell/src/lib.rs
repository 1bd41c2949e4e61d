//! What the gateway and the middleware for Spin do alike, over WASI 0.3: bodies on their way,
//! clocks, and what the policy is asked of a request.
#![cfg(target_family = "wasm")]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

pub mod body;
pub mod clock;
pub mod inspection;
mod request;

pub use request::{Peer, has_body, input, method_name};
