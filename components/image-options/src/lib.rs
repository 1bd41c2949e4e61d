//! What a picture is to become: options with their ranges, and the one text that stands for them.
//!
//! [`Options`] are read from pairs of a name and a value (a path segment `w=800,fit=cover`, a
//! query, a preset), and written as *canonical text*: options in one order, without those that
//! change nothing. Equal text means the same picture, so it is the key of a cache and of a
//! signature, and it is what crosses into `image.wasm`, which reads it with this same crate.
//!
//! The list of the options is [`table::TABLE`] and nowhere else.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod error;
mod kinds;
mod options;
pub mod table;
mod values;

pub use error::OptionError;
pub use kinds::{
    Colour, Edges, Effort, Fit, Format, Gravity, Keep, Length, Quality, Radius, Rect, Watermark,
};
pub use options::{DIMENSION_OUT_MAX, Options, PIXELS_OUT_MAX, TEXT_BYTES_MAX};
