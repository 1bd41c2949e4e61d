//! The shell for Spin: what `runtime-host` does around the policy, as a WASI 0.3 HTTP component.
//!
//! `cargo xtask build` composes it with the very same `policy.wasm` into `dist/gateway.wasm`. The
//! path of a request stands in `shell/path.rs`; it is that of `runtime-host/src/gate/path.rs`,
//! with Spin's stores and its outbound HTTP in the place of the host's.
//!
//! The modules here are pure and native as well: what of them is stored, sent or compared is
//! tested without Spin.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod entry;
pub mod memory;
pub mod push;
pub mod redis;
#[cfg(target_family = "wasm")]
mod shell;
pub mod sql;
