//! JPEGs of kinds that our own decoder does not read go to `jpeg-decoder`.

use jpeg_decoder::{ColorTransform, Decoder, Error, PixelFormat};

use super::jpeg_header::JpegHeader;
use super::jpeg_scans;
use crate::{Bucket, ImageError, Model};

/// Pixels at the bucket's scale.
pub(super) fn decode(
    source: &[u8],
    bucket: Bucket,
    header: &JpegHeader<'_>,
) -> Result<(Model, Vec<u8>), ImageError> {
    jpeg_scans::check(
        header.first_scan,
        source.get(header.scans_at..).unwrap_or_default(),
        header.components.len(),
        header.progressive,
    )?;

    let mut decoder = Decoder::new(source);
    let (model, transform) = colours(header);
    decoder.set_color_transform(transform);
    decoder.read_info().map_err(from_decoder)?;
    // Both readers must have seen the same picture, or the limits were checked on another one.
    let seen = decoder
        .info()
        .map(|i| ((u32::from(i.width), u32::from(i.height)), i.pixel_format));
    let format = match header.components.len() {
        1 => PixelFormat::L8,
        3 => PixelFormat::RGB24,
        _ => PixelFormat::CMYK32,
    };
    if seen != Some((header.size, format)) {
        return Err(ImageError::corrupt("two frame headers that disagree"));
    }
    let (across, down) = wanted(header.size, bucket);
    decoder.scale(across, down).map_err(from_decoder)?;
    let mut pixels = decoder.decode().map_err(from_decoder)?;
    if format == PixelFormat::CMYK32 && header.adobe_transform.is_none() {
        // It hands out 255 less what is stored. Adobe's files store 255 less the ink, so that
        // what arrives is ink; other files store the ink.
        for ink in &mut pixels {
            *ink = 255 - *ink;
        }
    }
    Ok((model, pixels))
}

/// The pixel model of the file and what the decoder is told to do to it.
///
/// The order of evidence is libjpeg's (`default_decompress_parms`): JFIF, Adobe, component
/// identifiers. Three channels are handed on as they are: the decoder's "RGB" only interleaves.
fn colours(header: &JpegHeader<'_>) -> (Model, ColorTransform) {
    match header.components.as_slice() {
        [_] => (Model::Grey, ColorTransform::Grayscale),
        [a, b, c] => {
            let ycbcr = header.jfif
                || header
                    .adobe_transform
                    .map_or([*a, *b, *c] != *b"RGB", |transform| transform != 0);
            let model = if ycbcr { Model::YCbCr } else { Model::Rgb };
            (model, ColorTransform::RGB)
        }
        _ if header.adobe_transform == Some(2) => (Model::Cmyk, ColorTransform::YCCK),
        _ => (Model::Cmyk, ColorTransform::CMYK),
    }
}

/// The size to ask the decoder for so that it takes the bucket's scale. It takes the smallest
/// scale at which *one* axis is large enough, so only the longer one is asked for.
fn wanted(size: (u32, u32), bucket: Bucket) -> (u16, u16) {
    let (width, height) = bucket.scaled(size);
    let side = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    if size.0 >= size.1 {
        (side(width), u16::MAX)
    } else {
        (u16::MAX, side(height))
    }
}

fn from_decoder(error: Error) -> ImageError {
    match error {
        Error::Io(error) => ImageError::from_io(&error),
        Error::Unsupported(feature) => ImageError::UnsupportedFormat(format!("{feature:?}")),
        Error::Format(why) => ImageError::Corrupt(why),
        Error::Internal(error) => ImageError::internal(error),
    }
}
