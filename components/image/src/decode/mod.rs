//! The first half of the work: from a source to an [`Intermediate`].

pub(crate) mod avif;
pub(crate) mod frames;
pub(crate) mod gif;
mod gif_blocks;
mod gif_frames;
pub(crate) mod jpeg;
mod jpeg_fallback;
mod jpeg_header;
mod jpeg_scans;
pub(crate) mod plain;
pub(crate) mod png;
mod shrink;
pub(crate) mod svg;
pub(crate) mod webp;
mod webp_chunks;
mod webp_frames;
mod webp_lossy;

use crate::{Bucket, Format, ImageError, Intermediate, Limits};

/// Decode `source` with both axes divided by `bucket`.
///
/// SVGs and animations stay files: what is to be drawn follows from the output.
///
/// # Errors
/// As [`crate::probe`], and [`ImageError::Truncated`] or [`ImageError::Corrupt`] for what is
/// only seen in the pixels.
pub fn decode_scaled(
    source: &[u8],
    bucket: Bucket,
    limits: &Limits,
) -> Result<Intermediate, ImageError> {
    limits.check_source(source)?;
    let format = Format::sniff(source)?;
    let raster = match format {
        Format::Gif => return gif::decode(source, bucket, limits),
        Format::Webp => return webp::decode(source, bucket, limits),
        Format::Svg => return svg::keep(source, limits),
        Format::Jpeg => jpeg::decode(source, bucket, limits),
        Format::Png => png::decode(source, bucket, limits),
        Format::Avif => avif::decode(source, bucket, limits),
        Format::Tiff | Format::Bmp => plain::decode(source, format, bucket, limits),
    }?;
    Ok(Intermediate::of_pixels(raster.checked()?, source))
}
