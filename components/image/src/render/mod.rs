//! The second half of the work: from an [`Intermediate`] to an encoded output. [`render()`] is
//! the list of its steps; each step is a file of this folder.

mod blur;
mod colour;
mod crop;
mod encode;
mod gauss;
mod ground;
mod kept;
mod lab;
mod opaque;
mod pad;
mod picture;
mod profile;
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
mod view;
mod watermark;

pub(crate) use self::kept::pixels_of;

use self::encode::{About, Metadata};
use self::ground::Ground;
use self::picture::Picture;
use self::view::View;
use crate::fit::Plan;
use crate::intermediate::Content;
use crate::probe::Info;
use crate::raster::Raster;
use crate::{Format, ImageError, Intermediate, Limits, Model, Options, OutputFormat};

/// The longest side of the picture that a description is made from.
pub(crate) const DESCRIBED_SIDE: u32 = 100;

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
/// [`ImageError::BadOptions`]; of an intermediate that is a file also those of its decoder.
pub fn render(
    intermediate: &Intermediate,
    overlay: Option<&[u8]>,
    options: &Options,
    limits: &Limits,
) -> Result<Rendered, ImageError> {
    options.check()?;
    if options.format == Some(OutputFormat::Json) {
        return describe(intermediate, limits);
    }
    let wanted = Wanted {
        overlay,
        options,
        limits,
    };
    match &intermediate.content {
        Content::Pixels(raster) => still(raster, intermediate.has_alpha, &wanted),
        Content::File(file) if file.format == Format::Svg => {
            let (raster, options) = kept::svg(file, options, limits)?;
            let options = &options;
            still(&raster, true, &Wanted { options, ..wanted })
        }
        Content::File(file) => {
            let format = options
                .format
                .unwrap_or(file.format.output(intermediate.has_alpha));
            let moves = matches!(format, OutputFormat::Gif | OutputFormat::Webp);
            if moves && !options.still {
                return kept::animation(file, format, &wanted);
            }
            still(
                &kept::first_frame(file, limits)?,
                intermediate.has_alpha,
                &wanted,
            )
        }
    }
}

/// What is to be made, besides from what.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    overlay: Option<&'a [u8]>,
    options: &'a Options,
    limits: &'a Limits,
}

fn still(raster: &Raster, has_alpha: bool, wanted: &Wanted<'_>) -> Result<Rendered, ImageError> {
    let options = wanted.options;
    let kept = || raster.format.output(has_alpha);
    let format = options.format.unwrap_or_else(kept);
    let (picture, icc) = draw(raster, format, wanted)?;
    let metadata = Metadata {
        icc: &icc,
        exif: if options.keep.copyright {
            &raster.rights
        } else {
            &[]
        },
    };
    quality::encode_at(&picture, metadata, format, options)
}

/// The pixels of an output, and the profile that goes into it.
fn draw(
    raster: &Raster,
    format: OutputFormat,
    wanted: &Wanted<'_>,
) -> Result<(Picture, Vec<u8>), ImageError> {
    let Wanted {
        overlay,
        options,
        limits,
    } = *wanted;
    let ground = Ground::new(options, format);
    let light;
    let raster = if raster.model == Model::Cmyk {
        // No step knows inks, and they are rare.
        light = profile::without_inks(raster)?;
        &light
    } else {
        raster
    };

    let view = View::new(raster, options, ground)?;
    let plan = Plan::new(view.size, options)?;
    let turned = view.turn;
    let picture = resize::crop_and_resize(view, &plan, options)?;
    let picture = turn::turn(picture, turned)?;
    let picture = smart::crop(picture, &plan, options)?;
    let (picture, keeps_profile) = profile::to_srgb(picture, &raster.icc, options.keep.icc)?;
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
    let icc = if keeps_profile {
        raster.icc.clone()
    } else {
        Vec::new()
    };
    Ok((picture, icc))
}

/// `f=json`: about the source, whatever the other options are.
fn describe(intermediate: &Intermediate, limits: &Limits) -> Result<Rendered, ImageError> {
    let drawn;
    let raster = match &intermediate.content {
        Content::Pixels(raster) => raster,
        Content::File(file) => {
            drawn = kept::small(file, DESCRIBED_SIDE, limits)?;
            &drawn
        }
    };
    let (size, orientation, format) = match &intermediate.content {
        Content::Pixels(raster) => (raster.source_size, raster.orientation, raster.format),
        Content::File(file) => (file.size, file.orientation, file.format),
    };
    let mut options = Options::new(OutputFormat::Png);
    (options.width, options.height) = (Some(DESCRIBED_SIDE), Some(DESCRIBED_SIDE));
    let wanted = Wanted {
        overlay: None,
        options: &options,
        limits,
    };
    let (picture, _) = draw(raster, OutputFormat::Png, &wanted)?;
    let info = Info::new(format, size, orientation, intermediate.has_alpha);
    let about = About {
        info: info.of_frames(intermediate.frames),
        bytes: intermediate.source_bytes,
    };
    Ok(Rendered {
        bytes: encode::describe(&about, &picture)?,
        format: OutputFormat::Json,
        width: info.width,
        height: info.height,
    })
}
