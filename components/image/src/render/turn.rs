//! Step: quarter turns and mirroring. After the resize, because there are fewer pixels.

use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

use super::picture::Picture;
use crate::turn::Turn;
use crate::{ImageError, Model};

/// The picture as it is seen.
pub(super) fn turn(picture: Picture, turn: Turn) -> Result<Picture, ImageError> {
    if turn == Turn::NONE {
        return Ok(picture);
    }
    let (model, width, height) = (picture.model, picture.width, picture.height);
    let pixels = picture.pixels;
    // Only pixels move, so it does not matter here that YCbCr is not RGB.
    let image = match model {
        Model::Grey => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        Model::GreyAlpha => GrayAlphaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        Model::Rgb | Model::YCbCr => {
            RgbImage::from_raw(width, height, pixels).map(DynamicImage::from)
        }
        Model::Rgba | Model::Cmyk => {
            RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from)
        }
    };
    let mut image = image.ok_or_else(|| ImageError::internal("too few pixels to turn"))?;
    image.apply_orientation(turn.orientation());
    Ok(Picture {
        model,
        width: image.width(),
        height: image.height(),
        pixels: image.into_bytes(),
    })
}
