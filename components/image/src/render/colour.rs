//! Step: YCbCr becomes RGB unless the output is JPEG, which stores it as it is.

use super::picture::Picture;
use crate::{Colour, Model, OutputFormat};

/// The picture in a model that `format` can store.
pub(super) fn to_output_model(picture: Picture, format: OutputFormat) -> Picture {
    if picture.model != Model::YCbCr || format == OutputFormat::Jpeg {
        return picture;
    }
    to_rgb(picture)
}

/// The picture in RGB if it was YCbCr.
pub(super) fn to_rgb(picture: Picture) -> Picture {
    if picture.model != Model::YCbCr {
        return picture;
    }
    let (pixels, _) = picture.pixels.as_chunks::<3>();
    let rgb = pixels.iter().flat_map(|p| ycbcr_to_rgb(*p)).collect();
    picture.with(Model::Rgb, rgb)
}

/// Full-range BT.601 (JFIF 1.02, page 3), in 16-bit fixed point.
pub(super) fn ycbcr_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let y = (i32::from(y) << 16) + (1 << 15);
    let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
    [
        y + 91_881 * cr,
        y - 22_554 * cb - 46_802 * cr,
        y + 116_130 * cb,
    ]
    .map(byte)
}

/// The picture in a model that can hold `colour`: grey becomes RGB beside anything not grey.
pub(super) fn beside(picture: Picture, colour: Colour) -> Picture {
    if colour.red == colour.green && colour.green == colour.blue {
        return picture;
    }
    in_rgb(picture)
}

/// The picture in RGB if it was grey.
pub(super) fn in_rgb(picture: Picture) -> Picture {
    match picture.model {
        Model::Grey => {
            let rgb = picture.pixels.iter().flat_map(|g| [*g; 3]).collect();
            picture.with(Model::Rgb, rgb)
        }
        Model::GreyAlpha => {
            let (pixels, _) = picture.pixels.as_chunks::<2>();
            let rgba = pixels.iter().flat_map(|[g, a]| [*g, *g, *g, *a]).collect();
            picture.with(Model::Rgba, rgba)
        }
        Model::Rgb | Model::Rgba | Model::YCbCr | Model::Cmyk => picture,
    }
}

/// Luma (BT.601) of every pixel, alpha left out.
pub(super) fn luma(picture: &Picture) -> Vec<u8> {
    let pixels = picture.pixels.chunks_exact(picture.model.channels());
    let ycbcr = picture.model == Model::YCbCr;
    pixels
        .map(|pixel| match *pixel {
            [r, g, b] | [r, g, b, _] if !ycbcr => rgb_to_ycbcr([r, g, b])[0],
            [grey, ..] => grey,
            [] => 0,
        })
        .collect()
}

/// The inverse of [`ycbcr_to_rgb`].
pub(super) fn rgb_to_ycbcr([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(i32::from);
    let half = 1 << 15;
    [
        byte(19_595 * r + 38_470 * g + 7_471 * b + half),
        byte(-11_059 * r - 21_709 * g + 32_768 * b + (128 << 16) + half - 1),
        byte(32_768 * r - 27_439 * g - 5_329 * b + (128 << 16) + half - 1),
    ]
}

/// A colour as a pixel of `model`, opaque.
pub(super) fn pixel(colour: Colour, model: Model) -> Vec<u8> {
    let Colour {
        red, green, blue, ..
    } = colour;
    let ycbcr = rgb_to_ycbcr([red, green, blue]);
    let [luma, ..] = ycbcr;
    match model {
        Model::Grey => vec![luma],
        Model::GreyAlpha => vec![luma, 255],
        Model::Rgb => vec![red, green, blue],
        Model::Rgba => vec![red, green, blue, 255],
        Model::YCbCr => ycbcr.to_vec(),
        Model::Cmyk => vec![255 - red, 255 - green, 255 - blue, 0],
    }
}

/// The whole part of a 16-bit fixed-point number, clamped.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(fixed: i32) -> u8 {
    (fixed >> 16).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_near() {
        for red in (0..=255).step_by(17) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(17) {
                    let colour = Colour {
                        red,
                        green,
                        blue,
                        alpha: 255,
                    };
                    let ycbcr = pixel(colour, Model::YCbCr);
                    let back = ycbcr_to_rgb(ycbcr.try_into().unwrap());
                    for (a, b) in [red, green, blue].into_iter().zip(back) {
                        assert!(a.abs_diff(b) <= 2, "{colour:?} {back:?}");
                    }
                }
            }
        }
        assert_eq!(pixel(Colour::WHITE, Model::YCbCr), [255, 128, 128]);
        assert_eq!(pixel(Colour::WHITE, Model::GreyAlpha), [255, 255]);
    }
}
