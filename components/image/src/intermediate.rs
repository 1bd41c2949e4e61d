//! The intermediate: what an output is made from. Mostly decoded pixels at a scale bucket; of a
//! source whose pixels depend on the output (SVG) or are many (animations) it is the file itself,
//! checked.
//!
//! As bytes (little-endian), which a host may keep:
//!
//! ```text
//! 0  "LGI" and the version of this layout, 3
//! 4  model (0: the file itself), 5 EXIF orientation, 6 format of the source,
//! 7  divisor of the bucket, with bit 7 set where the source can be transparent
//! 8  width and 12 height of the source as stored, u32 each
//! 16 length of the source, u64
//! 24 frames of the source, u32
//! 28 length of the ICC profile, u32
//! 32 length of the EXIF block, u32
//! 36 the profile, the block, then the pixels (rows from the top, no padding) or the file
//! ```

use image::metadata::Orientation;

use crate::fit::Size;
use crate::raster::Raster;
use crate::{Bucket, Format, ImageError, Limits, Model};

const MAGIC: [u8; 4] = *b"LGI\x03";
const HEADER_BYTES: usize = 36;
const HAS_ALPHA: u8 = 0x80;

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

/// What an output is made from. Made by [`crate::decode_scaled`].
#[derive(Clone, Debug, PartialEq)]
pub struct Intermediate {
    /// Length of the source.
    pub(crate) source_bytes: u64,
    /// Frames of the source; 1 where it is no animation.
    pub(crate) frames: u32,
    /// Whether the source can be transparent.
    pub(crate) has_alpha: bool,
    pub(crate) content: Content,
}

/// Pixels, or what they are made from later.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Pixels(Raster),
    File(File),
}

/// A source that is kept as it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) format: Format,
    pub(crate) orientation: Orientation,
    /// As stored.
    pub(crate) size: Size,
    /// Empty if there is none that fits the pixels.
    pub(crate) icc: Vec<u8>,
    /// An EXIF block with the artist and the copyright; empty without them.
    pub(crate) rights: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

/// What both kinds of content have, as written.
struct Head<'a> {
    /// 0: the file itself.
    model: u8,
    orientation: Orientation,
    format: Format,
    bucket: Bucket,
    size: Size,
    icc: &'a [u8],
    rights: &'a [u8],
    payload: &'a [u8],
}

impl Intermediate {
    /// Pixels of a source of so many bytes.
    pub(crate) fn of_pixels(raster: Raster, source: &[u8]) -> Self {
        Self {
            source_bytes: source.len() as u64,
            frames: 1,
            has_alpha: raster.model.has_alpha(),
            content: Content::Pixels(raster),
        }
    }

    fn head(&self) -> Head<'_> {
        match &self.content {
            Content::Pixels(raster) => Head {
                model: raster.model as u8,
                orientation: raster.orientation,
                format: raster.format,
                bucket: raster.bucket,
                size: raster.source_size,
                icc: &raster.icc,
                rights: &raster.rights,
                payload: &raster.pixels,
            },
            Content::File(file) => Head {
                model: 0,
                orientation: file.orientation,
                format: file.format,
                bucket: Bucket::Full,
                size: file.size,
                icc: &file.icc,
                rights: &file.rights,
                payload: &file.bytes,
            },
        }
    }

    /// As one list of bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = self.head();
        let parts = [head.icc, head.rights, head.payload];
        let all: usize = parts.iter().map(|part| part.len()).sum();
        let mut bytes = Vec::with_capacity(HEADER_BYTES + all);
        bytes.extend_from_slice(&MAGIC);
        let format = FORMATS
            .iter()
            .position(|format| *format == head.format)
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(u8::MAX);
        let alpha = if self.has_alpha { HAS_ALPHA } else { 0 };
        let orientation = head.orientation.to_exif();
        bytes.extend([head.model, orientation, format, head.bucket as u8 | alpha]);
        bytes.extend(head.size.0.to_le_bytes());
        bytes.extend(head.size.1.to_le_bytes());
        bytes.extend(self.source_bytes.to_le_bytes());
        bytes.extend(self.frames.to_le_bytes());
        #[allow(
            clippy::cast_possible_truncation,
            reason = "both are bounded far below where they are read"
        )]
        for length in [head.icc.len() as u32, head.rights.len() as u32] {
            bytes.extend(length.to_le_bytes());
        }
        for part in parts {
            bytes.extend_from_slice(part);
        }
        bytes
    }

    /// From the bytes of [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`ImageError::BadIntermediate`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ImageError> {
        const SHORT: ImageError = ImageError::BadIntermediate("too short");
        let mut reader = Reader(bytes);
        if reader.take().ok_or(SHORT)? != MAGIC {
            return Err(ImageError::BadIntermediate(
                "not an intermediate of this version",
            ));
        }
        let [model, orientation, format, bucket] = reader.take().ok_or(SHORT)?;
        let orientation = Orientation::from_exif(orientation)
            .ok_or(ImageError::BadIntermediate("unknown orientation"))?;
        let format = *FORMATS
            .get(usize::from(format))
            .ok_or(ImageError::BadIntermediate("unknown format"))?;
        let has_alpha = bucket & HAS_ALPHA != 0;
        let bucket = Bucket::from_divisor(bucket & !HAS_ALPHA)
            .map_err(|_| ImageError::BadIntermediate("unknown bucket"))?;
        let size = (reader.u32().ok_or(SHORT)?, reader.u32().ok_or(SHORT)?);
        // Sides of zero would divide by zero later; any other size is bounded by the pixels.
        Limits {
            source_bytes_max: 0,
            pixels_max: u64::MAX,
            dimension_max: u32::MAX,
            ..Limits::default()
        }
        .check_size(size.0, size.1)
        .map_err(|_| ImageError::BadIntermediate("a side of zero"))?;
        let source_bytes = u64::from_le_bytes(reader.take().ok_or(SHORT)?);
        let frames = reader.u32().ok_or(SHORT)?;
        let (icc, rights) = (reader.u32().ok_or(SHORT)?, reader.u32().ok_or(SHORT)?);
        let icc = reader.part(icc).ok_or(SHORT)?.to_vec();
        let rights = reader.part(rights).ok_or(SHORT)?.to_vec();
        let payload = reader.0.to_vec();

        let content = if model == 0 {
            if bucket != Bucket::Full || payload.len() as u64 != source_bytes {
                return Err(ImageError::BadIntermediate("a file of another length"));
            }
            Content::File(File {
                format,
                orientation,
                size,
                icc,
                rights,
                bytes: payload,
            })
        } else {
            let known = Model::ALL.into_iter().find(|known| *known as u8 == model);
            let raster = Raster {
                model: known.ok_or(ImageError::BadIntermediate("unknown pixel model"))?,
                orientation,
                format,
                bucket,
                source_size: size,
                icc,
                rights,
                pixels: payload,
            };
            let raster = raster.checked();
            Content::Pixels(
                raster.map_err(|_| ImageError::BadIntermediate("sizes and pixels disagree"))?,
            )
        };
        Ok(Self {
            source_bytes,
            frames,
            has_alpha,
            content,
        })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn part(&mut self, length: u32) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels() -> Intermediate {
        let raster = Raster {
            model: Model::GreyAlpha,
            orientation: Orientation::Rotate90,
            format: Format::Png,
            bucket: Bucket::Half,
            source_size: (3, 5),
            icc: vec![9; 7],
            rights: vec![8; 5],
            pixels: (0..12).collect(),
        };
        Intermediate::of_pixels(raster, &[0; 99])
    }

    #[test]
    fn bytes_and_back() {
        let bytes = pixels().to_bytes();
        assert_eq!(Intermediate::from_bytes(&bytes).unwrap(), pixels());
        for len in 0..bytes.len() {
            assert!(Intermediate::from_bytes(&bytes[..len]).is_err(), "{len}");
        }
        // All but the length and the frames of the source, which say nothing about the pixels.
        for at in (0..16).chain(28..36) {
            let mut bytes = bytes.clone();
            bytes[at] = 0xEE;
            assert!(Intermediate::from_bytes(&bytes).is_err(), "{at}");
        }
    }

    #[test]
    fn a_file_and_back() {
        let file = Intermediate {
            source_bytes: 5,
            frames: 12,
            has_alpha: true,
            content: Content::File(File {
                format: Format::Gif,
                orientation: Orientation::NoTransforms,
                size: (30, 50),
                icc: Vec::new(),
                rights: vec![1],
                bytes: b"GIF89".to_vec(),
            }),
        };
        let bytes = file.to_bytes();
        assert_eq!(Intermediate::from_bytes(&bytes).unwrap(), file);
        for len in 0..bytes.len() {
            assert!(Intermediate::from_bytes(&bytes[..len]).is_err(), "{len}");
        }
    }
}
