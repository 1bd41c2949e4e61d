//! Step: cut away edges of one colour, that of the upper left pixel. Sharp's `trim`: a pixel
//! counts where the median of its neighbourhood differs by more than the threshold in a channel,
//! so that specks and the noise of a JPEG do not.

use super::colour::ycbcr_to_rgb;
use super::picture::over;
use super::view::View;
use crate::turn::Part;
use crate::{ImageError, Model};

/// Five of the nine pixels around, in every direction at least one beyond: the median.
const MAJORITY: u8 = 5;

/// Narrow the view to what is not its edge. A picture of one colour stays as it is.
///
/// # Errors
/// [`ImageError::Internal`] where the view has not the pixels of its area.
pub(super) fn trim(view: &mut View<'_>, threshold: u8) -> Result<(), ImageError> {
    let Some(window) = Window::of(view) else {
        return Err(ImageError::internal("an area outside of its picture"));
    };
    let Some(background) = window.corner(view) else {
        return Err(ImageError::internal("an area without a corner"));
    };
    let found = bounds(view, &window, background, threshold);
    let Some([left, top, right, bottom]) = found else {
        return Ok(());
    };
    let origin = [window.left + left, window.top + top];
    let kept = (right - left, bottom - top);
    #[allow(clippy::cast_precision_loss, reason = "sides of pictures are exact")]
    let area = [origin[0], origin[1], kept.0, kept.1].map(|side| side as f64);
    view.area = area;
    let side = |length: usize| u32::try_from(length).map_err(ImageError::internal);
    // The bucket is full: a pixel of the view is one of the source.
    view.size = view.turn.size((side(kept.0)?, side(kept.1)?));
    Ok(())
}

/// The area in whole pixels.
struct Window {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Window {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths within a picture; `as` saturates"
    )]
    fn of(view: &View<'_>) -> Option<Self> {
        let [left, top, width, height] = view.area.map(|side| side.round() as usize);
        let (right, bottom) = (left.checked_add(width)?, top.checked_add(height)?);
        let within = right <= view.stored.0 as usize && bottom <= view.stored.1 as usize;
        (within && width > 0 && height > 0).then_some(Self {
            left,
            top,
            width,
            height,
        })
    }

    /// The pixel that is seen in the upper left.
    fn corner(&self, view: &View<'_>) -> Option<[u8; 4]> {
        let seen = Part {
            left: 0.0,
            top: 0.0,
            right: 0.0,
            bottom: 0.0,
        };
        let stored = view.turn.stored(seen);
        let x = if stored.left > 0.5 { self.width - 1 } else { 0 };
        let y = if stored.top > 0.5 { self.height - 1 } else { 0 };
        let row = self.row(view, y)?;
        let channels = view.model.channels();
        row.chunks_exact(channels)
            .nth(x)
            .map(|pixel| plain(pixel, view.model))
    }

    fn row<'v>(&self, view: &'v View<'_>, y: usize) -> Option<&'v [u8]> {
        let channels = view.model.channels();
        let start = ((self.top + y) * view.stored.0 as usize + self.left) * channels;
        view.pixels.get(start..start + self.width * channels)
    }
}

/// A pixel as red, green, blue, alpha.
fn plain(pixel: &[u8], model: Model) -> [u8; 4] {
    match *pixel {
        [grey] => [grey, grey, grey, 255],
        [grey, alpha] => [grey, grey, grey, alpha],
        [y, cb, cr] if model == Model::YCbCr => {
            let [r, g, b] = ycbcr_to_rgb([y, cb, cr]);
            [r, g, b, 255]
        }
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a] => [r, g, b, a],
        _ => [0; 4],
    }
}

/// How a row differs from the background: a bit for each channel that is above it, and one for
/// each that is below it.
fn differences(row: &[u8], model: Model, background: [u8; 4], threshold: u8, into: &mut Vec<u8>) {
    into.clear();
    into.extend(row.chunks_exact(model.channels()).map(|pixel| {
        let [r, g, b, alpha] = plain(pixel, model);
        // Colours are seen on the background; alpha is a channel of its own.
        let [br, bg, bb, ba] = background;
        let seen = [
            over(r, br, alpha),
            over(g, bg, alpha),
            over(b, bb, alpha),
            alpha,
        ];
        let mut bits = 0;
        for (at, (channel, ground)) in seen.into_iter().zip([br, bg, bb, ba]).enumerate() {
            if channel > ground.saturating_add(threshold) {
                bits |= 1 << (2 * at);
            }
            if ground > channel.saturating_add(threshold) {
                bits |= 2 << (2 * at);
            }
        }
        bits
    }));
}

/// The box around all that differs, in pixels of the window: left, top, right, bottom.
fn bounds(
    view: &View<'_>,
    window: &Window,
    background: [u8; 4],
    threshold: u8,
) -> Option<[usize; 4]> {
    let mut rows: [Vec<u8>; 3] = Default::default();
    let read = |y: usize, into: &mut Vec<u8>| {
        let y = y.min(window.height - 1);
        let row = window.row(view, y).unwrap_or_default();
        differences(row, view.model, background, threshold, into);
    };
    let [above, here, below] = &mut rows;
    read(0, above);
    read(0, here);
    read(1, below);
    let mut found: Option<[usize; 4]> = None;
    for y in 0..window.height {
        if let Some((first, last)) = differing(&rows) {
            let [left, top, right, _] = found.unwrap_or([first, y, last + 1, y + 1]);
            found = Some([left.min(first), top, right.max(last + 1), y + 1]);
        }
        rows.rotate_left(1);
        let [_, _, below] = &mut rows;
        read(y + 2, below);
    }
    found
}

/// The first and the last pixel of the middle row whose median differs.
fn differing(rows: &[Vec<u8>; 3]) -> Option<(usize, usize)> {
    let quiet = rows.iter().all(|row| row.iter().all(|bits| *bits == 0));
    if quiet {
        return None;
    }
    let width = rows.first().map_or(0, Vec::len);
    let differs = |x: &usize| {
        let around = [x.saturating_sub(1), *x, (x + 1).min(width - 1)];
        (0..8).any(|bit| {
            let set = |x: &usize, row: &Vec<u8>| row.get(*x).is_some_and(|b| b >> bit & 1 == 1);
            let count: u8 = rows
                .iter()
                .flat_map(|row| around.iter().map(move |x| u8::from(set(x, row))))
                .sum();
            count >= MAJORITY
        })
    };
    let first = (0..width).find(differs)?;
    let last = (first..width).rev().find(differs)?;
    Some((first, last))
}
