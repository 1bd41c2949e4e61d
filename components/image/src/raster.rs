//! Decoded pixels, with what is left of the metadata.

use image::metadata::Orientation;

use crate::fit::Size;
use crate::probe::upright;
use crate::{Bucket, Format, ImageError};

/// What the bytes of a pixel mean, eight bits a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Model {
    /// Luminance.
    Grey = 1,
    /// Luminance and straight alpha.
    GreyAlpha = 2,
    /// Red, green, blue.
    Rgb = 3,
    /// Red, green, blue and straight alpha.
    Rgba = 4,
    /// Full-range BT.601, as in JFIF: a JPEG stays in it from the decoder to the encoder.
    YCbCr = 5,
    /// Cyan, magenta, yellow, black: 0 is none of the ink, 255 all of it.
    Cmyk = 6,
}

impl Model {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Grey,
        Self::GreyAlpha,
        Self::Rgb,
        Self::Rgba,
        Self::YCbCr,
        Self::Cmyk,
    ];

    /// Bytes a pixel.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb | Self::YCbCr => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    /// Whether the last channel is alpha.
    #[must_use]
    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::Rgba)
    }

    /// Whether there is no colour in it.
    #[must_use]
    pub fn is_grey(self) -> bool {
        matches!(self, Self::Grey | Self::GreyAlpha)
    }
}

/// Decoded pixels at a scale bucket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raster {
    pub(crate) model: Model,
    pub(crate) orientation: Orientation,
    pub(crate) format: Format,
    pub(crate) bucket: Bucket,
    /// Of the source, as stored.
    pub(crate) source_size: Size,
    /// Empty if there is none that fits the pixels.
    pub(crate) icc: Vec<u8>,
    /// An EXIF block with the artist and the copyright; empty without them.
    pub(crate) rights: Vec<u8>,
    /// `size()` pixels of `model`: rows from the top, no padding.
    pub(crate) pixels: Vec<u8>,
}

impl Raster {
    /// The size of the pixels held, as stored.
    pub(crate) fn size(&self) -> Size {
        self.bucket.scaled(self.source_size)
    }

    /// The size of the source as displayed.
    pub(crate) fn upright_size(&self) -> Size {
        upright(self.source_size, self.orientation)
    }

    fn pixel_bytes(&self) -> Option<usize> {
        let (width, height) = self.size();
        (width as usize)
            .checked_mul(height as usize)?
            .checked_mul(self.model.channels())
    }

    /// An error unless there are as many pixels as the sizes say.
    pub(crate) fn checked(self) -> Result<Self, ImageError> {
        if self.pixel_bytes() == Some(self.pixels.len()) {
            Ok(self)
        } else {
            Err(ImageError::internal(
                "a decoder gave another number of pixels",
            ))
        }
    }
}
