//! PNG. `effort=small` looks for a palette and for grey that is stored as colours, and compresses
//! harder; no effort loses anything.

use std::borrow::Cow;
use std::collections::BTreeMap;

use png::{BitDepth, ColorType, Compression, Encoder, Filter, Info};

use super::Metadata;
use crate::render::picture::Picture;
use crate::{Effort, ImageError, Model};

/// The picture as a PNG.
///
/// # Errors
/// [`ImageError::Internal`].
pub(super) fn encode(
    picture: &Picture,
    metadata: Metadata<'_>,
    effort: Effort,
) -> Result<Vec<u8>, ImageError> {
    let colour = match picture.model {
        Model::Grey => ColorType::Grayscale,
        Model::GreyAlpha => ColorType::GrayscaleAlpha,
        Model::Rgb => ColorType::Rgb,
        Model::Rgba => ColorType::Rgba,
        _ => return Err(ImageError::internal("pixels that a PNG does not have")),
    };
    if effort != Effort::Small {
        let plain = Layout {
            colour,
            depth: BitDepth::Eight,
            compression: Compression::Fast,
            filter: Filter::Adaptive,
            palette: None,
        };
        return write(picture, &picture.pixels, &plain, metadata);
    }
    let high = Layout {
        colour,
        depth: BitDepth::Eight,
        compression: Compression::High,
        filter: Filter::Adaptive,
        palette: None,
    };
    if let Some(indexed) = Indexed::of(picture)? {
        let layout = Layout {
            colour: ColorType::Indexed,
            depth: indexed.depth,
            filter: Filter::NoFilter,
            palette: Some((indexed.colours, indexed.alphas)),
            ..high
        };
        return write(picture, &indexed.rows, &layout, metadata);
    }
    if let (Model::Rgb, Some(grey)) = (picture.model, only_grey(&picture.pixels)) {
        let layout = Layout {
            colour: ColorType::Grayscale,
            ..high
        };
        return write(picture, &grey, &layout, metadata);
    }
    write(picture, &picture.pixels, &high, metadata)
}

struct Layout {
    colour: ColorType,
    depth: BitDepth,
    compression: Compression,
    filter: Filter,
    /// Colours, and the alphas of the first of them.
    palette: Option<(Vec<u8>, Vec<u8>)>,
}

fn write(
    picture: &Picture,
    rows: &[u8],
    layout: &Layout,
    metadata: Metadata<'_>,
) -> Result<Vec<u8>, ImageError> {
    let mut info = Info::with_size(picture.width, picture.height);
    info.color_type = layout.colour;
    info.bit_depth = layout.depth;
    if let Some((colours, alphas)) = &layout.palette {
        info.palette = Some(Cow::Borrowed(colours.as_slice()));
        info.trns = (!alphas.is_empty()).then_some(Cow::Borrowed(alphas.as_slice()));
    }
    if !metadata.icc.is_empty() {
        info.icc_profile = Some(Cow::Borrowed(metadata.icc));
    }
    if !metadata.exif.is_empty() {
        info.exif_metadata = Some(Cow::Borrowed(metadata.exif));
    }
    let mut bytes = Vec::new();
    let mut encoder = Encoder::with_info(&mut bytes, info).map_err(ImageError::internal)?;
    encoder.set_compression(layout.compression);
    encoder.set_filter(layout.filter);
    let mut writer = encoder.write_header().map_err(ImageError::internal)?;
    writer
        .write_image_data(rows)
        .map_err(ImageError::internal)?;
    writer.finish().map_err(ImageError::internal)?;
    Ok(bytes)
}

/// A picture of at most 256 colours.
struct Indexed {
    depth: BitDepth,
    colours: Vec<u8>,
    alphas: Vec<u8>,
    /// Packed, each row from a whole byte on.
    rows: Vec<u8>,
}

impl Indexed {
    /// `None` for a picture of more colours.
    fn of(picture: &Picture) -> Result<Option<Self>, ImageError> {
        // Transparent ones first: only so many alphas have to be stored.
        let key = |[r, g, b, a]: [u8; 4]| [a, r, g, b];
        let mut places: BTreeMap<[u8; 4], u8> = BTreeMap::new();
        let mut last = None;
        for pixel in picture.rgba()? {
            if last.replace(pixel) != Some(pixel) {
                places.insert(key(pixel), 0);
                if places.len() > 256 {
                    return Ok(None);
                }
            }
        }
        for (place, index) in (0..=u8::MAX).zip(places.values_mut()) {
            *index = place;
        }
        let (depth, bits) = match places.len() {
            0..=2 => (BitDepth::One, 1),
            3..=4 => (BitDepth::Two, 2),
            5..=16 => (BitDepth::Four, 4),
            _ => (BitDepth::Eight, 8),
        };
        let per_byte = 8 / bits;
        let width = picture.width as usize;
        let mut rows = Vec::with_capacity(width.div_ceil(per_byte) * picture.height as usize);
        let (mut byte, mut filled, mut x) = (0_u8, 0, 0);
        for pixel in picture.rgba()? {
            let index = places.get(&key(pixel)).copied().unwrap_or_default();
            byte |= index << (8 - bits * (filled + 1));
            filled += 1;
            x += 1;
            if filled == per_byte || x == width {
                rows.push(byte);
                (byte, filled) = (0, 0);
            }
            if x == width {
                x = 0;
            }
        }
        Ok(Some(Self {
            depth,
            colours: places
                .keys()
                .flat_map(|[_, r, g, b]| [*r, *g, *b])
                .collect(),
            alphas: places
                .keys()
                .map(|[a, ..]| *a)
                .take_while(|alpha| *alpha != 255)
                .collect(),
            rows,
        }))
    }
}

/// One channel of an RGB picture whose three are equal.
fn only_grey(pixels: &[u8]) -> Option<Vec<u8>> {
    let (pixels, _) = pixels.as_chunks::<3>();
    pixels
        .iter()
        .map(|[r, g, b]| (r == g && g == b).then_some(*r))
        .collect()
}
