//! Lossy WebP by our own encoder; an alpha channel is stored without loss beside the colours.

use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use lockgate_webp::{Extra, Pixels, encode_webp};

use super::picture::Picture;
use crate::{ImageError, Model};

/// The picture as a file.
pub(super) fn encode(picture: &Picture, icc: &[u8], quality: u8) -> Result<Vec<u8>, ImageError> {
    let rgba;
    let pixels = match picture.model {
        Model::Grey => Pixels::Grey(&picture.pixels),
        Model::Rgb => Pixels::Rgb(&picture.pixels),
        Model::YCbCr => Pixels::YCbCr(&picture.pixels),
        Model::Rgba => Pixels::Rgba(&picture.pixels),
        Model::GreyAlpha => {
            let (pairs, _) = picture.pixels.as_chunks::<2>();
            rgba = pairs
                .iter()
                .flat_map(|[g, a]| [*g, *g, *g, *a])
                .collect::<Vec<_>>();
            Pixels::Rgba(&rgba)
        }
    };
    let alpha = picture
        .model
        .has_alpha()
        .then(|| alpha_chunk(picture))
        .transpose()?;
    let extra = Extra {
        icc,
        alpha: alpha.as_deref(),
    };
    let (width, height) = (picture.width as usize, picture.height as usize);
    encode_webp(pixels, width, height, quality, extra).map_err(ImageError::internal)
}

/// The payload of an `ALPH` chunk (RFC 9649, section 2.7.1.2): a byte that says "lossless, not
/// filtered", then a VP8L stream without its header.
fn alpha_chunk(picture: &Picture) -> Result<Vec<u8>, ImageError> {
    /// RIFF header, chunk header, and the forty bits of signature, size and version.
    const BEFORE_STREAM: usize = 12 + 8 + 5;
    let channels = picture.model.channels();
    let alpha: Vec<u8> = picture
        .pixels
        .chunks_exact(channels)
        .filter_map(|pixel| pixel.last().copied())
        .collect();
    let mut file = Vec::new();
    WebPEncoder::new_lossless(&mut file)
        .write_image(&alpha, picture.width, picture.height, ExtendedColorType::L8)
        .map_err(ImageError::internal)?;
    let size = file
        .get(16..20)
        .and_then(|size| <[u8; 4]>::try_from(size).ok())
        .map(|size| u32::from_le_bytes(size) as usize);
    let stream = match (file.get(12..16), size) {
        (Some(b"VP8L"), Some(size)) => file.get(BEFORE_STREAM..20 + size),
        _ => None,
    };
    let stream = stream.ok_or_else(|| ImageError::internal("no VP8L chunk"))?;
    let mut payload = Vec::with_capacity(stream.len() + 1);
    payload.push(1);
    payload.extend_from_slice(stream);
    Ok(payload)
}
