//! Pixels to files.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::files::PictureError;
use super::render::{HEIGHT, WIDTH};

const QUALITY: u8 = 90;

/// A baseline JPEG, 4:2:0.
pub(super) fn jpeg(rgba: &[u8]) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::with_capacity(512 * 1024);
    let mut encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(rgba, WIDTH as u16, HEIGHT as u16, ColorType::Rgba)?;
    Ok(bytes)
}

/// An RGBA PNG.
pub(super) fn png(rgba: &[u8]) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::with_capacity(1024 * 1024);
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(rgba, WIDTH as u32, HEIGHT as u32, ExtendedColorType::Rgba8)?;
    Ok(bytes)
}
