//! What every shell around `policy.wasm` does alike, as pure functions: the native host and the
//! component for Spin both use them, so that a request gets the same answer from either.
//!
//! - [`Document`] is what a shell needs besides the policy bundle; [`Package`] is both in one, and
//!   [`Programs`] what may go with it.
//! - [`problem`] makes error bodies.
//! - [`fields`], [`forwarded`] and [`forward`] make the request that an origin sees.
//! - [`told`] says which fields of `Vary` are a client's own.
//! - [`ids`] reads request ids and trace context.
//! - [`inspection`] is what rules see of bodies, and what is done with what they found.
//! - [`spin`] makes a head of what Spin hands over.
//! - [`picture`] says what is left of a source's fields when another picture is made of it.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod document;
pub mod fields;
pub mod forward;
pub mod forwarded;
pub mod ids;
pub mod inspection;
mod package;
pub mod picture;
pub mod problem;
mod programs;
pub mod spin;
pub mod told;

pub use document::{
    Audience, Cache, Document, DocumentError, Encoding, Image, Limit, Origin, PictureLimits,
    Program, Route, RouteCache, SecretFault, Signatures, VERSION, Watermark, Window,
};
pub use package::{Package, PackageError, hex_digest};
pub use programs::Programs;
