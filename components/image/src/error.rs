//! Why no picture came out, with stable codes.

use lockgate_image_options::OptionError;
use thiserror::Error;

use crate::Limits;

/// The stable part of an [`ImageError`]: `error-code` of `wit/image.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// Not a format that is read, or a kind of one that is not.
    UnsupportedFormat,
    /// The file ends before its pixels do.
    Truncated,
    /// The file breaks its format's rules.
    Corrupt,
    /// Over [`Limits::pixels_max`] or [`Limits::frames_max`].
    TooManyPixels,
    /// Over [`Limits::dimension_max`].
    DimensionTooLarge,
    /// Over [`Limits::source_bytes_max`].
    SourceTooLarge,
    /// An option is out of its range.
    BadOptions,
    /// Not an intermediate of this version.
    BadIntermediate,
    /// A fault of ours.
    Internal,
}

/// Why no picture came out. The text is for logs and not for the public, but for that of
/// [`ImageError::BadOptions`].
#[derive(Debug, Error)]
pub enum ImageError {
    /// Not a format that is read.
    #[error("unsupported image: {0}")]
    UnsupportedFormat(String),
    /// The file ends before its pixels do.
    #[error("the image ends before its pixels do")]
    Truncated,
    /// The file breaks its format's rules.
    #[error("corrupt image: {0}")]
    Corrupt(String),
    /// Width times height is over the limit.
    #[error("{width} x {height} is more than {max} pixels")]
    TooManyPixels {
        /// Width that the header claims.
        width: u32,
        /// Height that the header claims.
        height: u32,
        /// [`Limits::pixels_max`].
        max: u64,
    },
    /// An animation has more frames, or more pixels in all its frames, than the limits allow.
    #[error("{frames} frames (at most {frames_max}) of {pixels} pixels (at most {pixels_max})")]
    TooManyFrames {
        /// Frames of the file.
        frames: u32,
        /// [`Limits::frames_max`].
        frames_max: u32,
        /// Pixels of all frames together.
        pixels: u64,
        /// [`Limits::pixels_max`].
        pixels_max: u64,
    },
    /// A side is over the limit.
    #[error("{width} x {height} has a side of more than {max}")]
    DimensionTooLarge {
        /// Width that the header claims.
        width: u32,
        /// Height that the header claims.
        height: u32,
        /// [`Limits::dimension_max`].
        max: u32,
    },
    /// The file is over the limit.
    #[error("{bytes} bytes are more than {max}")]
    SourceTooLarge {
        /// Length of the file.
        bytes: u64,
        /// [`Limits::source_bytes_max`].
        max: u64,
    },
    /// An option is out of its range; for whoever wrote the address.
    #[error("{0}")]
    BadOptions(String),
    /// Not an intermediate of this version.
    #[error("bad intermediate: {0}")]
    BadIntermediate(&'static str),
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl ImageError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnsupportedFormat(_) => ErrorCode::UnsupportedFormat,
            Self::Truncated => ErrorCode::Truncated,
            Self::Corrupt(_) => ErrorCode::Corrupt,
            Self::TooManyPixels { .. } | Self::TooManyFrames { .. } => ErrorCode::TooManyPixels,
            Self::DimensionTooLarge { .. } => ErrorCode::DimensionTooLarge,
            Self::SourceTooLarge { .. } => ErrorCode::SourceTooLarge,
            Self::BadOptions(_) => ErrorCode::BadOptions,
            Self::BadIntermediate(_) => ErrorCode::BadIntermediate,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    pub(crate) fn corrupt(why: impl ToString) -> Self {
        Self::Corrupt(why.to_string())
    }

    pub(crate) fn internal(why: impl ToString) -> Self {
        Self::Internal(why.to_string())
    }

    /// A reader's I/O error: our readers are byte slices, so an end of file is the only one.
    pub(crate) fn from_io(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            Self::Truncated
        } else {
            Self::corrupt(error)
        }
    }
}

impl From<OptionError> for ImageError {
    fn from(error: OptionError) -> Self {
        Self::BadOptions(error.to_string())
    }
}

impl Limits {
    /// Refuse a file by its length.
    ///
    /// # Errors
    /// [`ImageError::SourceTooLarge`].
    pub fn check_source(&self, source: &[u8]) -> Result<(), ImageError> {
        let bytes = source.len() as u64;
        if bytes > self.source_bytes_max {
            let max = self.source_bytes_max;
            return Err(ImageError::SourceTooLarge { bytes, max });
        }
        Ok(())
    }

    /// Refuse a picture by the size that its header claims.
    ///
    /// # Errors
    /// [`ImageError::Corrupt`] for a side of zero, [`ImageError::DimensionTooLarge`],
    /// [`ImageError::TooManyPixels`].
    pub fn check_size(&self, width: u32, height: u32) -> Result<(), ImageError> {
        if width == 0 || height == 0 {
            return Err(ImageError::corrupt(format!(
                "a side of zero: {width} x {height}"
            )));
        }
        if width > self.dimension_max || height > self.dimension_max {
            let max = self.dimension_max;
            return Err(ImageError::DimensionTooLarge { width, height, max });
        }
        if u64::from(width) * u64::from(height) > self.pixels_max {
            let max = self.pixels_max;
            return Err(ImageError::TooManyPixels { width, height, max });
        }
        Ok(())
    }
}
