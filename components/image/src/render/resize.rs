//! Step: cut out what the plan keeps and resize it as Sharp does: smaller with Lanczos3, larger
//! with a bicubic.

use std::borrow::Cow;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, IntoImageView, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::colour;
use super::picture::Picture;
use super::view::View;
use crate::fit::{Plan, Size};
use crate::light::{Curve, Light};
use crate::{ImageError, Model, Options};

/// The kept part of the view at the plan's size; still as stored, not yet turned.
pub(super) fn crop_and_resize(
    view: View<'_>,
    plan: &Plan,
    options: &Options,
) -> Result<Picture, ImageError> {
    let seen = if plan.from.is_some() {
        plan.kept
    } else {
        plan.scaled
    };
    let size = view.turn.size(seen);
    let area = view.area_of(plan.part());
    let whole = [0.0, 0.0, f64::from(view.stored.0), f64::from(view.stored.1)];
    if area == whole && view.stored == size {
        return Ok(Picture {
            model: view.model,
            width: size.0,
            height: size.1,
            pixels: view.pixels.into_owned(),
        });
    }
    match curve(options) {
        Some(curve) => resize_light(view, area, size, &Light::new(curve)),
        None => resize_bytes(&view, area, size),
    }
}

/// In which light to resize; `None`: bytes as they are.
fn curve(options: &Options) -> Option<Curve> {
    if options.linear {
        return Some(Curve::Srgb);
    }
    let power = |gamma| Curve::Power(f64::from(gamma) / 100.0);
    options.gamma.map(power)
}

/// `area` of the view at `size`, in bytes.
pub(super) fn resize_bytes(
    view: &View<'_>,
    area: [f64; 4],
    size: Size,
) -> Result<Picture, ImageError> {
    let pixel_type = match view.model {
        Model::Grey => PixelType::U8,
        Model::GreyAlpha => PixelType::U8x2,
        Model::Rgb | Model::YCbCr => PixelType::U8x3,
        Model::Rgba | Model::Cmyk => PixelType::U8x4,
    };
    let source = ImageRef::new(view.stored.0, view.stored.1, &view.pixels, pixel_type)
        .map_err(ImageError::internal)?;
    let pixels = resample(&source, view.stored, pixel_type, view.model, area, size)?;
    Ok(Picture {
        model: view.model,
        width: size.0,
        height: size.1,
        pixels,
    })
}

/// `area` of the view at `size`, in amounts of light of 16 bits.
fn resize_light(
    view: View<'_>,
    area: [f64; 4],
    size: Size,
    light: &Light,
) -> Result<Picture, ImageError> {
    let (model, stored) = (view.model, view.stored);
    let (model, pixels) = match (model, view.pixels) {
        (Model::YCbCr, pixels) => {
            let (triples, _) = pixels.as_chunks::<3>();
            let rgb = triples.iter().flat_map(|p| colour::ycbcr_to_rgb(*p));
            (Model::Rgb, Cow::Owned(rgb.collect()))
        }
        (model, pixels) => (model, pixels),
    };
    let pixel_type = match model {
        Model::Grey => PixelType::U16,
        Model::GreyAlpha => PixelType::U16x2,
        Model::Rgb | Model::YCbCr => PixelType::U16x3,
        Model::Rgba | Model::Cmyk => PixelType::U16x4,
    };
    let (channels, alpha) = (model.channels(), model.has_alpha());
    let is_alpha = |at: usize| alpha && at % channels == channels - 1;
    // The crate's own image, because its samples have to be aligned.
    let mut wide = Image::new(stored.0, stored.1, pixel_type);
    let (samples, _) = wide.buffer_mut().as_chunks_mut::<2>();
    for (at, (sample, byte)) in samples.iter_mut().zip(pixels.iter()).enumerate() {
        let amount = if is_alpha(at) {
            u16::from(*byte) * 257
        } else {
            light.amount(*byte)
        };
        *sample = amount.to_ne_bytes();
    }
    drop(pixels);
    let wide = resample(&wide, stored, pixel_type, model, area, size)?;
    let (pairs, _) = wide.as_chunks::<2>();
    let pixels = pairs.iter().enumerate().map(|(at, pair)| {
        let amount = u16::from_ne_bytes(*pair);
        if is_alpha(at) {
            // The nearest byte: 65,535 is 255 times 257.
            u8::try_from((u32::from(amount) + 128) / 257).unwrap_or(255)
        } else {
            light.byte(amount)
        }
    });
    Ok(Picture {
        model,
        width: size.0,
        height: size.1,
        pixels: pixels.collect(),
    })
}

fn resample(
    source: &impl IntoImageView,
    stored: Size,
    pixel_type: PixelType,
    model: Model,
    [left, top, width, height]: [f64; 4],
    size: Size,
) -> Result<Vec<u8>, ImageError> {
    // Rounding must not put the area over the edge.
    let left = left.max(0.0).min(f64::from(stored.0));
    let top = top.max(0.0).min(f64::from(stored.1));
    let width = width.min(f64::from(stored.0) - left);
    let height = height.min(f64::from(stored.1) - top);
    // What grows is smoother by a bicubic; libvips takes it, too.
    let grows = width <= f64::from(size.0) && height <= f64::from(size.1);
    let filter = if grows {
        FilterType::CatmullRom
    } else {
        FilterType::Lanczos3
    };
    let mut output = Image::new(size.0, size.1, pixel_type);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .crop(left, top, width, height)
        .use_alpha(model.has_alpha());
    Resizer::new()
        .resize(source, &mut output, &options)
        .map_err(ImageError::internal)?;
    Ok(output.into_vec())
}
