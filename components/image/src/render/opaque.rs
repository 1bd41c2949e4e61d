//! Step: drop an alpha channel that is opaque everywhere. The output is smaller for it.

use super::picture::Picture;
use crate::Model;

/// The picture without alpha if no pixel uses it.
pub(super) fn drop_unused_alpha(picture: Picture) -> Picture {
    match picture.model {
        Model::Rgba => {
            let (pixels, _) = picture.pixels.as_chunks::<4>();
            if pixels.iter().any(|[.., alpha]| *alpha != 255) {
                return picture;
            }
            let rgb = pixels
                .iter()
                .flat_map(|[r, g, b, _]| [*r, *g, *b])
                .collect();
            picture.with(Model::Rgb, rgb)
        }
        Model::GreyAlpha => {
            let (pixels, _) = picture.pixels.as_chunks::<2>();
            if pixels.iter().any(|[_, alpha]| *alpha != 255) {
                return picture;
            }
            let grey = pixels.iter().map(|[grey, _]| *grey).collect();
            picture.with(Model::Grey, grey)
        }
        Model::Grey | Model::Rgb | Model::YCbCr | Model::Cmyk => picture,
    }
}
