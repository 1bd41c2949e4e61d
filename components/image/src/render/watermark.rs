//! Step: another picture over this one.

use lockgate_image_options::Watermark;

use super::ground::with_alpha;
use super::picture::{Picture, over};
use super::view::View;
use super::{colour, resize, turn};
use crate::fit::{Half, Plan, Size, place};
use crate::{ImageError, Limits, Model, Options, Raster, decode_scaled, probe, scale_bucket};

/// The picture with the options' watermark, whose source file is `overlay`.
///
/// # Errors
/// [`ImageError::BadOptions`] where there is none or it cannot be read.
pub(super) fn lay_over(
    picture: Picture,
    overlay: Option<&[u8]>,
    options: &Options,
    limits: &Limits,
) -> Result<Picture, ImageError> {
    let Some(mark) = &options.watermark else {
        return Ok(picture);
    };
    let Some(source) = overlay else {
        let why = "wm names a picture that there is not".to_owned();
        return Err(ImageError::BadOptions(why));
    };
    let size = (picture.width, picture.height);
    let small = read(source, mark, size, limits).map_err(|error| match error {
        ImageError::Internal(why) => ImageError::Internal(why),
        other => ImageError::BadOptions(format!("wm: {other}")),
    })?;
    let (mut picture, small) = alike(picture, small);
    let at = corner(mark, (small.width, small.height), size);
    if mark.tile {
        let step = |length: u32| i64::from(length.max(1));
        let (across, down) = (step(small.width), step(small.height));
        let mut y = at.1.rem_euclid(down) - down;
        while y < i64::from(size.1) {
            let mut x = at.0.rem_euclid(across) - across;
            while x < i64::from(size.0) {
                blend(&mut picture, &small, (x, y), mark.opacity);
                x += across;
            }
            y += down;
        }
    } else {
        blend(&mut picture, &small, at, mark.opacity);
    }
    Ok(picture)
}

/// The watermark upright, in its size on an output of `size`: never larger than that.
fn read(
    source: &[u8],
    mark: &Watermark,
    size: Size,
    limits: &Limits,
) -> Result<Picture, ImageError> {
    let width = match mark.width {
        0 => size.0,
        percent => (size.0 * u32::from(percent)).div_euclid(100).max(1),
    };
    let options = Options {
        width: Some(width),
        height: Some(size.1),
        enlarge: mark.width != 0,
        ..Options::default()
    };
    let info = probe(source, limits)?;
    let bucket = scale_bucket(&info, &options)?;
    let decoded = decode_scaled(source, bucket, limits)?;
    let decoded = super::pixels_of(&decoded, limits)?;
    let light;
    let decoded: &Raster = if decoded.model == Model::Cmyk {
        light = super::profile::without_inks(&decoded)?;
        &light
    } else {
        &decoded
    };
    let ground = super::ground::Ground::Clear;
    let view = View::new(decoded, &options, ground)?;
    let plan = Plan::new(view.size, &options)?;
    let turned = view.turn;
    let picture = resize::crop_and_resize(view, &plan, &options)?;
    turn::turn(picture, turned)
}

/// Both with the same colours: those of the picture, unless only the watermark has any.
fn alike(picture: Picture, small: Picture) -> (Picture, Picture) {
    let small = with_alpha(colour::to_rgb(small));
    let picture = if picture.model.is_grey() && !small.model.is_grey() {
        colour::in_rgb(picture)
    } else {
        picture
    };
    let mut small = if picture.model.is_grey() {
        small
    } else {
        colour::in_rgb(small)
    };
    if picture.model == Model::YCbCr {
        for pixel in small.pixels.chunks_exact_mut(4) {
            if let [r, g, b, _] = pixel {
                [*r, *g, *b] = colour::rgb_to_ycbcr([*r, *g, *b]);
            }
        }
    }
    (picture, small)
}

/// Where the watermark's upper left corner lies; perhaps outside.
fn corner(mark: &Watermark, small: Size, size: Size) -> (i64, i64) {
    use lockgate_image_options::Gravity as G;
    let at = place(mark.gravity, small, size, Half::Down).unwrap_or_default();
    let (x, y) = (i64::from(mark.offset.0), i64::from(mark.offset.1));
    // Offsets lead away from the edges that the gravity names.
    let x = match mark.gravity {
        G::East | G::NorthEast | G::SouthEast => -x,
        _ => x,
    };
    let y = match mark.gravity {
        G::South | G::SouthEast | G::SouthWest => -y,
        _ => y,
    };
    (i64::from(at.0) + x, i64::from(at.1) + y)
}

/// `small`, which has alpha, over `picture` at `at`; what lies outside is left out.
fn blend(picture: &mut Picture, small: &Picture, at: (i64, i64), opacity: u8) {
    let span = |at: i64, small: u32, large: u32| {
        let from = at.max(0);
        let to = (at + i64::from(small)).min(i64::from(large));
        let skip = usize::try_from(from - at).ok()?;
        let start = usize::try_from(from).ok()?;
        Some((skip, start, usize::try_from(to - from).ok()?))
    };
    let across = span(at.0, small.width, picture.width);
    let down = span(at.1, small.height, picture.height);
    let (Some((skip_x, left, width)), Some((skip_y, top, height))) = (across, down) else {
        return;
    };
    let alpha = picture.model.has_alpha();
    let (channels, of_small) = (picture.model.channels(), small.model.channels());
    let row_bytes = picture.row_bytes();
    let rows = small.pixels.chunks_exact(small.row_bytes()).skip(skip_y);
    let below = picture.pixels.chunks_exact_mut(row_bytes).skip(top);
    for (row, above) in below.zip(rows).take(height) {
        let pixels = row.chunks_exact_mut(channels).skip(left);
        let above = above.chunks_exact(of_small).skip(skip_x);
        for (pixel, above) in pixels.zip(above).take(width) {
            if let Some((cover, colours)) = above.split_last() {
                let cover = part(*cover, opacity);
                if alpha {
                    over_clear(pixel, colours, cover);
                } else {
                    for (below, above) in pixel.iter_mut().zip(colours) {
                        *below = over(*above, *below, cover);
                    }
                }
            }
        }
    }
}

/// `percent` of `alpha`.
#[allow(clippy::cast_possible_truncation, reason = "a part of a byte")]
fn part(alpha: u8, percent: u8) -> u8 {
    ((u32::from(alpha) * u32::from(percent) + 50) / 100) as u8
}

/// `colours` of alpha `cover` over a pixel that has alpha itself (Porter-Duff, over).
#[allow(clippy::cast_possible_truncation, reason = "weighted means of bytes")]
fn over_clear(pixel: &mut [u8], colours: &[u8], cover: u8) {
    let Some((alpha, below)) = pixel.split_last_mut() else {
        return;
    };
    let above = u32::from(cover) * 255;
    let under = (255 - u32::from(cover)) * u32::from(*alpha);
    let sum = above + under;
    if sum == 0 {
        return;
    }
    for (below, colour) in below.iter_mut().zip(colours) {
        let mixed = u32::from(*colour) * above + u32::from(*below) * under;
        *below = ((mixed + sum / 2) / sum) as u8;
    }
    *alpha = ((sum + 127) / 255) as u8;
}
