//! The segments of a JPEG before its first scan (ITU T.81, annex B), read from the slice.
//!
//! Nothing is allocated but the ICC profile, and that only as far as the file has it.

use image::metadata::Orientation;

use crate::probe::exif_orientation;
use crate::{ImageError, icc};

/// What the segments before the first scan say.
#[derive(Debug)]
pub(crate) struct JpegHeader<'a> {
    pub(crate) size: (u32, u32),
    /// Component identifiers, as many as there are components.
    pub(crate) components: Vec<u8>,
    pub(crate) progressive: bool,
    pub(crate) jfif: bool,
    /// The colour transform of an Adobe APP14 segment.
    pub(crate) adobe_transform: Option<u8>,
    pub(crate) orientation: Orientation,
    /// The first EXIF block, from its TIFF header on.
    pub(crate) exif: Option<&'a [u8]>,
    pub(crate) icc: Option<Vec<u8>>,
    /// The payload of the header of the first scan.
    pub(crate) first_scan: &'a [u8],
    /// Where it ends.
    pub(crate) scans_at: usize,
}

/// Read the segments of `source` up to the first scan.
///
/// # Errors
/// [`ImageError::Truncated`], [`ImageError::Corrupt`], and [`ImageError::UnsupportedFormat`] for
/// lossless, hierarchical, arithmetic and 12-bit JPEGs.
pub(crate) fn read(source: &[u8]) -> Result<JpegHeader<'_>, ImageError> {
    let mut segments = Segments { source, at: 2 };
    let mut frame = None;
    let mut header = JpegHeader {
        size: (0, 0),
        components: Vec::new(),
        progressive: false,
        jfif: false,
        adobe_transform: None,
        orientation: Orientation::NoTransforms,
        exif: None,
        icc: None,
        first_scan: &[],
        scans_at: 0,
    };
    let mut profile = ProfileParts::default();

    loop {
        let (marker, payload) = segments.next()?;
        match marker {
            0xC0..=0xC2 if frame.is_some() => {
                return Err(ImageError::corrupt("a second frame header"));
            }
            0xC0..=0xC2 => {
                header.progressive = marker == 0xC2;
                frame = Some(read_frame(payload)?);
            }
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let why = format!("JPEG coding process SOF{}", marker - 0xC0);
                return Err(ImageError::UnsupportedFormat(why));
            }
            0xDA => {
                header.first_scan = payload;
                break;
            }
            0xD9 => return Err(ImageError::corrupt("no scan")),
            0xE0 if payload.starts_with(b"JFIF\0") => header.jfif = true,
            0xE1 if header.exif.is_none() => header.exif = payload.strip_prefix(b"Exif\0\0"),
            0xE2 => profile.push(payload),
            0xEE if payload.starts_with(b"Adobe") => {
                header.adobe_transform = payload.get(11).copied();
            }
            _ => {}
        }
    }

    let (size, components) = frame.ok_or_else(|| ImageError::corrupt("no frame header"))?;
    header.size = size;
    header.components = components;
    header.orientation = exif_orientation(header.exif);
    header.icc = profile.join();
    header.scans_at = segments.at;
    Ok(header)
}

/// Size and component identifiers of a frame header (T.81 B.2.2).
fn read_frame(payload: &[u8]) -> Result<((u32, u32), Vec<u8>), ImageError> {
    let Some(([precision, h1, h0, w1, w0, count], rest)) = payload.split_first_chunk::<6>() else {
        return Err(ImageError::corrupt("a short frame header"));
    };
    if *precision != 8 {
        let why = format!("a JPEG of {precision} bits a sample");
        return Err(ImageError::UnsupportedFormat(why));
    }
    if !matches!(count, 1 | 3 | 4) {
        let why = format!("a JPEG of {count} components");
        return Err(ImageError::UnsupportedFormat(why));
    }
    let components: Vec<u8> = rest
        .chunks_exact(3)
        .filter_map(|c| c.first().copied())
        .collect();
    if components.len() != usize::from(*count) {
        return Err(ImageError::corrupt("a frame header of the wrong length"));
    }
    let width = u32::from(u16::from_be_bytes([*w1, *w0]));
    let height = u32::from(u16::from_be_bytes([*h1, *h0]));
    Ok(((width, height), components))
}

/// Walks marker segments.
struct Segments<'a> {
    source: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// The next marker's second byte and the segment's payload without its length.
    fn next(&mut self) -> Result<(u8, &'a [u8]), ImageError> {
        if self.byte()? != 0xFF {
            return Err(ImageError::corrupt("no marker where one must be"));
        }
        let mut marker = self.byte()?;
        while marker == 0xFF {
            marker = self.byte()?;
        }
        // Markers that stand alone: TEM, RSTn, EOI.
        if matches!(marker, 0x01 | 0xD0..=0xD7 | 0xD9) {
            return Ok((marker, &[]));
        }
        let length = usize::from(u16::from_be_bytes([self.byte()?, self.byte()?]));
        let payload_len = length
            .checked_sub(2)
            .ok_or_else(|| ImageError::corrupt("a segment shorter than its length"))?;
        let end = self.at.saturating_add(payload_len);
        let payload = self.source.get(self.at..end).ok_or(ImageError::Truncated)?;
        self.at = end;
        Ok((marker, payload))
    }

    fn byte(&mut self) -> Result<u8, ImageError> {
        let byte = self.source.get(self.at).ok_or(ImageError::Truncated)?;
        self.at += 1;
        Ok(*byte)
    }
}

/// An ICC profile in APP2 segments (ICC.1:2022, annex B.4): number, count, part.
#[derive(Default)]
struct ProfileParts<'a> {
    parts: Vec<(u8, &'a [u8])>,
    bytes: usize,
}

impl<'a> ProfileParts<'a> {
    fn push(&mut self, payload: &'a [u8]) {
        let Some(rest) = payload.strip_prefix(b"ICC_PROFILE\0") else {
            return;
        };
        if let Some(([number, _count], part)) = rest.split_first_chunk::<2>() {
            self.bytes = self.bytes.saturating_add(part.len());
            if self.bytes <= icc::PROFILE_BYTES_MAX {
                self.parts.push((*number, part));
            }
        }
    }

    /// The whole profile; nothing if there is none or it is too large to be passed on.
    fn join(mut self) -> Option<Vec<u8>> {
        if self.bytes == 0 || self.bytes > icc::PROFILE_BYTES_MAX {
            return None;
        }
        self.parts.sort_by_key(|(number, _)| *number);
        Some(
            self.parts
                .iter()
                .flat_map(|(_, part)| *part)
                .copied()
                .collect(),
        )
    }
}
