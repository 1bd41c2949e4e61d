//! TIFF and BMP, by the decoders of the `image` crate: rare as sources of the web, so decoded
//! whole and reduced afterwards.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::tiff::TiffDecoder;
use image::error::{ImageError as DecoderError, LimitError};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, Limits as DecoderLimits};

use super::shrink;
use crate::{Bucket, Format, ImageError, Info, Limits, Model, Raster, icc, rights};

/// What a decoder may allocate for each pixel of the limit: 16 bits and four channels, twice.
const BYTES_A_PIXEL: u64 = 16;

/// What it may allocate however small the limit is.
const WORK_BYTES: u64 = 8 * 1024 * 1024;

/// The header of a TIFF or a BMP.
///
/// # Errors
/// [`ImageError`], as [`crate::probe`].
pub(crate) fn probe(source: &[u8], format: Format, limits: &Limits) -> Result<Info, ImageError> {
    let mut decoder = open(source, format, limits)?;
    let model = model(decoder.color_type());
    let orientation = orientation(decoder.as_mut());
    Ok(Info::new(
        format,
        decoder.dimensions(),
        orientation,
        model.has_alpha(),
    ))
}

/// The pixels of a TIFF (its first page) or a BMP.
///
/// # Errors
/// [`ImageError`], as [`crate::decode_scaled`].
pub(crate) fn decode(
    source: &[u8],
    format: Format,
    bucket: Bucket,
    limits: &Limits,
) -> Result<Raster, ImageError> {
    let mut decoder = open(source, format, limits)?;
    let source_size = decoder.dimensions();
    let orientation = orientation(decoder.as_mut());
    let inks = matches!(
        decoder.original_color_type(),
        ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16
    );
    let profile = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(from_decoder)?;
    let (model, pixels) = match model(image.color()) {
        Model::Grey => (Model::Grey, image.into_luma8().into_raw()),
        Model::GreyAlpha => (Model::GreyAlpha, image.into_luma_alpha8().into_raw()),
        Model::Rgba => (Model::Rgba, image.into_rgba8().into_raw()),
        _ => (Model::Rgb, image.into_rgb8().into_raw()),
    };
    // The first directory of a TIFF is that of EXIF.
    let rights = match format {
        Format::Tiff => rights::kept(Some(source)),
        _ => Vec::new(),
    };
    Ok(Raster {
        model,
        orientation,
        format,
        bucket,
        source_size,
        // The decoder turns inks into RGB by itself, without their profile.
        icc: icc::worth_keeping(profile.filter(|_| !inks), model),
        rights,
        pixels: shrink::whole(pixels, source_size, model, bucket),
    })
}

fn model(colour: ColorType) -> Model {
    match (colour.has_color(), colour.has_alpha()) {
        (false, false) => Model::Grey,
        (false, true) => Model::GreyAlpha,
        (true, false) => Model::Rgb,
        (true, true) => Model::Rgba,
    }
}

fn orientation(decoder: &mut dyn ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

fn open<'a>(
    source: &'a [u8],
    format: Format,
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, ImageError> {
    let reader = Cursor::new(source);
    let mut decoder: Box<dyn ImageDecoder + 'a> = match format {
        Format::Tiff => Box::new(TiffDecoder::new(reader).map_err(from_decoder)?),
        _ => Box::new(BmpDecoder::new(reader).map_err(from_decoder)?),
    };
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    let mut bounds = DecoderLimits::default();
    let pixels = u64::from(width) * u64::from(height);
    bounds.max_alloc = Some(pixels * BYTES_A_PIXEL + WORK_BYTES);
    decoder.set_limits(bounds).map_err(from_decoder)?;
    Ok(decoder)
}

fn from_decoder(error: DecoderError) -> ImageError {
    match error {
        DecoderError::IoError(error) => ImageError::from_io(&error),
        DecoderError::Unsupported(error) => ImageError::UnsupportedFormat(error.to_string()),
        DecoderError::Limits(error) => over(&error),
        other => ImageError::corrupt(other),
    }
}

fn over(error: &LimitError) -> ImageError {
    ImageError::corrupt(format!("it wants more memory than its pixels: {error}"))
}
