//! Step: encode. Nothing of the source's metadata goes in but what [`Metadata`] has.

mod avif;
mod avif_boxes;
mod blurhash;
mod gif;
mod jpeg;
mod json;
mod palette;
mod planes;
mod png;
mod webp;
mod webp_container;

use super::Rendered;
use super::picture::Picture;
use crate::{ImageError, Options, OutputFormat, Quality};

pub(super) use gif::GifWriter;
pub(super) use json::{About, describe};
pub(super) use webp::WebpWriter;
pub(super) use webp_container::Metadata;

/// The quality of a JPEG or WebP where the options name none.
const QUALITY: u8 = 80;

/// That of an AVIF: it looks as a JPEG of [`QUALITY`] does.
const AVIF_QUALITY: u8 = 60;

/// The picture as a file.
pub(super) fn encode(
    picture: &Picture,
    metadata: Metadata<'_>,
    format: OutputFormat,
    options: &Options,
) -> Result<Rendered, ImageError> {
    let quality = quality(options, format);
    let bytes = match format {
        OutputFormat::Jpeg => jpeg::encode(picture, metadata, quality, options.effort)?,
        OutputFormat::Png => png::encode(picture, metadata, options.effort)?,
        OutputFormat::Webp => webp::encode(picture, metadata, quality, options)?,
        OutputFormat::Avif => avif::encode(picture, metadata, quality, options.effort)?,
        // A GIF has no place for either.
        OutputFormat::Gif => gif::still(picture)?,
        OutputFormat::Json => return Err(ImageError::internal("a description is no picture")),
    };
    Ok(Rendered {
        bytes,
        format,
        width: picture.width,
        height: picture.height,
    })
}

fn quality(options: &Options, format: OutputFormat) -> u8 {
    match options.quality {
        Some(Quality::Fixed(quality)) => quality,
        _ if format == OutputFormat::Avif => AVIF_QUALITY,
        _ => QUALITY,
    }
}
