//! Step: a Gaussian blur, with Sharp's mask.

use super::gauss::Mask;
use super::picture::Picture;
use crate::{Model, Options};

/// How much of its peak a Gaussian must have to be part of the mask; Sharp's default.
const LEAST: f64 = 0.2;

/// The picture blurred by the options' sigma.
pub(super) fn blur(mut picture: Picture, options: &Options) -> Picture {
    let Some(sigma) = options.blur else {
        return picture;
    };
    let mask = Mask::new(f64::from(sigma) / 100.0, LEAST);
    let width = picture.width as usize;
    picture.premultiply();
    match picture.model {
        Model::Grey => mask.blur::<u8, 1>(&mut picture.pixels, width),
        Model::GreyAlpha => mask.blur::<u8, 2>(&mut picture.pixels, width),
        Model::Rgb | Model::YCbCr => mask.blur::<u8, 3>(&mut picture.pixels, width),
        Model::Rgba | Model::Cmyk => mask.blur::<u8, 4>(&mut picture.pixels, width),
    }
    picture.divide_by_alpha();
    picture
}
