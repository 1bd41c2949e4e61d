//! Step: rotation by degrees that no quarter turn makes. Before the resize, as its size depends
//! on it; bilinear, as in Sharp.

#![allow(
    clippy::indexing_slicing,
    reason = "the four neighbours of a point are looked up for each pixel; `neighbour` bounds them"
)]

use super::ground::Ground;
use super::picture::Picture;
use super::resize::resize_bytes;
use super::turn::turn;
use super::view::View;
use crate::before::{Before, rotated, sine_cosine};
use crate::fit::{Plan, Size};
use crate::{ImageError, Model};

/// The view rotated, and what is done after that left to the resize.
///
/// # Errors
/// [`ImageError::Internal`].
pub(super) fn rotate(
    view: &View<'_>,
    before: &Before,
    plan: &Plan,
    ground: Ground,
) -> Result<View<'static>, ImageError> {
    let upright = view.size;
    let small = reduced(view, plan);
    let cut = resize_bytes(view, view.area, view.turn.size(small))?;
    let cut = turn(cut, view.turn)?;
    let (mut cut, outside) = ground.beside(cut);
    cut.premultiply();
    let whole = rotated(upright, before.angle);
    let share = |side: u32, of: u32, small: u32| {
        let side = u64::from(side) * u64::from(small);
        u32::try_from(side.div_ceil(u64::from(of.max(1)))).unwrap_or(u32::MAX)
    };
    let size = (
        share(whole.0, upright.0, small.0),
        share(whole.1, upright.1, small.1),
    );
    let mut made = match cut.model {
        Model::Grey => turned::<1>(&cut, upright, whole, size, before.angle, &outside),
        Model::GreyAlpha => turned::<2>(&cut, upright, whole, size, before.angle, &outside),
        Model::Rgb | Model::YCbCr => {
            turned::<3>(&cut, upright, whole, size, before.angle, &outside)
        }
        Model::Rgba | Model::Cmyk => {
            turned::<4>(&cut, upright, whole, size, before.angle, &outside)
        }
    };
    made.divide_by_alpha();
    let mut view = View::of(made, before.turn.size(whole));
    view.turn = before.turn;
    Ok(view)
}

/// The size to rotate at: that of the pixels, halved as long as the output is no larger.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a side of a picture"
)]
fn reduced(view: &View<'_>, plan: &Plan) -> Size {
    let (area_w, area_h) = (view.area[2], view.area[3]);
    let (stored_w, stored_h) = view
        .turn
        .size((area_w.ceil().max(1.0) as u32, area_h.ceil().max(1.0) as u32));
    // How much of the reduction is left to do after decoding.
    let (across, down) = plan.reduction();
    let left_across = across * f64::from(stored_w) / f64::from(view.size.0);
    let left_down = down * f64::from(stored_h) / f64::from(view.size.1);
    let mut divisor = 1;
    while f64::from(divisor * 4) <= left_across.min(left_down) {
        divisor *= 2;
    }
    (stored_w.div_ceil(divisor), stored_h.div_ceil(divisor))
}

/// `cut`, which stands for `upright` pixels, rotated about its middle to `size` pixels, which
/// stand for `whole`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights of eight bits and means of bytes; coordinates are clamped near the picture"
)]
fn turned<const N: usize>(
    cut: &Picture,
    upright: Size,
    whole: Size,
    size: Size,
    angle: u16,
    outside: &[u8],
) -> Picture {
    let (sine, cosine) = sine_cosine(angle);
    let (pixels, _) = cut.pixels.as_chunks::<N>();
    let mut ground = [0; N];
    for (channel, value) in ground.iter_mut().zip(outside) {
        *channel = *value;
    }
    let (width, height) = (i64::from(cut.width), i64::from(cut.height));
    let neighbour = |x: i64, y: i64| {
        if (0..width).contains(&x) && (0..height).contains(&y) {
            pixels[(y * width + x) as usize]
        } else {
            ground
        }
    };
    // From pixels of the output to those of the source, and from these to those of the cut.
    let step = |whole: u32, size: u32| f64::from(whole) / f64::from(size);
    let (step_x, step_y) = (step(whole.0, size.0), step(whole.1, size.1));
    let (to_x, to_y) = (step(cut.width, upright.0), step(cut.height, upright.1));
    // As in libvips the middle of the first pixel stays in its place, and the output begins at
    // the whole pixel that is nearest to the leftmost and the uppermost corner.
    let (w, h) = (f64::from(upright.0), f64::from(upright.1));
    let least = |one: f64, other: f64| (one.min(0.0) + other.min(0.0)).round();
    let begin_x = least(w * cosine, -h * sine) - 0.5;
    let begin_y = least(w * sine, h * cosine) - 0.5;
    let far = f64::from(u32::MAX);

    let mut out = Vec::with_capacity(size.0 as usize * size.1 as usize * N);
    for y in 0..size.1 {
        let down = (f64::from(y) + 0.5) * step_y + begin_y;
        for x in 0..size.0 {
            let right = (f64::from(x) + 0.5) * step_x + begin_x;
            let from_x = (right * cosine + down * sine + 0.5) * to_x - 0.5;
            let from_y = (down * cosine - right * sine + 0.5) * to_y - 0.5;
            let (from_x, from_y) = (from_x.clamp(-far, far), from_y.clamp(-far, far));
            let (left, top) = (from_x.floor(), from_y.floor());
            let weight_x = ((from_x - left) * 256.0) as u32;
            let weight_y = ((from_y - top) * 256.0) as u32;
            let (left, top) = (left as i64, top as i64);
            let corners = [
                neighbour(left, top),
                neighbour(left + 1, top),
                neighbour(left, top + 1),
                neighbour(left + 1, top + 1),
            ];
            for channel in 0..N {
                let [a, b, c, d] = corners.map(|pixel| u32::from(pixel[channel]));
                let upper = a * (256 - weight_x) + b * weight_x;
                let lower = c * (256 - weight_x) + d * weight_x;
                let mixed = upper * (256 - weight_y) + lower * weight_y;
                out.push(((mixed + (1 << 15)) >> 16) as u8);
            }
        }
    }
    Picture {
        model: cut.model,
        width: size.0,
        height: size.1,
        pixels: out,
    }
}
