//! `image.wasm` behind HTTP: `POST` a picture with options in the query, get another picture.
//!
//! ```text
//! POST /?w=800&h=600&fit=cover&f=webp&q=80
//! ```
//!
//! The gateway under Spin asks it at `http://image.spin.internal`; `spin.toml` gives it no public
//! route. `cargo xtask build` composes it with the very same `image.wasm` into
//! `dist/image-http.wasm`. It needs nothing but HTTP and runs in every host of WASI 0.3.
//!
//! A picture has an `ETag` that is known before it is made, see [`tag`]: to a request with that in
//! `If-None-Match` the answer is 304, and no pixel is touched.
//!
//! An answer that is no picture is problem JSON with a stable `code` and, since only the gateway
//! reads it, a `cause`.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod options;
#[cfg(target_family = "wasm")]
mod shell;
pub mod tag;
