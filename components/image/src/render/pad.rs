//! Step: lay the picture on a larger canvas, for `contain`.

use super::colour;
use super::picture::Picture;
use crate::fit::Size;
use crate::{Colour, Model, Options, OutputFormat};

/// The picture in the middle of a canvas of `canvas` pixels. The margins have the background;
/// without one they are transparent, or white where the output has no alpha.
pub(super) fn pad_to_canvas(
    picture: Picture,
    canvas: Size,
    format: OutputFormat,
    options: &Options,
) -> Picture {
    if (picture.width, picture.height) == canvas {
        return picture;
    }
    let transparent = options.background.is_none() && format.has_alpha();
    let background = options.background.unwrap_or(Colour::WHITE);
    let picture = if transparent {
        with_alpha(picture)
    } else {
        colour::beside(picture, background)
    };
    let (model, channels) = (picture.model, picture.model.channels());
    let margin = if transparent {
        vec![0; channels]
    } else {
        colour::pixel(background, model)
    };

    let (width, height) = (canvas.0 as usize, canvas.1 as usize);
    let row_bytes = picture.width as usize * channels;
    let left = width.saturating_sub(picture.width as usize) / 2;
    let right = width.saturating_sub(picture.width as usize) - left;
    let top = height.saturating_sub(picture.height as usize) / 2;
    let bottom = height.saturating_sub(picture.height as usize) - top;

    let mut pixels = Vec::with_capacity(width * height * channels);
    pixels.extend(margin.iter().cycle().take(top * width * channels));
    for row in picture.pixels.chunks_exact(row_bytes.max(1)) {
        pixels.extend(margin.iter().cycle().take(left * channels));
        pixels.extend_from_slice(row);
        pixels.extend(margin.iter().cycle().take(right * channels));
    }
    pixels.extend(margin.iter().cycle().take(bottom * width * channels));
    Picture {
        model,
        width: canvas.0,
        height: canvas.1,
        pixels,
    }
}

/// The picture with an opaque alpha channel if it had none. (YCbCr never comes here: it is for
/// JPEG outputs only.)
fn with_alpha(picture: Picture) -> Picture {
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
        Model::GreyAlpha | Model::Rgba | Model::YCbCr => picture,
    }
}
