//! Sources that are still files: SVG is drawn at the size of the output, an animation goes through
//! the steps frame by frame, so that only one is held.

use std::borrow::Cow;

use super::encode::{GifWriter, Metadata, WebpWriter};
use super::picture::Picture;
use super::{Rendered, Wanted, draw};
use crate::decode::frames::Frames;
use crate::decode::svg;
use crate::fit::{Plan, Size};
use crate::intermediate::{Content, File};
use crate::{
    Bucket, Format, Gravity, ImageError, Intermediate, Length, Limits, Options, OutputFormat,
    PIXELS_OUT_MAX, Raster, Rect,
};

/// An SVG at the size that `options` need, and the options for it: lengths in pixels of the source
/// are other ones then. An SVG is as large as one likes: it may be enlarged.
pub(super) fn svg(
    file: &File,
    options: &Options,
    limits: &Limits,
) -> Result<(Raster, Options), ImageError> {
    let mut options = options.clone();
    options.enlarge = true;
    let plan = Plan::new(file.size, &options)?;
    let (across, down) = plan.reduction();
    let (width, height) = (
        f64::from(file.size.0) / across,
        f64::from(file.size.1) / down,
    );
    // What is cut off later must fit into an output as well; if it does not, it is enlarged later.
    let most = PIXELS_OUT_MAX.min(limits.pixels_max) as f64;
    let side = f64::from(limits.dimension_max);
    let fits = (most / (width * height))
        .sqrt()
        .min(side / width)
        .min(side / height)
        .min(1.0);
    let size = (whole(width * fits), whole(height * fits));
    let scale = (
        f64::from(size.0) / f64::from(file.size.0),
        f64::from(size.1) / f64::from(file.size.1),
    );
    options.crop = options.crop.map(|rect| scaled(rect, scale));
    Ok((svg::draw(&file.bytes, size, limits)?, options))
}

fn scaled(rect: Rect, (across, down): (f64, f64)) -> Rect {
    let by = |length: Length, scale: f64| match length {
        Length::Pixels(pixels) => Length::Pixels((f64::from(pixels) * scale).round() as u32),
        share @ Length::Share(_) => share,
    };
    Rect {
        x: by(rect.x, across),
        y: by(rect.y, down),
        width: by(rect.width, across),
        height: by(rect.height, down),
    }
}

/// A whole number of pixels, at least one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive and bounded by the limits"
)]
fn whole(length: f64) -> u32 {
    // A side that is whole but for the last bits stays what it is.
    (length - 1e-6).ceil().max(1.0) as u32
}

/// Small pixels of a file, to describe it.
pub(super) fn small(file: &File, side: u32, limits: &Limits) -> Result<Raster, ImageError> {
    if file.format != Format::Svg {
        return first_frame(file, limits);
    }
    let (width, height) = (f64::from(file.size.0), f64::from(file.size.1));
    let scale = f64::from(side) / width.max(height);
    svg::draw(
        &file.bytes,
        (whole(width * scale), whole(height * scale)),
        limits,
    )
}

/// The pixels of any intermediate: of an SVG at its own size, of an animation its first frame.
///
/// # Errors
/// Those of the decoder of a file.
pub(crate) fn pixels_of<'i>(
    intermediate: &'i Intermediate,
    limits: &Limits,
) -> Result<Cow<'i, Raster>, ImageError> {
    Ok(match &intermediate.content {
        Content::Pixels(raster) => Cow::Borrowed(raster),
        Content::File(file) if file.format == Format::Svg => {
            Cow::Owned(svg::draw(&file.bytes, file.size, limits)?)
        }
        Content::File(file) => Cow::Owned(first_frame(file, limits)?),
    })
}

/// The first frame of an animation.
pub(super) fn first_frame(file: &File, limits: &Limits) -> Result<Raster, ImageError> {
    let mut frames = open(file, limits)?;
    if frames.advance()?.is_none() {
        return Err(ImageError::corrupt("an animation without a frame"));
    }
    raster(file, &frames).checked()
}

fn open<'a>(file: &'a File, limits: &Limits) -> Result<Frames<'a>, ImageError> {
    let frames = Frames::open(file.format, &file.bytes, limits)?;
    if frames.size != file.size {
        return Err(ImageError::BadIntermediate("a file of another size"));
    }
    Ok(frames)
}

/// The picture that `frames` show.
fn raster(file: &File, frames: &Frames<'_>) -> Raster {
    Raster {
        model: frames.model,
        orientation: file.orientation,
        format: file.format,
        bucket: Bucket::Full,
        source_size: file.size,
        icc: file.icc.clone(),
        rights: file.rights.clone(),
        pixels: frames.screen().to_vec(),
    }
}

/// All frames, as `format`.
pub(super) fn animation(
    file: &File,
    format: OutputFormat,
    wanted: &Wanted<'_>,
) -> Result<Rendered, ImageError> {
    let mut frames = open(file, wanted.limits)?;
    frames.check(wanted.limits)?;
    let options = alike(wanted.options);
    let wanted = Wanted {
        options: &options,
        ..*wanted
    };
    let rights: &[u8] = if options.keep.copyright {
        &file.rights
    } else {
        &[]
    };
    let mut writer = None;
    let mut size = (0, 0);
    while let Some(delay_ms) = frames.advance()? {
        let raster = raster(file, &frames).checked()?;
        let (picture, icc) = draw(&raster, format, &wanted)?;
        if writer.is_none() {
            size = (picture.width, picture.height);
            check_output(size, frames.count)?;
            let metadata = Metadata {
                icc: &icc,
                exif: rights,
            };
            writer = Some(Writer::new(format, size, frames.plays, metadata, &options)?);
        }
        if let Some(writer) = &mut writer {
            writer.push(&picture, delay_ms)?;
        }
    }
    let writer = writer.ok_or_else(|| ImageError::corrupt("an animation without a frame"))?;
    Ok(Rendered {
        bytes: writer.finish()?,
        format,
        width: size.0,
        height: size.1,
    })
}

/// The options without what would be another choice in each frame.
fn alike(options: &Options) -> Options {
    let mut options = options.clone();
    if matches!(options.gravity, Gravity::Entropy | Gravity::Attention) {
        options.gravity = Gravity::Centre;
    }
    options.trim = None;
    options
}

/// Each frame of the output costs like a picture.
fn check_output(size: Size, frames: u32) -> Result<(), ImageError> {
    let pixels = u64::from(size.0) * u64::from(size.1) * u64::from(frames);
    if pixels > PIXELS_OUT_MAX {
        let why = format!(
            "an animation of {frames} frames of {} x {} is too large",
            size.0, size.1
        );
        return Err(ImageError::BadOptions(why));
    }
    Ok(())
}

enum Writer {
    Gif(GifWriter),
    Webp(WebpWriter),
}

impl Writer {
    fn new(
        format: OutputFormat,
        size: Size,
        plays: u16,
        metadata: Metadata<'_>,
        options: &Options,
    ) -> Result<Self, ImageError> {
        Ok(if format == OutputFormat::Gif {
            Self::Gif(GifWriter::new(size.0, size.1, plays)?)
        } else {
            Self::Webp(WebpWriter::new(size, plays, metadata, options)?)
        })
    }

    fn push(&mut self, picture: &Picture, delay_ms: u32) -> Result<(), ImageError> {
        match self {
            Self::Gif(writer) => writer.push(picture, delay_ms),
            Self::Webp(writer) => writer.push(picture, delay_ms),
        }
    }

    fn finish(self) -> Result<Vec<u8>, ImageError> {
        match self {
            Self::Gif(writer) => writer.finish(),
            Self::Webp(writer) => writer.finish(),
        }
    }
}
