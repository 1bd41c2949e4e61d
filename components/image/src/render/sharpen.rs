//! Step: sharpen by an unsharp mask on lightness, as Sharp does with a sigma: small differences
//! once, large ones twice, at most ten steps of a hundred lighter and twenty darker.
//!
//! Sharp works in CIE Lab. Here lightness is that of the luma, and what it gains is added to
//! every channel: the look of it at a fraction of the work.

use super::gauss::Mask;
use super::picture::Picture;
use crate::light::{Curve, Light};
use crate::{Model, Options};

/// How much of its peak a Gaussian must have to be part of the mask, in libvips' `sharpen`.
const LEAST: f64 = 0.1;

/// Units of a step of lightness, of which there are a hundred.
const UNIT: f64 = 300.0;

/// The picture sharpened with a mask of the options' sigma.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte; lightness is from 0 to 30,000"
)]
pub(super) fn sharpen(mut picture: Picture, options: &Options) -> Picture {
    let Some(sigma) = options.sharpen else {
        return picture;
    };
    let mask = Mask::new(f64::from(sigma) / 100.0, LEAST);
    let scale = Lightness::new();
    let (model, channels) = (picture.model, picture.model.channels());
    picture.premultiply();
    let lightness = |pixel: &[u8]| match *pixel {
        [r, g, b] | [r, g, b, _] if model != Model::YCbCr => scale.of(luma([r, g, b])),
        [grey, ..] => scale.of(u16::from(grey) << 4),
        [] => 0,
    };
    let sharp: Vec<u16> = picture
        .pixels
        .chunks_exact(channels)
        .map(lightness)
        .collect();
    let mut soft = sharp.clone();
    mask.blur::<u16, 1>(&mut soft, picture.width as usize);
    let colours = match model {
        Model::YCbCr => 1,
        _ => channels - usize::from(model.has_alpha()),
    };
    let pixels = picture.pixels.chunks_exact_mut(channels);
    for (pixel, (sharp, soft)) in pixels.zip(sharp.iter().zip(&soft)) {
        let apart = i32::from(*sharp) - i32::from(*soft);
        if apart == 0 {
            continue;
        }
        let wanted = (i32::from(*sharp) + gain(apart)).clamp(0, 100 * UNIT as i32) as u16;
        let change = (scale.luma(wanted) - scale.luma(*sharp) + 8) >> 4;
        for channel in pixel.iter_mut().take(colours) {
            *channel = (i32::from(*channel) + change).clamp(0, 255) as u8;
        }
    }
    picture.divide_by_alpha();
    picture
}

/// What a difference of lightness is made larger by (libvips' `sharpen` with Sharp's x1 2, y2
/// 10, y3 20, m1 1, m2 2).
fn gain(apart: i32) -> i32 {
    const FLAT: i32 = 2 * UNIT as i32;
    let gain = if apart > FLAT {
        (apart - FLAT) * 2 + FLAT
    } else if apart < -FLAT {
        (apart + FLAT) * 2 - FLAT
    } else {
        apart
    };
    gain.clamp(-20 * UNIT as i32, 10 * UNIT as i32)
}

/// Luma (BT.601), in sixteenths.
#[allow(clippy::cast_possible_truncation, reason = "at most 255 times 16")]
fn luma([r, g, b]: [u8; 3]) -> u16 {
    ((19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b) + (1 << 11)) >> 12)
        as u16
}

/// Between luma, in sixteenths of a byte, and CIE lightness, in [`UNIT`]s of a hundredth.
struct Lightness {
    of: Vec<u16>,
    luma: Vec<i16>,
}

impl Lightness {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lightness is from 0 to 30,000, luma below 4,096"
    )]
    fn new() -> Self {
        let light = Light::new(Curve::Srgb);
        let whole: Vec<f64> = light
            .of
            .iter()
            .map(|amount| lightness(f64::from(*amount) / 65_535.0) * UNIT)
            .collect();
        let mut of = Vec::with_capacity(256 * 16);
        for pair in whole.windows(2) {
            if let [from, to] = *pair {
                let between = (0..16).map(|part| from + (to - from) * f64::from(part) / 16.0);
                of.extend(between.map(|value| value.round() as u16));
            }
        }
        of.resize(256 * 16, (100.0 * UNIT) as u16);
        // The other way: the first luma that is as light.
        let mut luma = vec![255 * 16; (100.0 * UNIT) as usize + 1];
        let mut at = 0_i16;
        for (value, luma) in luma.iter_mut().enumerate() {
            while of
                .get(at as usize)
                .is_some_and(|of| usize::from(*of) < value)
                && at < 255 * 16
            {
                at += 1;
            }
            *luma = at;
        }
        Self { of, luma }
    }

    fn of(&self, luma: u16) -> u16 {
        self.of.get(usize::from(luma)).copied().unwrap_or(0)
    }

    fn luma(&self, lightness: u16) -> i32 {
        i32::from(self.luma.get(usize::from(lightness)).copied().unwrap_or(0))
    }
}

/// CIE L* of a luminance of 0 to 1 (CIE 15, 8.2.1).
pub(super) fn lightness(luminance: f64) -> f64 {
    if luminance > 216.0 / 24_389.0 {
        116.0 * libm::cbrt(luminance) - 16.0
    } else {
        luminance * 24_389.0 / 27.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_and_back() {
        let scale = Lightness::new();
        for luma in 0..=255 * 16 {
            let back = scale.luma(scale.of(luma));
            assert!((back - i32::from(luma)).abs() <= 1, "{luma} {back}");
        }
        assert_eq!((scale.of(0), scale.of(255 * 16)), (0, 30_000));
    }

    #[test]
    fn an_edge_becomes_steeper_and_flat_stays_flat() {
        let row: Vec<u8> = [100, 150].iter().flat_map(|v| [*v; 10]).collect();
        let picture = Picture {
            model: Model::Grey,
            width: 20,
            height: 3,
            pixels: row.repeat(3),
        };
        let options = Options::parse("sharpen=1").unwrap();
        let made = sharpen(picture, &options).pixels;
        assert_eq!((made[0], made[19]), (100, 150));
        assert!(made[9] < 95 && made[10] > 155, "{made:?}");
    }
}
