//! Step: cut out what the plan keeps and resize it, with Lanczos3 as Sharp does.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::picture::Picture;
use crate::fit::Plan;
use crate::probe::upright;
use crate::{ImageError, Intermediate, Model};

/// The kept part of `intermediate` at the plan's size; still as stored, not yet upright.
pub(super) fn crop_and_resize(
    intermediate: &Intermediate,
    plan: &Plan,
) -> Result<Picture, ImageError> {
    let model = intermediate.model;
    let (have_w, have_h) = intermediate.size();
    let (width, height) = upright(plan.resized, intermediate.orientation);
    let (left, top, across, down) = kept(intermediate, plan);

    let mut picture = Picture {
        model,
        width,
        height,
        pixels: Vec::new(),
    };
    let whole = [left, top, across, down] == [0.0, 0.0, f64::from(have_w), f64::from(have_h)];
    if whole && (have_w, have_h) == (width, height) {
        picture.pixels.clone_from(&intermediate.pixels);
        return Ok(picture);
    }

    let pixel_type = match model {
        Model::Grey => PixelType::U8,
        Model::GreyAlpha => PixelType::U8x2,
        Model::Rgb | Model::YCbCr => PixelType::U8x3,
        Model::Rgba => PixelType::U8x4,
    };
    let source = ImageRef::new(have_w, have_h, &intermediate.pixels, pixel_type)
        .map_err(ImageError::internal)?;
    let mut output = Image::new(width, height, pixel_type);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(left, top, across, down)
        .use_alpha(model.has_alpha());
    Resizer::new()
        .resize(&source, &mut output, &options)
        .map_err(ImageError::internal)?;
    picture.pixels = output.into_vec();
    Ok(picture)
}

/// The kept part in pixels of the intermediate: left, top, width, height.
///
/// A bucket rounds sizes up, so the picture may end within the last pixel: the box does too.
fn kept(intermediate: &Intermediate, plan: &Plan) -> (f64, f64, f64, f64) {
    let (keep_w, keep_h) = if upright((0, 1), intermediate.orientation) == (0, 1) {
        plan.keep
    } else {
        (plan.keep.1, plan.keep.0)
    };
    let divisor = f64::from(intermediate.bucket.divisor());
    let full_w = f64::from(intermediate.source_size.0) / divisor;
    let full_h = f64::from(intermediate.source_size.1) / divisor;
    let (width, height) = (full_w * keep_w, full_h * keep_h);
    (
        (full_w - width) / 2.0,
        (full_h - height) / 2.0,
        width,
        height,
    )
}
