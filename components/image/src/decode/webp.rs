//! WebP, lossy and lossless; of an animation, its first frame.
//!
//! A lossy picture without alpha is decoded by our own crate, anything else by `image-webp`.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder, ImageError as DecoderError};

use super::shrink::Shrink;
use super::{webp_chunks, webp_lossy};
use crate::{Bucket, Format, ImageError, Info, Intermediate, Limits, Model, icc};

/// The header of a WebP: its chunks.
pub(crate) fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    let (mut decoder, model) = open(source, limits)?;
    let orientation = decoder.orientation().map_err(from_decoder)?;
    let size = decoder.dimensions();
    Ok(Info::new(
        Format::Webp,
        size,
        orientation,
        model.has_alpha(),
    ))
}

/// The pixels of a WebP.
pub(crate) fn decode(
    source: &[u8],
    bucket: Bucket,
    limits: &Limits,
) -> Result<Intermediate, ImageError> {
    let (mut decoder, model) = open(source, limits)?;
    let orientation = decoder.orientation().map_err(from_decoder)?;
    let profile = decoder.icc_profile().map_err(from_decoder)?;
    let source_size = decoder.dimensions();

    if model == Model::Rgb
        && let Some(frame) = webp_chunks::still_frame(source)
    {
        let (model, pixels) = webp_lossy::decode(frame, source_size, bucket)?;
        return Ok(Intermediate {
            model,
            orientation,
            format: Format::Webp,
            bucket,
            source_size,
            icc: icc::worth_keeping(profile, model),
            pixels,
        });
    }
    let row_bytes = source_size.0 as usize * model.channels();
    let mut pixels = vec![0; row_bytes * source_size.1 as usize];
    decoder.read_image(&mut pixels).map_err(from_decoder)?;
    if bucket != Bucket::Full {
        let mut shrink = Shrink::new(source_size, model, bucket);
        for row in pixels.chunks_exact(row_bytes) {
            shrink.push_row(row);
        }
        pixels = shrink.finish();
    }

    Ok(Intermediate {
        model,
        orientation,
        format: Format::Webp,
        bucket,
        source_size,
        icc: icc::worth_keeping(profile, model),
        pixels,
    })
}

type SliceDecoder<'a> = WebPDecoder<Cursor<&'a [u8]>>;

fn open<'a>(source: &'a [u8], limits: &Limits) -> Result<(SliceDecoder<'a>, Model), ImageError> {
    webp_chunks::check(source, limits)?;
    let decoder = WebPDecoder::new(Cursor::new(source)).map_err(from_decoder)?;
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    let model = match decoder.color_type() {
        ColorType::Rgb8 => Model::Rgb,
        ColorType::Rgba8 => Model::Rgba,
        other => return Err(ImageError::internal(format!("pixels of {other:?}"))),
    };
    Ok((decoder, model))
}

fn from_decoder(error: DecoderError) -> ImageError {
    match error {
        DecoderError::IoError(error) => ImageError::from_io(&error),
        DecoderError::Unsupported(error) => ImageError::UnsupportedFormat(error.to_string()),
        other => ImageError::corrupt(other),
    }
}
