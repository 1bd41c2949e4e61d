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
mod unbuilt;

use crate::fit::Plan;
use crate::{ImageError, Intermediate, Limits, Options, OutputFormat};

/// An encoded image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: OutputFormat,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Make `options` from `intermediate`. `overlay` is the source file of the watermark, read under
/// `limits`.
///
/// # Errors
/// [`ImageError::BadOptions`].
pub fn render(
    intermediate: &Intermediate,
    _overlay: Option<&[u8]>,
    options: &Options,
    _limits: &Limits,
) -> Result<Rendered, ImageError> {
    options.check()?;
    unbuilt::refuse(options)?;
    let plan = Plan::new(intermediate.upright_size(), options)?;
    let kept = || intermediate.format.output(intermediate.model.has_alpha());
    let format = options.format.unwrap_or_else(kept);

    let picture = resize::crop_and_resize(intermediate, &plan)?;
    let picture = orient::turn_upright(picture, intermediate.orientation)?;
    let picture = colour::to_output_model(picture, format);
    let picture = opaque::drop_unused_alpha(picture);
    let picture = pad::pad_to_canvas(picture, plan.canvas, format, options);
    let picture = flatten::flatten_for_jpeg(picture, format, options);
    encode::encode(&picture, &intermediate.icc, format, options)
}
