//! The three formats, known by their first bytes.

use crate::ImageError;

/// How pixels are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ITU T.81, in a JFIF or EXIF file.
    Jpeg,
    /// W3C PNG, third edition.
    Png,
    /// RFC 9649.
    Webp,
}

impl Format {
    /// The format of a file by its signature; names and media types are not believed.
    ///
    /// # Errors
    /// [`ImageError::UnsupportedFormat`].
    pub fn sniff(source: &[u8]) -> Result<Self, ImageError> {
        if source.starts_with(&[0xFF, 0xD8, 0xFF]) {
            return Ok(Self::Jpeg);
        }
        if source.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Ok(Self::Png);
        }
        if source.starts_with(b"RIFF") && source.get(8..12) == Some(b"WEBP") {
            return Ok(Self::Webp);
        }
        Err(ImageError::UnsupportedFormat(
            "no signature of JPEG, PNG or WebP".into(),
        ))
    }

    /// The media type, as in `Content-Type`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// Whether transparent pixels can be written.
    #[must_use]
    pub fn has_alpha(self) -> bool {
        !matches!(self, Self::Jpeg)
    }
}
