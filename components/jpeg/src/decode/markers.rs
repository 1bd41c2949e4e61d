//! Marker segments (T.81 B.1.1), one after the other.

use super::bits::next_marker;
use crate::JpegError;

/// A segment, as far as decoding cares. Payloads are without their length.
pub(super) enum Segment<'a> {
    /// SOF0, SOF1 or SOF2, by number.
    Frame(u8, &'a [u8]),
    Huffman(&'a [u8]),
    Quantisation(&'a [u8]),
    Restart(&'a [u8]),
    Scan(&'a [u8]),
    Jfif,
    /// With the colour transform.
    Adobe(u8),
    Other,
    End,
}

/// Walks them.
#[derive(Clone)]
pub(super) struct Markers<'a> {
    pub(super) source: &'a [u8],
    /// Behind the segment that was given last.
    pub(super) at: usize,
}

impl<'a> Markers<'a> {
    pub(super) fn new(source: &'a [u8]) -> Result<Self, JpegError> {
        if source.starts_with(&[0xFF, 0xD8]) {
            Ok(Self { source, at: 2 })
        } else {
            Err(JpegError::Corrupt("no start of image"))
        }
    }

    /// The next segment. Entropy-coded data before it is passed by.
    pub(super) fn next(&mut self) -> Result<Segment<'a>, JpegError> {
        let at = next_marker(self.source, self.at).ok_or(JpegError::Truncated)?;
        let marker = *self.source.get(at + 1).ok_or(JpegError::Truncated)?;
        self.at = at + 2;
        // Markers that stand alone: TEM, RSTn, SOI.
        if matches!(marker, 0x01 | 0xD0..=0xD8) {
            return Ok(Segment::Other);
        }
        if marker == 0xD9 {
            return Ok(Segment::End);
        }
        let rest = self.source.get(self.at..).unwrap_or_default();
        let (length, _) = rest.split_first_chunk().ok_or(JpegError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length < 2 {
            return Err(JpegError::Corrupt("a segment shorter than its length"));
        }
        let payload = rest.get(2..length).ok_or(JpegError::Truncated)?;
        self.at += length;
        Ok(match marker {
            0xC0..=0xC2 => Segment::Frame(marker - 0xC0, payload),
            0xC4 => Segment::Huffman(payload),
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF => {
                return Err(JpegError::Unsupported(
                    "lossless, hierarchical or arithmetic coding",
                ));
            }
            0xDA => Segment::Scan(payload),
            0xDB => Segment::Quantisation(payload),
            0xDC => return Err(JpegError::Unsupported("a height after the scan (DNL)")),
            0xDD => Segment::Restart(payload),
            0xE0 if payload.starts_with(b"JFIF\0") => Segment::Jfif,
            0xEE if payload.starts_with(b"Adobe") => payload
                .get(11)
                .map_or(Segment::Other, |t| Segment::Adobe(*t)),
            _ => Segment::Other,
        })
    }

    /// The payload of the next scan header; `None` at the end of the image or of the file. `read`
    /// is given the tables on the way.
    pub(super) fn next_scan(
        &mut self,
        mut read: impl FnMut(&Segment<'a>) -> Result<(), JpegError>,
    ) -> Result<Option<&'a [u8]>, JpegError> {
        loop {
            match self.next()? {
                Segment::Scan(payload) => return Ok(Some(payload)),
                Segment::End => return Ok(None),
                Segment::Frame(..) => return Err(JpegError::Corrupt("a second frame header")),
                segment => read(&segment)?,
            }
        }
    }
}
