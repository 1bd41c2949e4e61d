//! Still pictures of AV1 (AOMedia AV1 1.0.0 with errata 1), decoded by rav1d without assembly: the
//! first frame of a sequence, on this thread, in planes.
//!
//! rav1d is a port of dav1d to Rust and has dav1d's interface for C; this crate is the only place
//! that touches it.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]
#![allow(
    unsafe_code,
    reason = "rav1d has only an interface of pointers; each use says why it is sound"
)]

mod session;

use thiserror::Error;

/// How the colours are stored beside the luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// No colours.
    Grey,
    /// Half the width and half the height (4:2:0).
    Quarter,
    /// Half the width (4:2:2).
    Half,
    /// Every pixel (4:4:4).
    Full,
}

/// A decoded frame.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// How large the planes of colour are.
    pub layout: Layout,
    /// 8, 10 or 12.
    pub bits: u8,
    /// Values reach from 0 to the largest; else they are those of television (16 to 235 of 8 bits).
    pub full_range: bool,
    /// Of the coded sequence: ITU-T H.273, table 4.
    pub matrix: u16,
    /// Of the coded sequence: ITU-T H.273, table 2.
    pub primaries: u16,
    /// Of the coded sequence: ITU-T H.273, table 3.
    pub transfer: u16,
    /// Luma and, unless grey, Cb and Cr: rows without padding.
    pub planes: Vec<Plane>,
}

/// One of the planes of a [`Picture`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Samples in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Row by row.
    pub samples: Vec<u16>,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The data ends before a frame does.
    #[error("the data ends before a frame does")]
    Truncated,
    /// The frame has more pixels than allowed.
    #[error("a frame of more pixels than allowed")]
    TooLarge,
    /// The data breaks the rules of AV1, or is of a kind that is not read.
    #[error("bad AV1 data ({0})")]
    Corrupt(i32),
}

/// The first frame in `data` (open bitstream units, low-overhead format), of at most `pixels_max`
/// pixels. Film grain is applied.
///
/// # Errors
/// [`Error`].
pub fn decode(data: &[u8], pixels_max: u32) -> Result<Picture, Error> {
    session::first_picture(data, pixels_max)
}
