//! Step: brightness, saturation, contrast and grayscale.

use super::colour;
use super::lab::Lab;
use super::picture::Picture;
use crate::light::{Curve, Light};
use crate::{Model, Options};

/// Brightness and saturation as Sharp's `modulate`: factors of CIE lightness and chroma.
pub(super) fn modulate(picture: Picture, options: &Options) -> Picture {
    if options.brightness.is_none() && options.saturation.is_none() {
        return picture;
    }
    let factor = |percent: Option<u16>| f32::from(percent.unwrap_or(100)) / 100.0;
    let lab = Lab::new(factor(options.brightness), factor(options.saturation));
    let mut picture = colour::to_rgb(picture);
    if picture.model.is_grey() {
        let mut table = [0; 256];
        for (grey, out) in (0..=255).zip(&mut table) {
            [*out, _, _] = lab.modulated([grey; 3]);
        }
        return picture.map(&table);
    }
    // Neighbours are often equal.
    let mut last = ([0; 3], lab.modulated([0; 3]));
    for pixel in picture.pixels.chunks_exact_mut(picture.model.channels()) {
        if let [r, g, b, ..] = pixel {
            if last.0 != [*r, *g, *b] {
                last = ([*r, *g, *b], lab.modulated([*r, *g, *b]));
            }
            [*r, *g, *b] = last.1;
        }
    }
    picture
}

/// Contrast about the middle grey, 128.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
pub(super) fn contrast(picture: Picture, options: &Options) -> Picture {
    let Some(percent) = options.contrast else {
        return picture;
    };
    // In YCbCr it is the same: 128 is the middle of colours, too. But what is clamped is not.
    let picture = colour::to_rgb(picture);
    let mut table = [0; 256];
    for (value, out) in (0..256_i32).zip(&mut table) {
        let stretched = (value - 128) * i32::from(percent);
        *out = (128 + (stretched + 50).div_euclid(100)).clamp(0, 255) as u8;
    }
    picture.map(&table)
}

/// Luminance only: that of the light, as libvips has it.
pub(super) fn grayscale(picture: Picture, options: &Options) -> Picture {
    if !options.grayscale || picture.model.is_grey() {
        return picture;
    }
    let picture = colour::to_rgb(picture);
    let light = Light::new(Curve::Srgb);
    let grey = |rgb: [u8; 3]| light.byte(light.luminance(rgb));
    match picture.model {
        Model::Rgba => {
            let (pixels, _) = picture.pixels.as_chunks::<4>();
            let made = pixels
                .iter()
                .flat_map(|[r, g, b, a]| [grey([*r, *g, *b]), *a]);
            let made = made.collect();
            picture.with(Model::GreyAlpha, made)
        }
        _ => {
            let (pixels, _) = picture.pixels.as_chunks::<3>();
            let made = pixels.iter().map(|rgb| grey(*rgb)).collect();
            picture.with(Model::Grey, made)
        }
    }
}
