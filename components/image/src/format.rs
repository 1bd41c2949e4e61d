//! The formats of sources, known by their first bytes, and those of outputs.

use lockgate_image_options::Format as OutputFormat;

use crate::ImageError;
use crate::decode::{avif, svg};

/// How pixels are encoded in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ITU T.81, in a JFIF or EXIF file.
    Jpeg,
    /// W3C PNG, third edition.
    Png,
    /// RFC 9649.
    Webp,
    /// AV1 Image File Format 1.1.
    Avif,
    /// GIF89a.
    Gif,
    /// W3C SVG, drawn at its own size.
    Svg,
    /// TIFF 6.0.
    Tiff,
    /// Windows bitmaps.
    Bmp,
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
        if source.starts_with(b"GIF87a") || source.starts_with(b"GIF89a") {
            return Ok(Self::Gif);
        }
        if avif::sniff(source) {
            return Ok(Self::Avif);
        }
        if source.starts_with(b"II*\0") || source.starts_with(b"MM\0*") {
            return Ok(Self::Tiff);
        }
        if svg::sniff(source) {
            return Ok(Self::Svg);
        }
        // Two letters are few: the size of the header behind them is one of those that there are.
        if source.starts_with(b"BM") && matches!(source.get(14..18), Some([12..=124, 0, 0, 0])) {
            return Ok(Self::Bmp);
        }
        Err(ImageError::UnsupportedFormat(
            "no signature of a format that is read".into(),
        ))
    }

    /// The format of an output that is to keep that of its source. Formats that are not written
    /// become PNG where there is alpha, else JPEG.
    #[must_use]
    pub fn output(self, has_alpha: bool) -> OutputFormat {
        match self {
            Self::Jpeg => OutputFormat::Jpeg,
            Self::Png => OutputFormat::Png,
            Self::Webp => OutputFormat::Webp,
            Self::Gif => OutputFormat::Gif,
            Self::Avif | Self::Svg | Self::Tiff | Self::Bmp if has_alpha => OutputFormat::Png,
            Self::Avif | Self::Svg | Self::Tiff | Self::Bmp => OutputFormat::Jpeg,
        }
    }
}
