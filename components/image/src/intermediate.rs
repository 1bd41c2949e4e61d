//! The intermediate: decoded pixels at a scale bucket, with what is left of the metadata.
//!
//! As bytes (little-endian), which a host may keep:
//!
//! ```text
//! 0  "LGI" and the version of this layout, 2
//! 4  model, 5 EXIF orientation, 6 format of the source, 7 divisor of the bucket
//! 8  width and 12 height of the source as stored, u32 each
//! 16 length of the ICC profile, u32
//! 20 the profile, then the pixels: rows from the top, no padding
//! ```

use image::metadata::Orientation;

use crate::fit::Size;
use crate::probe::upright;
use crate::{Bucket, Format, ImageError, Limits};

const MAGIC: [u8; 4] = *b"LGI\x02";
const HEADER_BYTES: usize = 20;

/// A format is written as its place here.
const FORMATS: [Format; 8] = [
    Format::Jpeg,
    Format::Png,
    Format::Webp,
    Format::Avif,
    Format::Gif,
    Format::Svg,
    Format::Tiff,
    Format::Bmp,
];

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
}

impl Model {
    /// Bytes a pixel.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb | Self::YCbCr => 3,
            Self::Rgba => 4,
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

/// Decoded pixels at a scale bucket. Made by [`crate::decode_scaled`].
#[derive(Clone, Debug, PartialEq)]
pub struct Intermediate {
    pub(crate) model: Model,
    pub(crate) orientation: Orientation,
    pub(crate) format: Format,
    pub(crate) bucket: Bucket,
    /// Of the source, as stored.
    pub(crate) source_size: Size,
    /// Empty if there is none worth keeping.
    pub(crate) icc: Vec<u8>,
    /// `size()` pixels of `model`.
    pub(crate) pixels: Vec<u8>,
}

impl Intermediate {
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

    /// As one list of bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.icc.len() + self.pixels.len());
        bytes.extend_from_slice(&MAGIC);
        let format = FORMATS
            .iter()
            .position(|format| *format == self.format)
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(u8::MAX);
        let orientation = self.orientation.to_exif();
        bytes.extend_from_slice(&[self.model as u8, orientation, format, self.bucket as u8]);
        bytes.extend_from_slice(&self.source_size.0.to_le_bytes());
        bytes.extend_from_slice(&self.source_size.1.to_le_bytes());
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a profile has at most icc::PROFILE_BYTES_MAX bytes"
        )]
        bytes.extend_from_slice(&(self.icc.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.icc);
        bytes.extend_from_slice(&self.pixels);
        bytes
    }

    /// From the bytes of [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`ImageError::BadIntermediate`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ImageError> {
        const SHORT: ImageError = ImageError::BadIntermediate("too short");
        let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(SHORT)?;
        if *magic != MAGIC {
            return Err(ImageError::BadIntermediate(
                "not an intermediate of this version",
            ));
        }
        let ([model, orientation, format, bucket], rest) =
            rest.split_first_chunk::<4>().ok_or(SHORT)?;
        let (width, rest) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
        let (height, rest) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
        let (icc_len, rest) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
        let icc_len = u32::from_le_bytes(*icc_len) as usize;
        let (icc, pixels) = rest.split_at_checked(icc_len).ok_or(SHORT)?;
        let source_size = (u32::from_le_bytes(*width), u32::from_le_bytes(*height));
        // Sides of zero would divide by zero later; any other size is bounded by the pixels.
        Limits {
            source_bytes_max: 0,
            pixels_max: u64::MAX,
            dimension_max: u32::MAX,
            ..Limits::default()
        }
        .check_size(source_size.0, source_size.1)
        .map_err(|_| ImageError::BadIntermediate("a side of zero"))?;

        let this = Self {
            model: match model {
                1 => Model::Grey,
                2 => Model::GreyAlpha,
                3 => Model::Rgb,
                4 => Model::Rgba,
                5 => Model::YCbCr,
                _ => return Err(ImageError::BadIntermediate("unknown pixel model")),
            },
            orientation: Orientation::from_exif(*orientation)
                .ok_or(ImageError::BadIntermediate("unknown orientation"))?,
            format: *FORMATS
                .get(usize::from(*format))
                .ok_or(ImageError::BadIntermediate("unknown format"))?,
            bucket: Bucket::from_divisor(*bucket)
                .map_err(|_| ImageError::BadIntermediate("unknown bucket"))?,
            source_size,
            icc: icc.to_vec(),
            pixels: pixels.to_vec(),
        };
        this.checked()
            .map_err(|_| ImageError::BadIntermediate("sizes and pixels disagree"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_back() {
        let intermediate = Intermediate {
            model: Model::GreyAlpha,
            orientation: Orientation::Rotate90,
            format: Format::Png,
            bucket: Bucket::Half,
            source_size: (3, 5),
            icc: vec![9; 7],
            pixels: (0..12).collect(),
        };
        let bytes = intermediate.to_bytes();
        assert_eq!(Intermediate::from_bytes(&bytes).unwrap(), intermediate);
        for len in 0..bytes.len() {
            assert!(Intermediate::from_bytes(&bytes[..len]).is_err(), "{len}");
        }
        for at in 0..20 {
            let mut bytes = bytes.clone();
            bytes[at] = 0xEE;
            assert!(Intermediate::from_bytes(&bytes).is_err(), "{at}");
        }
    }
}
