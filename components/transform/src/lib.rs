//! The text transformations of SecLang and AWS WAF.
//!
//! Each [`Transformation`] answers as libmodsecurity 3.0.15 does, byte for byte, with two
//! exceptions: a value counts as changed when its bytes differ (libmodsecurity compares lengths
//! in some transformations and nothing in others), and nothing is read past the end of a value.
//!
//! A value that a transformation leaves as it is costs no copy. A caller that applies many
//! transformations to one value makes a [`Summary`] of it once and asks
//! [`Transformation::may_change`] first.
//!
//! Every transformation takes time linear in its input. Its output is at most 3.5 times as long
//! as its input, or 40 bytes: a chain of `n` steps is bounded by that to the power of `n`, and
//! chains come from rules, not from requests.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod backslash;
mod base64;
mod chain;
mod command_line;
mod comments;
mod css;
mod digest;
mod hex;
mod html;
mod kind;
mod letters;
mod parity;
mod path;
mod space;
mod summary;
mod text;
mod unicode;
mod url;

pub use chain::{Buffers, Chain};
pub use kind::Transformation;
pub use summary::Summary;
