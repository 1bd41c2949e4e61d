//! Step: lay transparent pixels on the background, for JPEG.

use super::colour;
use super::picture::Picture;
use crate::{Colour, Model, Options, OutputFormat};

/// The picture without alpha if the output is JPEG.
pub(super) fn flatten_for_jpeg(
    picture: Picture,
    format: OutputFormat,
    options: &Options,
) -> Picture {
    if format != OutputFormat::Jpeg || !picture.model.has_alpha() {
        return picture;
    }
    let background = options.background.unwrap_or(Colour::WHITE);
    let picture = colour::beside(picture, background);
    let model = match picture.model {
        Model::GreyAlpha => Model::Grey,
        Model::Rgba => Model::Rgb,
        Model::Grey | Model::Rgb | Model::YCbCr => return picture,
    };
    let below = colour::pixel(background, model);
    let mut pixels = Vec::with_capacity(picture.width as usize * picture.height as usize * 3);
    for pixel in picture.pixels.chunks_exact(picture.model.channels()) {
        if let Some((alpha, colours)) = pixel.split_last() {
            pixels.extend(
                colours
                    .iter()
                    .zip(&below)
                    .map(|(c, b)| over(*c, *b, *alpha)),
            );
        }
    }
    picture.with(model, pixels)
}

/// `above` with `alpha` over an opaque `below` (Porter-Duff).
#[allow(clippy::cast_possible_truncation, reason = "a mean of two bytes")]
fn over(above: u8, below: u8, alpha: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((u32::from(above) * alpha + u32::from(below) * (255 - alpha) + 127) / 255) as u8
}
