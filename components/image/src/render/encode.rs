//! Step: encode. Nothing of the source's metadata goes in but a profile.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use lockgate_jpeg::{Channels, EncodeOptions, Pixels};

use super::picture::Picture;
use super::{Rendered, webp};
use crate::{ImageError, Model, Options, OutputFormat, Quality};

/// The quality where the options name none.
const QUALITY: u8 = 80;

/// From this quality on a JPEG keeps its colours at full resolution.
const FULL_CHROMA_QUALITY: u8 = 90;

/// The picture as a file.
pub(super) fn encode(
    picture: &Picture,
    icc: &[u8],
    format: OutputFormat,
    options: &Options,
) -> Result<Rendered, ImageError> {
    let quality = match options.quality {
        Some(Quality::Fixed(quality)) => quality,
        _ => QUALITY,
    };
    let bytes = match format {
        OutputFormat::Jpeg => jpeg(picture, icc, quality)?,
        OutputFormat::Png => png(picture, icc)?,
        OutputFormat::Webp => webp::encode(picture, icc, quality)?,
        other => return Err(ImageError::BadOptions(format!("{other:?} is not written"))),
    };
    Ok(Rendered {
        bytes,
        format,
        width: picture.width,
        height: picture.height,
    })
}

/// Baseline JPEG, 4:2:0 below [`FULL_CHROMA_QUALITY`]. Huffman tables are made for the picture, as
/// Sharp does: 3 % fewer bytes.
fn jpeg(picture: &Picture, icc: &[u8], quality: u8) -> Result<Vec<u8>, ImageError> {
    let channels = match picture.model {
        Model::Grey => Channels::Grey,
        Model::Rgb => Channels::Rgb,
        Model::YCbCr => Channels::YCbCr,
        Model::GreyAlpha | Model::Rgba => return Err(ImageError::internal("alpha in a JPEG")),
    };
    let pixels = Pixels {
        width: picture.width as usize,
        height: picture.height as usize,
        channels,
        samples: &picture.pixels,
    };
    let options = EncodeOptions {
        quality,
        subsampled: quality < FULL_CHROMA_QUALITY,
        icc,
    };
    lockgate_jpeg::encode(&pixels, &options)
        .ok_or_else(|| ImageError::internal("pixels that make no JPEG"))
}

/// PNG at the fast compression level, with a filter chosen for each row.
fn png(picture: &Picture, icc: &[u8]) -> Result<Vec<u8>, ImageError> {
    let colour = match picture.model {
        Model::Grey => ExtendedColorType::L8,
        Model::GreyAlpha => ExtendedColorType::La8,
        Model::Rgb => ExtendedColorType::Rgb8,
        Model::Rgba => ExtendedColorType::Rgba8,
        Model::YCbCr => return Err(ImageError::internal("YCbCr in a PNG")),
    };
    let mut bytes = Vec::new();
    let mut encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
    if !icc.is_empty() {
        encoder
            .set_icc_profile(icc.to_vec())
            .map_err(ImageError::internal)?;
    }
    encoder
        .write_image(&picture.pixels, picture.width, picture.height, colour)
        .map_err(ImageError::internal)?;
    Ok(bytes)
}
