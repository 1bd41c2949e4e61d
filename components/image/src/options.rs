//! What to make: the options of an output and their ranges.

use crate::{Format, ImageError};

/// The largest side of an output, in pixels: what WebP can hold (RFC 9649, 14 bits).
pub const DIMENSION_OUT_MAX: u32 = 16_383;

/// The most pixels of an output.
pub const PIXELS_OUT_MAX: u64 = 40_000_000;

/// How the picture meets a box that has both a width and a height. Sharp's names and meanings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Fill the box, keep the proportions, crop about the centre.
    Cover,
    /// Fit in the box, keep the proportions, fill the rest with the background.
    Contain,
    /// Fill the box, stretching.
    Fill,
    /// As large as fits in the box; the output may be smaller than the box.
    #[default]
    Inside,
    /// As small as covers the box; the output may be larger than the box.
    Outside,
}

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// 0 to 255.
    pub red: u8,
    /// 0 to 255.
    pub green: u8,
    /// 0 to 255.
    pub blue: u8,
}

impl Colour {
    /// What lies under transparent pixels where nothing else is asked for.
    pub const WHITE: Self = Self {
        red: 255,
        green: 255,
        blue: 255,
    };
}

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Pixels, 1 to [`DIMENSION_OUT_MAX`]. `None`: from `height` and the proportions.
    pub width: Option<u32>,
    /// Pixels, 1 to [`DIMENSION_OUT_MAX`]. `None`: from `width` and the proportions.
    pub height: Option<u32>,
    /// Read only where both sides are given.
    pub fit: Fit,
    /// 1 to 100; not read for PNG.
    pub quality: u8,
    /// The format of the output.
    pub format: Format,
    /// Lies under transparent pixels in JPEG (white without it) and in the margins of
    /// [`Fit::Contain`] (without it: transparent, in JPEG white).
    pub background: Option<Colour>,
    /// Allow an output with more pixels than the source has.
    pub enlarge: bool,
}

impl Options {
    /// The source's own size, quality 80, in `format`.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            width: None,
            height: None,
            fit: Fit::Inside,
            quality: 80,
            format,
            background: None,
            enlarge: false,
        }
    }

    /// Refuse what is out of range.
    ///
    /// # Errors
    /// [`ImageError::BadOptions`].
    pub fn check(&self) -> Result<(), ImageError> {
        for (name, side) in [("width", self.width), ("height", self.height)] {
            if side.is_some_and(|side| side == 0 || side > DIMENSION_OUT_MAX) {
                let why = format!("{name} is not within 1 to {DIMENSION_OUT_MAX}");
                return Err(ImageError::BadOptions(why));
            }
        }
        if !(1..=100).contains(&self.quality) {
            return Err(ImageError::BadOptions(
                "quality is not within 1 to 100".into(),
            ));
        }
        Ok(())
    }
}
