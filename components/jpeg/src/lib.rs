//! JPEG (ITU T.81) at a scale: pixels of a half, a quarter or an eighth of the size cost far less
//! than all of them, because a reduced inverse DCT needs few coefficients and the others are only
//! stepped over in the entropy-coded data.
//!
//! [`decode()`] gives planes: each component at its own resolution. [`Planes::interleave`] makes
//! pixels of them. Arithmetic is of integers, so the same file gives the same bytes on every
//! machine, with and without vector instructions.
//!
//! What is read: baseline, extended sequential and progressive files of 8 bits with Huffman codes,
//! one to four components of any sampling factors, restart markers, several scans. What is not
//! (arithmetic codes, 12 bits, lossless, hierarchical, a height that comes after the scan) is
//! [`JpegError::Unsupported`].

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod decode;
mod encode;
mod error;
mod idct;
mod lanes;
mod planes;
mod upsample;

pub use decode::{Chroma, Limits, Options, Scale, Truncated, decode};
pub use encode::{Channels, EncodeOptions, Pixels, encode};
pub use error::JpegError;
pub use planes::{Colour, Plane, Planes, ycck_to_cmyk};
