//! The second half of the work: from an [`Intermediate`] to an encoded output. [`render()`] is
//! the list of its steps; each step is a file of this folder.

mod blur;
mod colour;
mod crop;
mod encode;
mod gauss;
mod ground;
mod lab;
mod opaque;
mod pad;
mod picture;
mod quality;
mod radius;
mod resize;
mod rotate;
mod sharpen;
mod smart;
mod ssim;
mod tone;
mod trim;
mod turn;
mod unbuilt;
mod view;
mod watermark;
mod webp;

use self::ground::Ground;
use self::view::View;
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
    overlay: Option<&[u8]>,
    options: &Options,
    limits: &Limits,
) -> Result<Rendered, ImageError> {
    options.check()?;
    unbuilt::refuse(options)?;
    let kept = || intermediate.format.output(intermediate.model.has_alpha());
    let format = options.format.unwrap_or_else(kept);
    let ground = Ground::new(options, format);

    let view = View::new(intermediate, options, ground)?;
    let plan = Plan::new(view.size, options)?;
    let turned = view.turn;
    let picture = resize::crop_and_resize(view, &plan, options)?;
    let picture = turn::turn(picture, turned)?;
    let picture = smart::crop(picture, &plan, options)?;
    let picture = colour::to_output_model(picture, format);
    let picture = opaque::drop_unused_alpha(picture);
    let picture = pad::on_canvas(picture, plan.canvas, plan.place, ground);
    let picture = crop::crop_after(picture, options)?;
    let picture = blur::blur(picture, options);
    let picture = sharpen::sharpen(picture, options);
    let picture = tone::modulate(picture, options);
    let picture = tone::contrast(picture, options);
    let picture = tone::grayscale(picture, options);
    let picture = pad::pad(picture, ground, options)?;
    let picture = watermark::lay_over(picture, overlay, options, limits)?;
    let picture = radius::round_corners(picture, options);
    let picture = ground::lay_under(picture, format, options);
    quality::encode_at(&picture, &intermediate.icc, format, options)
}
