//! WebP, lossy and lossless. An animation of more than one frame stays a file (see
//! [`super::frames`]).
//!
//! A lossy picture without alpha is decoded by our own crate, anything else by `image-webp`.

use std::io::Cursor;

use image::metadata::Orientation;
use image_webp::{DecodingError, WebPDecoder};

use super::{shrink, webp_chunks, webp_lossy};
use crate::intermediate::{Content, File};
use crate::probe::exif_orientation;
use crate::{Bucket, Format, ImageError, Info, Intermediate, Limits, Model, Raster, icc, rights};

/// A profile or an EXIF block larger than this is not read.
const METADATA_BYTES_MAX: usize = icc::PROFILE_BYTES_MAX;

/// A decoder that stands before the pixels.
pub(super) type SliceDecoder<'a> = WebPDecoder<Cursor<&'a [u8]>>;

/// The header of a WebP: its chunks.
///
/// # Errors
/// [`ImageError`], as [`crate::probe`].
pub(crate) fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    let mut decoder = open(source, limits)?;
    let (orientation, _) = exif(&mut decoder);
    let size = decoder.dimensions();
    let info = Info::new(Format::Webp, size, orientation, decoder.has_alpha());
    Ok(info.of_frames(decoder.num_frames().max(1)))
}

/// The pixels of a WebP, or the file.
///
/// # Errors
/// [`ImageError`], as [`crate::decode_scaled`].
pub(crate) fn decode(
    source: &[u8],
    bucket: Bucket,
    limits: &Limits,
) -> Result<Intermediate, ImageError> {
    let mut decoder = open(source, limits)?;
    let model = model(&decoder);
    let (orientation, rights) = exif(&mut decoder);
    let profile = icc::worth_keeping(decoder.icc_profile().ok().flatten(), model);
    let size = decoder.dimensions();
    if decoder.num_frames() > 1 {
        return Ok(Intermediate {
            source_bytes: source.len() as u64,
            frames: decoder.num_frames(),
            has_alpha: decoder.has_alpha(),
            content: Content::File(File {
                format: Format::Webp,
                orientation,
                size,
                icc: profile,
                rights,
                bytes: source.to_vec(),
            }),
        });
    }
    let still = webp_chunks::still_frame(source).filter(|_| model == Model::Rgb);
    let (model, pixels) = if let Some(frame) = still {
        webp_lossy::decode(frame, size, bucket)?
    } else {
        let bytes = decoder.output_buffer_size();
        let mut pixels = vec![0; bytes.ok_or_else(|| ImageError::internal("size"))?];
        decoder.read_image(&mut pixels).map_err(from_decoder)?;
        (model, shrink::whole(pixels, size, model, bucket))
    };
    let raster = Raster {
        model,
        orientation,
        format: Format::Webp,
        bucket,
        source_size: size,
        icc: profile,
        rights,
        pixels,
    };
    Ok(Intermediate::of_pixels(raster.checked()?, source))
}

/// Open a WebP whose sizes are all within `limits`.
///
/// # Errors
/// [`ImageError`], as [`crate::probe`].
pub(super) fn open<'a>(source: &'a [u8], limits: &Limits) -> Result<SliceDecoder<'a>, ImageError> {
    webp_chunks::check(source, limits)?;
    let mut decoder = WebPDecoder::new(Cursor::new(source)).map_err(from_decoder)?;
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    decoder.set_memory_limit(METADATA_BYTES_MAX);
    Ok(decoder)
}

/// What the bytes that `decoder` gives mean.
pub(super) fn model(decoder: &SliceDecoder<'_>) -> Model {
    if decoder.has_alpha() {
        Model::Rgba
    } else {
        Model::Rgb
    }
}

fn exif(decoder: &mut SliceDecoder<'_>) -> (Orientation, Vec<u8>) {
    let block = decoder.exif_metadata().ok().flatten();
    let block = block.as_deref();
    // Some files have JPEG's prefix here.
    let block = block.map(|block| block.strip_prefix(b"Exif\0\0").unwrap_or(block));
    (exif_orientation(block), rights::kept(block))
}

pub(super) fn from_decoder(error: DecodingError) -> ImageError {
    match error {
        DecodingError::IoError(error) => ImageError::from_io(&error),
        DecodingError::UnsupportedFeature(what) => ImageError::UnsupportedFormat(what),
        other => ImageError::corrupt(other),
    }
}
