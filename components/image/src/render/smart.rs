//! Step: the part of a picture that `cover` keeps where the pixels decide, as libvips finds it:
//! `entropy` slices off the duller edge until the size is right, `attention` looks for edges,
//! skin and strong colours in a very small copy and puts the window about the best place.

use lockgate_image_options::Gravity;

use super::colour;
use super::crop::cut;
use super::gauss::Mask;
use super::picture::Picture;
use super::resize::resize_bytes;
use super::view::View;
use crate::before::Area;
use crate::fit::Plan;
use crate::{ImageError, Options};

/// The sides of the small copy.
const SMALL: u32 = 32;

/// The picture cut to what the plan keeps, where the plan leaves it to the pixels.
///
/// # Errors
/// [`ImageError::Internal`].
pub(super) fn crop(
    picture: Picture,
    plan: &Plan,
    options: &Options,
) -> Result<Picture, ImageError> {
    if plan.from.is_some() {
        return Ok(picture);
    }
    let (width, height) = plan.kept;
    let picture = colour::to_rgb(picture);
    let (x, y) = match options.gravity {
        Gravity::Entropy => entropy(&picture, plan.kept),
        _ => attention(&picture, plan.kept)?,
    };
    let area = Area {
        x,
        y,
        width,
        height,
    };
    Ok(cut(picture, area))
}

/// Where the window begins after slicing off the edge with the lower entropy, an eighth of what
/// is too much at a time.
fn entropy(picture: &Picture, (keep_w, keep_h): (u32, u32)) -> (u32, u32) {
    let mut area = Area {
        x: 0,
        y: 0,
        width: picture.width,
        height: picture.height,
    };
    let spare = |have: u32, keep: u32| have.saturating_sub(keep);
    let most = spare(area.width, keep_w)
        .max(spare(area.height, keep_h))
        .div_ceil(8)
        .max(1);
    while area.width > keep_w || area.height > keep_h {
        let slice = spare(area.width, keep_w).min(most);
        area = without_duller_end(picture, area, Axis::Across, slice);
        let slice = spare(area.height, keep_h).min(most);
        area = without_duller_end(picture, area, Axis::Down, slice);
    }
    (area.x, area.y)
}

/// A direction in which a picture is cut.
#[derive(Clone, Copy)]
enum Axis {
    Across,
    Down,
}

impl Axis {
    /// Pixels of `area` in this direction.
    fn length(self, area: Area) -> u32 {
        match self {
            Self::Across => area.width,
            Self::Down => area.height,
        }
    }

    /// So many pixels of `area` in this direction, from its pixel `start` on.
    fn part(self, area: Area, start: u32, length: u32) -> Area {
        match self {
            Self::Across => Area {
                x: area.x + start,
                width: length,
                ..area
            },
            Self::Down => Area {
                y: area.y + start,
                height: length,
                ..area
            },
        }
    }
}

/// `area` without so many pixels at the end of lower entropy; at the far one if both have the same.
fn without_duller_end(picture: &Picture, area: Area, axis: Axis, slice: u32) -> Area {
    if slice == 0 {
        return area;
    }
    let rest = axis.length(area) - slice;
    let near = information(picture, axis.part(area, 0, slice));
    let far = information(picture, axis.part(area, rest, slice));
    let start = if near < far { slice } else { 0 };
    axis.part(area, start, rest)
}

/// The entropy of the values of all channels in `area`, in bits.
fn information(picture: &Picture, area: Area) -> f64 {
    let channels = picture.model.channels();
    let mut counts = vec![0_u32; 256 * channels];
    let rows = picture
        .pixels
        .chunks_exact(picture.row_bytes())
        .skip(area.y as usize)
        .take(area.height as usize);
    for row in rows {
        let pixels = row
            .chunks_exact(channels)
            .skip(area.x as usize)
            .take(area.width as usize);
        for pixel in pixels {
            for (value, counts) in pixel.iter().zip(counts.chunks_exact_mut(256)) {
                if let Some(count) = counts.get_mut(usize::from(*value)) {
                    *count += 1;
                }
            }
        }
    }
    let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let part = |count: &u32| {
        let share = f64::from(*count) / total;
        -share * libm::log2(share)
    };
    counts.iter().filter(|count| **count > 0).map(part).sum()
}

/// Where a window about the place that draws the eye begins.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "places in a small copy, clamped to the picture"
)]
fn attention(picture: &Picture, (keep_w, keep_h): (u32, u32)) -> Result<(u32, u32), ImageError> {
    let size = (picture.width, picture.height);
    let copy = Picture {
        model: picture.model,
        width: size.0,
        height: size.1,
        pixels: picture.pixels.clone(),
    };
    let view = View::of(copy, size);
    let small = resize_bytes(&view, view.area, (SMALL, SMALL))?;
    let channels = small.model.channels();
    let pixels: Vec<[f64; 3]> = small
        .pixels
        .chunks_exact(channels)
        .map(|pixel| match *pixel {
            [r, g, b] => [r, g, b].map(f64::from),
            [r, g, b, alpha] => {
                let seen = f64::from(alpha) / 255.0;
                [r, g, b].map(|channel| f64::from(channel) * seen)
            }
            [grey, alpha] => [f64::from(grey) * f64::from(alpha) / 255.0; 3],
            [grey, ..] => [f64::from(grey); 3],
            [] => [0.0; 3],
        })
        .collect();
    let mut scores: Vec<u16> = (0..pixels.len())
        .map(|at| (score(&pixels, at) * 16.0).round().clamp(0.0, 65_535.0) as u16)
        .collect();
    // The window sees more than a point: scores are spread with its size.
    let part = |keep: u32, have: u32| f64::from(keep) / f64::from(have) * f64::from(SMALL);
    let (w, h) = (part(keep_w, size.0), part(keep_h, size.1));
    let sigma = ((w * w + h * h).sqrt() / 10.0).clamp(1.0, 10.0);
    Mask::new(sigma, 0.2).blur::<u16, 1>(&mut scores, SMALL as usize);
    let best = scores
        .iter()
        .enumerate()
        .max_by(|(at, one), (than, other)| one.cmp(other).then(than.cmp(at)))
        .map_or(0, |(at, _)| at);
    let start = |place: usize, keep: u32, have: u32| {
        let middle = (place as f64 + 0.5) / f64::from(SMALL) * f64::from(have);
        let start = (middle - f64::from(keep) / 2.0).round();
        start.clamp(0.0, f64::from(have.saturating_sub(keep))) as u32
    };
    Ok((
        start(best % SMALL as usize, keep_w, size.0),
        start(best / SMALL as usize, keep_h, size.1),
    ))
}

/// How much a pixel of the small copy draws the eye, 0 to about 400.
fn score(pixels: &[[f64; 3]], at: usize) -> f64 {
    let side = SMALL as usize;
    let (x, y) = (at % side, at / side);
    let pixel = |x: usize, y: usize| pixels.get(y * side + x).copied().unwrap_or_default();
    let light = |[r, g, b]: [f64; 3]| 0.299 * r + 0.587 * g + 0.114 * b;
    let here = pixel(x, y);
    let luma = light(here);

    // The second derivative; beyond the edge lies the edge.
    let around = light(pixel(x.saturating_sub(1), y))
        + light(pixel((x + 1).min(side - 1), y))
        + light(pixel(x, y.saturating_sub(1)))
        + light(pixel(x, (y + 1).min(side - 1)));
    let edge = (4.0 * luma - around).abs();
    if luma < 15.0 {
        // Too dark to see a colour.
        return edge;
    }
    let [r, g, b] = here;
    let colourful = r.max(g).max(b) - r.min(g).min(b);
    // How near the direction of the colour is to that of skin of any shade.
    let length = (r * r + g * g + b * b).sqrt().max(1.0);
    let apart = |channel: f64, skin: f64| (channel / length - skin) * (channel / length - skin);
    let skin = 100.0 * (1.0 - (apart(r, 0.78) + apart(g, 0.57) + apart(b, 0.26)).sqrt() * 3.0);
    edge + colourful / 2.0 + skin.max(0.0)
}
