//! What lies where the picture does not: in margins, in corners, under transparent pixels.

use super::colour;
use super::picture::{Picture, over};
use crate::{Colour, Model, Options, OutputFormat};

/// What margins and corners are filled with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ground {
    /// Nothing: they are transparent. A background that is half transparent lies under them at
    /// the end, see [`lay_under`].
    Clear,
    /// An opaque colour.
    Opaque(Colour),
}

impl Ground {
    /// Of an output in `format`.
    pub(super) fn new(options: &Options, format: OutputFormat) -> Self {
        match options.background {
            Some(colour) if colour.alpha == 255 => Self::Opaque(colour),
            _ if format.has_alpha() => Self::Clear,
            Some(colour) => Self::Opaque(on_white(colour)),
            None => Self::Opaque(Colour::WHITE),
        }
    }

    /// The picture in a model that has the ground among its pixels, and that pixel.
    pub(super) fn beside(self, picture: Picture) -> (Picture, Vec<u8>) {
        match self {
            Self::Clear => {
                let picture = with_alpha(colour::to_rgb(picture));
                let clear = vec![0; picture.model.channels()];
                (picture, clear)
            }
            Self::Opaque(ground) => {
                let picture = colour::beside(picture, ground);
                let pixel = colour::pixel(ground, picture.model);
                (picture, pixel)
            }
        }
    }
}

/// A half transparent colour on white paper.
fn on_white(colour: Colour) -> Colour {
    let on = |channel| over(channel, 255, colour.alpha);
    Colour {
        red: on(colour.red),
        green: on(colour.green),
        blue: on(colour.blue),
        alpha: 255,
    }
}

/// The picture with an opaque alpha channel if it had none. (YCbCr has to be RGB before.)
pub(super) fn with_alpha(picture: Picture) -> Picture {
    match picture.model {
        Model::Grey => {
            let pixels = picture
                .pixels
                .iter()
                .flat_map(|grey| [*grey, 255])
                .collect();
            picture.with(Model::GreyAlpha, pixels)
        }
        Model::Rgb => {
            let (rgb, _) = picture.pixels.as_chunks::<3>();
            let pixels = rgb.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
            picture.with(Model::Rgba, pixels)
        }
        Model::GreyAlpha | Model::Rgba | Model::YCbCr | Model::Cmyk => picture,
    }
}

/// Step: the picture on its background. Without one, on white where the output has no alpha.
pub(super) fn lay_under(picture: Picture, format: OutputFormat, options: &Options) -> Picture {
    if !picture.model.has_alpha() {
        return picture;
    }
    match (Ground::new(options, format), options.background) {
        (Ground::Opaque(ground), _) => flatten(picture, ground),
        (Ground::Clear, Some(ground)) if ground.alpha != 0 => tint(picture, ground),
        (Ground::Clear, _) => picture,
    }
}

/// The picture on an opaque ground.
fn flatten(picture: Picture, ground: Colour) -> Picture {
    let picture = colour::beside(picture, ground);
    let model = match picture.model {
        Model::GreyAlpha => Model::Grey,
        Model::Rgba => Model::Rgb,
        Model::Grey | Model::Rgb | Model::YCbCr | Model::Cmyk => return picture,
    };
    let below = colour::pixel(ground, model);
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

/// The picture on a half transparent ground (Porter-Duff, over).
#[allow(clippy::cast_possible_truncation, reason = "weighted means of bytes")]
fn tint(picture: Picture, ground: Colour) -> Picture {
    let mut picture = colour::beside(picture, ground);
    let below = colour::pixel(ground, picture.model);
    for pixel in picture.pixels.chunks_exact_mut(picture.model.channels()) {
        let Some((alpha, colours)) = pixel.split_last_mut() else {
            continue;
        };
        // All in 255ths of 255ths.
        let above = u32::from(*alpha) * 255;
        let under = (255 - u32::from(*alpha)) * u32::from(ground.alpha);
        let sum = (above + under).max(1);
        for (channel, below) in colours.iter_mut().zip(&below) {
            let mixed = u32::from(*channel) * above + u32::from(*below) * under;
            *channel = ((mixed + sum / 2) / sum) as u8;
        }
        *alpha = ((above + under + 127) / 255) as u8;
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(model: Model, pixel: &[u8]) -> Picture {
        Picture {
            model,
            width: 1,
            height: 1,
            pixels: pixel.to_vec(),
        }
    }

    fn laid(source: &[u8], text: &str, format: OutputFormat) -> Vec<u8> {
        let options = Options::parse(text).unwrap();
        lay_under(pixel(Model::Rgba, source), format, &options).pixels
    }

    #[test]
    fn transparent_pixels_show_what_lies_under_them() {
        let half = [200, 100, 0, 128];
        let (png, jpeg) = (OutputFormat::Png, OutputFormat::Jpeg);
        assert_eq!(laid(&half, "", png), half);
        assert_eq!(laid(&half, "", jpeg), [227, 177, 127]);
        assert_eq!(laid(&half, "bg=000", png), [100, 50, 0]);
        assert_eq!(laid(&[9, 9, 9, 0], "bg=ff000080", png), [255, 0, 0, 128]);
        assert_eq!(laid(&[9, 9, 9, 0], "bg=ff000080", jpeg), [255, 127, 127]);
        assert_eq!(laid(&half, "bg=0000ff80", png)[3], 192);
    }
}
