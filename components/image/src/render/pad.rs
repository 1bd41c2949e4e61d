//! Step: lay the picture on a larger canvas, for `contain` and for `pad`.

use super::ground::Ground;
use super::picture::Picture;
use crate::fit::{Size, check_output};
use crate::{ImageError, Options};

/// The picture with the margins of `pad`.
///
/// # Errors
/// [`ImageError::BadOptions`] where that is too large.
pub(super) fn pad(
    picture: Picture,
    ground: Ground,
    options: &Options,
) -> Result<Picture, ImageError> {
    let Some(edges) = options.pad else {
        return Ok(picture);
    };
    let side = |length: u32, one: u32, other: u32| length.saturating_add(one).saturating_add(other);
    let canvas = (
        side(picture.width, edges.left, edges.right),
        side(picture.height, edges.top, edges.bottom),
    );
    check_output(canvas)?;
    Ok(on_canvas(picture, canvas, (edges.left, edges.top), ground))
}

/// The picture on a canvas of `canvas` pixels, its upper left corner at `place`; all of it must
/// fit. The margins are the ground.
pub(super) fn on_canvas(
    picture: Picture,
    canvas: Size,
    place: (u32, u32),
    ground: Ground,
) -> Picture {
    if (picture.width, picture.height) == canvas {
        return picture;
    }
    let (picture, margin) = ground.beside(picture);
    let channels = picture.model.channels();

    let (width, height) = (canvas.0 as usize, canvas.1 as usize);
    let (left, top) = (place.0 as usize, place.1 as usize);
    let right = width.saturating_sub(picture.width as usize + left);
    let bottom = height.saturating_sub(picture.height as usize + top);

    let mut pixels = Vec::with_capacity(width * height * channels);
    pixels.extend(margin.iter().cycle().take(top * width * channels));
    for row in picture.pixels.chunks_exact(picture.row_bytes()) {
        pixels.extend(margin.iter().cycle().take(left * channels));
        pixels.extend_from_slice(row);
        pixels.extend(margin.iter().cycle().take(right * channels));
    }
    pixels.extend(margin.iter().cycle().take(bottom * width * channels));
    Picture {
        model: picture.model,
        width: canvas.0,
        height: canvas.1,
        pixels,
    }
}
