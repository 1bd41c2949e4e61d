//! The second half of the work: from an [`Intermediate`] to an encoded output. [`render()`] is
//! the list of its steps; each step is a file of this folder.

mod colour;
mod encode;
mod flatten;
mod opaque;
mod orient;
mod pad;
mod picture;
mod resize;
mod webp;

use crate::fit::Plan;
use crate::{Format, ImageError, Intermediate, Options};

/// An encoded image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: Format,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Make `options` from `intermediate`.
///
/// # Errors
/// [`ImageError::BadOptions`].
pub fn render(intermediate: &Intermediate, options: &Options) -> Result<Rendered, ImageError> {
    options.check()?;
    let plan = Plan::new(intermediate.upright_size(), options)?;

    let picture = resize::crop_and_resize(intermediate, &plan)?;
    let picture = orient::turn_upright(picture, intermediate.orientation)?;
    let picture = colour::to_output_model(picture, options.format);
    let picture = opaque::drop_unused_alpha(picture);
    let picture = pad::pad_to_canvas(picture, plan.canvas, options);
    let picture = flatten::flatten_for_jpeg(picture, options);
    encode::encode(&picture, &intermediate.icc, options)
}
