//! Step: cut a part out of whole pixels, after the resize.

use super::picture::Picture;
use crate::before::Area;
use crate::{ImageError, Options};

/// The part that `crop_after` names.
///
/// # Errors
/// [`ImageError::BadOptions`] where it lies outside.
pub(super) fn crop_after(picture: Picture, options: &Options) -> Result<Picture, ImageError> {
    let Some(rect) = &options.crop_after else {
        return Ok(picture);
    };
    let area = Area::of(rect, (picture.width, picture.height), "crop_after")?;
    Ok(cut(picture, area))
}

/// The pixels of `area`, which lies within.
pub(super) fn cut(picture: Picture, area: Area) -> Picture {
    let channels = picture.model.channels();
    let (left, bytes) = (area.x as usize * channels, area.width as usize * channels);
    let rows = picture.pixels.chunks_exact(picture.row_bytes());
    let pixels = rows
        .skip(area.y as usize)
        .take(area.height as usize)
        .flat_map(|row| row.iter().skip(left).take(bytes))
        .copied()
        .collect();
    Picture {
        width: area.width,
        height: area.height,
        pixels,
        ..picture
    }
}
