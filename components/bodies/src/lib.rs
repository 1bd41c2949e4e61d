//! What is in a request: arguments, forms, parts, JSON, XML, cookies.
//!
//! Every reader hands over what it has understood before it meets a fault, and goes on behind a
//! fault wherever a lenient origin would: a firewall must see what the origin may see. Faults are
//! reported beside the values, never in place of them.
//!
//! Names and values are those of ModSecurity's variables (reference manual, "Variables"); where
//! ModSecurity loses bytes that an origin sees, the doc comment says so and we do not.
//!
//! Every reader takes time linear in its input, and holds at most the number of items, the depth
//! and the bytes of names that [`Limits`] allows.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod coding;
pub mod cookies;
pub mod json;
mod limits;
pub mod media_type;
pub mod multipart;
mod text;
pub mod urlencoded;
pub mod xml;

pub use limits::Limits;
