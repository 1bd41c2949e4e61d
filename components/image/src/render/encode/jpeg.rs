//! JPEG: baseline by our own encoder. `effort=small` is mozjpeg's way: progressive, trellis
//! quantisation, scans chosen for the picture.

use lockgate_jpeg::{Channels, EncodeOptions, Pixels};
use mozjpeg_rs::{Encoder as SmallEncoder, Preset, Subsampling};

use super::Metadata;
use super::planes::Planes;
use crate::render::picture::Picture;
use crate::{Effort, ImageError, Model};

/// From this quality on a JPEG keeps its colours at full resolution.
const FULL_CHROMA_QUALITY: u8 = 90;

/// Colours at half the resolution, each way, below [`FULL_CHROMA_QUALITY`]. Huffman tables are
/// made for the picture, as Sharp does: 3 % fewer bytes.
///
/// # Errors
/// [`ImageError::Internal`].
pub(super) fn encode(
    picture: &Picture,
    metadata: Metadata<'_>,
    quality: u8,
    effort: Effort,
) -> Result<Vec<u8>, ImageError> {
    if effort == Effort::Small {
        return small(picture, metadata, quality);
    }
    let channels = match picture.model {
        Model::Grey => Channels::Grey,
        Model::Rgb => Channels::Rgb,
        Model::YCbCr => Channels::YCbCr,
        _ => return Err(ImageError::internal("pixels that a JPEG does not have")),
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
        icc: metadata.icc,
    };
    let bytes = lockgate_jpeg::encode(&pixels, &options)
        .ok_or_else(|| ImageError::internal("pixels that make no JPEG"))?;
    with_exif(bytes, metadata.exif)
}

/// `file` with `exif` in a segment of its own (EXIF 2.32, section 4.7.2): behind the header of
/// JFIF, which comes first wherever it is.
fn with_exif(mut file: Vec<u8>, exif: &[u8]) -> Result<Vec<u8>, ImageError> {
    const START: [u8; 2] = [0xFF, 0xD8];
    const JFIF: [u8; 2] = [0xFF, 0xE0];
    const APP1: [u8; 2] = [0xFF, 0xE1];
    const NAME: &[u8] = b"Exif\0\0";
    if exif.is_empty() {
        return Ok(file);
    }
    let place = match file.strip_prefix(&START) {
        Some([a, b, high, low, ..]) if [*a, *b] == JFIF => {
            START.len() + JFIF.len() + usize::from(u16::from_be_bytes([*high, *low]))
        }
        Some(_) => START.len(),
        None => return Err(ImageError::internal("the JPEG encoder wrote no JPEG")),
    };
    if place > file.len() {
        return Err(ImageError::internal("the JPEG encoder wrote no JPEG"));
    }
    // The length counts itself.
    let length = u16::try_from(2 + NAME.len() + exif.len()).map_err(ImageError::internal)?;
    let segment = [&APP1, &length.to_be_bytes(), NAME, exif].concat();
    file.splice(place..place, segment);
    Ok(file)
}

fn small(picture: &Picture, metadata: Metadata<'_>, quality: u8) -> Result<Vec<u8>, ImageError> {
    let full = quality >= FULL_CHROMA_QUALITY;
    let mut encoder = SmallEncoder::new(Preset::ProgressiveSmallest)
        .quality(quality)
        .subsampling(if full {
            Subsampling::S444
        } else {
            Subsampling::S420
        });
    if !metadata.icc.is_empty() {
        encoder = encoder.icc_profile(metadata.icc.to_vec());
    }
    if !metadata.exif.is_empty() {
        encoder = encoder.exif_data(metadata.exif.to_vec());
    }
    let (width, height, pixels) = (picture.width, picture.height, &picture.pixels);
    let made = match picture.model {
        Model::Grey => encoder.encode_gray(pixels, width, height),
        Model::Rgb => encoder.encode_rgb(pixels, width, height),
        Model::YCbCr => {
            let planes = Planes::new(pixels, width as usize, full);
            encoder.encode_ycbcr_planar(&planes.y, &planes.cb, &planes.cr, width, height)
        }
        _ => return Err(ImageError::internal("pixels that a JPEG does not have")),
    };
    made.map_err(ImageError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_stand_behind_the_header() {
        let picture = Picture {
            model: Model::Grey,
            width: 2,
            height: 1,
            pixels: vec![9, 200],
        };
        let metadata = |exif| Metadata { icc: b"a", exif };
        let plain = encode(&picture, metadata(b""), 80, Effort::Normal).unwrap();
        let kept = encode(&picture, metadata(b"MM\0*odd"), 80, Effort::Normal).unwrap();
        assert_eq!(plain[..4], [0xFF, 0xD8, 0xFF, 0xE0]);
        let header = 4 + usize::from(u16::from_be_bytes([plain[4], plain[5]]));
        let segment = b"\xFF\xE1\0\x0FExif\0\0MM\0*odd";
        assert_eq!(kept[..header], plain[..header]);
        assert_eq!(kept[header..][..segment.len()], *segment);
        assert_eq!(kept[header + segment.len()..], plain[header..]);
    }
}
