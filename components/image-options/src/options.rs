//! All options of a picture, and their text.

use std::fmt;

use crate::table::TABLE;
use crate::{
    Colour, Edges, Effort, Fit, Format, Gravity, Keep, OptionError, Quality, Radius, Rect,
    Watermark,
};

/// The largest side of an output, in pixels: what WebP can hold (RFC 9649, 14 bits).
pub const DIMENSION_OUT_MAX: u32 = 16_383;

/// The most pixels of an output.
pub const PIXELS_OUT_MAX: u64 = 40_000_000;

/// The most bytes of a text of options.
pub const TEXT_BYTES_MAX: usize = 2048;

/// What is to become of a picture. The default changes nothing.
///
/// Order of work, whatever the order of the text: orientation, `crop`, `trim`, `rotate`, `flip`
/// and `flop`, resize (`width`, `height`, `fit`, `gravity`), `crop_after`, `blur`, `sharpen`,
/// colour (`gamma`, `brightness`, `saturation`, `contrast`, `grayscale`), `pad`, `watermark`,
/// `radius`, `background`, encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// Pixels, 1 to [`DIMENSION_OUT_MAX`]. `None`: from `height` and the proportions.
    pub width: Option<u32>,
    /// Pixels, 1 to [`DIMENSION_OUT_MAX`]. `None`: from `width` and the proportions.
    pub height: Option<u32>,
    /// Read only where both sides are given.
    pub fit: Fit,
    /// What `cover` keeps, where the picture lies in `contain`.
    pub gravity: Gravity,
    /// Allow an output with more pixels than the source has.
    pub enlarge: bool,
    /// Resize in linear light.
    pub linear: bool,
    /// A part of the upright source, cut out before all else.
    pub crop: Option<Rect>,
    /// A part of the resized picture.
    pub crop_after: Option<Rect>,
    /// Cut away edges of one colour; how far a pixel may differ from it, 1 to 255.
    pub trim: Option<u8>,
    /// Degrees clockwise, 0 to 359; beyond quarter turns the corners get the background.
    pub rotate: u16,
    /// Upside down (Sharp's `flip`).
    pub flip: bool,
    /// Left to right (Sharp's `flop`).
    pub flop: bool,
    /// Margins added after the resize.
    pub pad: Option<Edges>,
    /// Lies under transparent pixels, and fills margins and corners. Without it these are
    /// transparent, in a format without transparency white.
    pub background: Option<Colour>,
    /// Sigma of a Gaussian blur, in hundredths, 30 to 10,000.
    pub blur: Option<u16>,
    /// Sigma of the mask of a sharpening, in hundredths, 30 to 1,000.
    pub sharpen: Option<u16>,
    /// Percent, 0 to 1,000; 100 changes nothing (Sharp's `modulate`).
    pub brightness: Option<u16>,
    /// Percent, 0 to 1,000.
    pub saturation: Option<u16>,
    /// Percent about the middle grey, 0 to 1,000.
    pub contrast: Option<u16>,
    /// Hundredths, 100 to 300 (Sharp's `gamma`).
    pub gamma: Option<u16>,
    /// Luminance only.
    pub grayscale: bool,
    /// Another picture over this one.
    pub watermark: Option<Watermark>,
    /// Rounded corners.
    pub radius: Option<Radius>,
    /// `None`: the default of the format.
    pub quality: Option<Quality>,
    /// `None`: that of the source.
    pub format: Option<Format>,
    /// How hard the encoder tries.
    pub effort: Effort,
    /// WebP without loss.
    pub lossless: bool,
    /// Only the first frame of an animation.
    pub still: bool,
    /// What of the metadata is kept.
    pub keep: Keep,
}

impl Options {
    /// Nothing but another format.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format: Some(format),
            ..Self::default()
        }
    }

    /// Whether nothing is asked of the picture but a size that keeps its proportions, and how its
    /// file is written; `negotiated`: the format was chosen by `Accept`, and not asked for. What has
    /// no pixels, an SVG, can then be left as it is.
    #[must_use]
    pub fn only_sizes(&self, negotiated: bool) -> bool {
        let filled = matches!(self.fit, Fit::Cover | Fit::Contain | Fit::Fill);
        if filled && self.width.is_some() && self.height.is_some() {
            return false;
        }
        let asked = Self {
            width: None,
            height: None,
            fit: Fit::default(),
            gravity: Gravity::default(),
            enlarge: false,
            linear: false,
            quality: None,
            format: self.format.filter(|_| !negotiated),
            effort: Effort::default(),
            lossless: false,
            still: false,
            keep: Keep::default(),
            ..self.clone()
        };
        asked == Self::default()
    }

    /// Reads canonical text, or any text of that form: `name=value` between commas.
    ///
    /// # Errors
    /// [`OptionError`], for the first that is wrong.
    pub fn parse(text: &str) -> Result<Self, OptionError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(OptionError::TooLong(TEXT_BYTES_MAX));
        }
        Self::from_pairs(
            text.split(',')
                .filter(|piece| !piece.is_empty())
                .map(|piece| piece.split_once('=').unwrap_or((piece, ""))),
        )
    }

    /// Reads pairs of a name and a value.
    ///
    /// # Errors
    /// [`OptionError`], for the first that is wrong.
    pub fn from_pairs<'t>(
        pairs: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, OptionError> {
        let mut options = Self::default();
        let mut reader = crate::table::Reader::default();
        for (name, value) in pairs {
            reader.read(&mut options, name, value)?;
        }
        reader.finish(&mut options)?;
        Ok(options)
    }

    /// The same where no side of an output is longer than `most`: a side that follows from the
    /// other one, or from the source, stays within it too, and one side alone is no box.
    ///
    /// # Errors
    /// [`OptionError::Together`] where a side is longer.
    pub fn within(mut self, most: u32) -> Result<Self, OptionError> {
        let most = most.min(DIMENSION_OUT_MAX);
        let sides = [self.width, self.height];
        if sides.into_iter().flatten().any(|side| side > most) {
            let why = format!("a side is more than {most} pixels");
            return Err(OptionError::Together(why));
        }
        if sides.contains(&None) {
            // Without a size nothing is made larger, up to the largest that there may be.
            self.enlarge &= sides != [None, None];
            self.fit = Fit::Inside;
            self.width = self.width.or(Some(most));
            self.height = self.height.or(Some(most));
        }
        Ok(self)
    }

    /// Refuses what no option refuses alone. A box that the picture only has to fit in or to
    /// cover may be larger than an output: what is made of it depends on the picture.
    ///
    /// # Errors
    /// [`OptionError::Together`].
    pub fn check(&self) -> Result<(), OptionError> {
        let filled = matches!(self.fit, Fit::Cover | Fit::Contain | Fit::Fill);
        if let (Some(width), Some(height)) = (self.width, self.height)
            && filled
            && u64::from(width) * u64::from(height) > PIXELS_OUT_MAX
        {
            let why = format!("w times h is more than {PIXELS_OUT_MAX} pixels");
            return Err(OptionError::Together(why));
        }
        if self.linear && self.gamma.is_some_and(|gamma| gamma != 100) {
            let why = "linear and gamma both say in which light to resize; give one".to_owned();
            return Err(OptionError::Together(why));
        }
        Ok(())
    }
}

impl fmt::Display for Options {
    /// The canonical text: the order of [`TABLE`], without what changes nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for option in TABLE {
            if let Some(value) = (option.write)(self) {
                if !first {
                    f.write_str(",")?;
                }
                first = false;
                write!(f, "{}={value}", option.name)?;
            }
        }
        Ok(())
    }
}
