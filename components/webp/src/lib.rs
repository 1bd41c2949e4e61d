//! Lossy WebP: VP8 key frames (RFC 6386), decoded row by row, and encoded.
//!
//! Integer arithmetic throughout, so that the same bytes come out everywhere; the module `simd` says how it
//! is made fast in Wasm. Nothing here panics, whatever the bytes.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod encode;
mod error;
mod half;
mod rgb;
mod simd;
mod vp8;

pub use encode::{Extra, Pixels, encode_webp};
pub use error::WebpError;
pub use half::decode_half_ycbcr;
pub use rgb::decode_rgb;
pub use vp8::frame::{YuvRows, decode_yuv};
pub use vp8::header::{FrameSize, frame_size};
