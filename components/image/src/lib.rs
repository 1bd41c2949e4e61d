//! Image transforms as pure functions: a source image and options in, an encoded image out.
//!
//! The order of work stands in two places and nowhere else: [`decode_scaled`] (`decode/mod.rs`)
//! makes an [`Intermediate`], [`render()`] (`render/mod.rs`) makes the output from it.
//! [`transform`] is one after the other. Every output is made from an intermediate, so a host
//! may keep intermediates without changing a byte of what it serves.
//!
//! What is promised of hostile input: the header is judged against [`Limits`] before anything
//! large is allocated; a file that ends early is an error, never a half picture.
//!
//! Colour: pixels become sRGB by the source's ICC profile, or keep their space and take the
//! profile along (`keep=icc`). Everything else in the metadata is dropped, after the EXIF
//! orientation has been applied to the pixels; artist and copyright stay with `keep=copyright`.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod before;
#[cfg(target_family = "wasm")]
mod component;
mod decode;
mod error;
mod fit;
mod format;
pub mod icc;
mod intermediate;
mod light;
mod limits;
mod probe;
mod raster;
mod render;
mod rights;
mod scale;
mod turn;

pub use decode::decode_scaled;
pub use error::{ErrorCode, ImageError};
pub use format::Format;
pub use intermediate::Intermediate;
pub use limits::Limits;
pub(crate) use lockgate_image_options::PIXELS_OUT_MAX;
pub use lockgate_image_options::{
    Colour, Effort, Fit, Format as OutputFormat, Gravity, Length, Options, Quality, Rect,
};
pub use probe::{Info, probe};
pub use raster::Model;
pub(crate) use raster::Raster;
pub use render::{Rendered, render};
pub use scale::{Bucket, scale_bucket};

/// Make `options` from `source`: [`probe`], [`scale_bucket`], [`decode_scaled`], [`render()`].
/// `overlay` is the source of the watermark.
///
/// # Errors
/// As those four.
pub fn transform(
    source: &[u8],
    overlay: Option<&[u8]>,
    options: &Options,
    limits: &Limits,
) -> Result<Rendered, ImageError> {
    let info = probe(source, limits)?;
    let bucket = scale_bucket(&info, options)?;
    let intermediate = decode_scaled(source, bucket, limits)?;
    render(&intermediate, overlay, options, limits)
}
