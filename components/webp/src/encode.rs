//! A lossy encoder: VP8 key frames (RFC 6386) that any WebP reader takes.
//!
//! The way is libwebp's of its default effort: an analysis splits macroblocks into segments by how
//! busy they are; each macroblock is tried whole and in sixteen blocks, and what has the least of
//! distortion and rate together is taken; probabilities of tokens fit the picture. To be faster,
//! only the predictions that come nearest are tried to the end.

mod analysis;
mod bool_encoder;
mod candidate;
mod container;
mod costs;
mod decide;
mod fixed;
mod forward;
mod frame;
mod mode_costs;
mod planes;
mod quantize;
mod segments;
mod tokens;

pub use container::{Extra, encode_webp};
pub use planes::Pixels;
