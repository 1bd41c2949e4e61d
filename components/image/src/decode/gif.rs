//! GIF: of one frame its pixels; an animation stays a file (see [`super::frames`]).

use image::metadata::Orientation;

use super::gif_frames::{self, GifFrames};
use super::shrink;
use crate::intermediate::{Content, File};
use crate::{Bucket, Format, ImageError, Info, Intermediate, Limits, Model, Raster};

/// The header of a GIF: its blocks.
///
/// # Errors
/// [`ImageError`], as [`crate::probe`].
pub(crate) fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    let blocks = gif_frames::blocks(source, limits)?;
    let upright = Orientation::NoTransforms;
    let info = Info::new(Format::Gif, blocks.size, upright, blocks.has_alpha);
    Ok(info.of_frames(blocks.frames))
}

/// The pixels of a GIF, or the file.
///
/// # Errors
/// [`ImageError`], as [`crate::decode_scaled`].
pub(crate) fn decode(
    source: &[u8],
    bucket: Bucket,
    limits: &Limits,
) -> Result<Intermediate, ImageError> {
    let blocks = gif_frames::blocks(source, limits)?;
    if blocks.frames > 1 {
        return Ok(Intermediate {
            source_bytes: source.len() as u64,
            frames: blocks.frames,
            has_alpha: blocks.has_alpha,
            content: Content::File(File {
                format: Format::Gif,
                orientation: Orientation::NoTransforms,
                size: blocks.size,
                icc: Vec::new(),
                rights: Vec::new(),
                bytes: source.to_vec(),
            }),
        });
    }
    let mut frames = GifFrames::open(source, &blocks, limits)?;
    frames.advance()?;
    let pixels = frames.screen().to_vec();
    let raster = Raster {
        model: Model::Rgba,
        orientation: Orientation::NoTransforms,
        format: Format::Gif,
        bucket,
        source_size: blocks.size,
        icc: Vec::new(),
        rights: Vec::new(),
        pixels: shrink::whole(pixels, blocks.size, Model::Rgba, bucket),
    };
    let mut intermediate = Intermediate::of_pixels(raster.checked()?, source);
    intermediate.has_alpha = blocks.has_alpha;
    Ok(intermediate)
}
