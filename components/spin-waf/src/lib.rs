//! The policy as HTTP middleware for any Spin app: what it refuses is answered here, everything
//! else goes on to the next component as it came.
//!
//! The file has its rules in it: `lockgate-compose` plugs `policy.wasm` and a policy package into
//! it. So a manifest needs three lines and the component no permission. Without a store it neither
//! counts limits nor caches; a route's own answer and a sign-in work as in the gateway.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

#[cfg(target_family = "wasm")]
mod shell;
