//! The header of a source, judged against the limits.

use image::metadata::Orientation;

use crate::decode::{avif, gif, jpeg, plain, png, svg, webp};
use crate::{Format, ImageError, Limits};

/// What the header of a source says. `width` and `height` are as displayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Format of the source.
    pub format: Format,
    /// Pixels, after the orientation is applied.
    pub width: u32,
    /// Pixels, after the orientation is applied.
    pub height: u32,
    /// EXIF orientation, 1 to 8 (EXIF 2.32, tag 0x0112); 1 where the file names none.
    pub orientation: u8,
    /// Whether the pixels can be transparent.
    pub has_alpha: bool,
    /// Frames of an animation; 1 for anything else.
    pub frames: u32,
}

impl Info {
    pub(crate) fn new(
        format: Format,
        stored: (u32, u32),
        orientation: Orientation,
        has_alpha: bool,
    ) -> Self {
        let (width, height) = upright(stored, orientation);
        Self {
            format,
            width,
            height,
            orientation: orientation.to_exif(),
            has_alpha,
            frames: 1,
        }
    }

    /// The same of an animation of so many frames.
    pub(crate) fn of_frames(self, frames: u32) -> Self {
        Self { frames, ..self }
    }
}

/// Read the header of `source`, no pixels.
///
/// # Errors
/// [`ImageError::SourceTooLarge`], [`ImageError::UnsupportedFormat`], [`ImageError::Truncated`],
/// [`ImageError::Corrupt`], [`ImageError::DimensionTooLarge`], [`ImageError::TooManyPixels`].
pub fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    limits.check_source(source)?;
    let format = Format::sniff(source)?;
    match format {
        Format::Jpeg => jpeg::probe(source, limits),
        Format::Png => png::probe(source, limits),
        Format::Webp => webp::probe(source, limits),
        Format::Avif => avif::probe(source, limits),
        Format::Gif => gif::probe(source, limits),
        Format::Svg => svg::probe(source, limits),
        Format::Tiff | Format::Bmp => plain::probe(source, format, limits),
    }
}

/// The size as displayed of pixels stored as `size`; also the other way round.
pub(crate) fn upright((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height, width),
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (width, height),
    }
}

/// The orientation in an EXIF block (a TIFF header and what follows); upright if there is none.
pub(crate) fn exif_orientation(block: Option<&[u8]>) -> Orientation {
    block
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}
