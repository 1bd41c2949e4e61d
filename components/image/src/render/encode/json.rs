//! `f=json`: what the source is, for pages that lay out a place for it.

use super::blurhash::blurhash;
use crate::render::picture::Picture;
use crate::{Format, ImageError, Info};

/// What is told beside the header of the source.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// The header.
    pub(crate) info: Info,
    /// Length of the file.
    pub(crate) bytes: u64,
}

/// The description. `picture` is the source, small and in sRGB.
///
/// # Errors
/// [`ImageError::Internal`].
pub(crate) fn describe(about: &About, picture: &Picture) -> Result<Vec<u8>, ImageError> {
    let opaque: Vec<[u8; 3]> = picture
        .rgba()?
        .map(|[r, g, b, alpha]| [r, g, b].map(|channel| over_white(channel, alpha)))
        .collect();
    let seen = picture.rgba()?.filter(|[.., alpha]| *alpha >= 128);
    let [red, green, blue] = dominant(seen.map(|[r, g, b, _]| [r, g, b]));
    let info = about.info;
    let text = format!(
        "{{\"format\":\"{}\",\"width\":{},\"height\":{},\"orientation\":{},\"has_alpha\":{},\
         \"frames\":{},\"bytes\":{},\"dominant\":\"#{red:02x}{green:02x}{blue:02x}\",\
         \"blurhash\":\"{}\"}}\n",
        name(info.format),
        info.width,
        info.height,
        info.orientation,
        info.has_alpha,
        info.frames,
        about.bytes,
        // No letter of it has to be escaped.
        blurhash(&opaque, picture.width as usize),
    );
    Ok(text.into_bytes())
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "jpeg",
        Format::Png => "png",
        Format::Webp => "webp",
        Format::Avif => "avif",
        Format::Gif => "gif",
        Format::Svg => "svg",
        Format::Tiff => "tiff",
        Format::Bmp => "bmp",
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a mean of two bytes")]
fn over_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// The colour that most pixels have, about: the mean of the fullest of 16 x 16 x 16 cells (the
/// cells are those of Sharp's `stats`, which gives their middle). Grey for no pixel.
fn dominant(pixels: impl Iterator<Item = [u8; 3]>) -> [u8; 3] {
    let mut cells = vec![(0_u64, [0_u64; 3]); 4096];
    for pixel in pixels {
        let [r, g, b] = pixel.map(|channel| usize::from(channel >> 4));
        if let Some((count, sums)) = cells.get_mut((r << 8) | (g << 4) | b) {
            *count += 1;
            for (sum, channel) in sums.iter_mut().zip(pixel) {
                *sum += u64::from(channel);
            }
        }
    }
    let mut fullest = (0, [128; 3]);
    for (count, sums) in cells {
        if count > fullest.0 {
            let mean = sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX));
            fullest = (count, mean);
        }
    }
    fullest.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_cell_is_dominant() {
        let pixels = [
            [200, 10, 10],
            [202, 12, 10],
            [0, 0, 0],
            [40, 40, 40],
            [60, 0, 9],
        ];
        assert_eq!(dominant(pixels.into_iter()), [201, 11, 10]);
        assert_eq!(dominant(std::iter::empty()), [128; 3]);
    }
}
