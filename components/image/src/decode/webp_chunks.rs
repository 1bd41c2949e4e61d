//! The chunks of a WebP (RFC 9649, section 2): every size in them is judged before decoding.
//!
//! The canvas alone is not enough: a small canvas can hold a bitstream that claims 16,383 x
//! 16,383, and a decoder allocates for that before it compares the two.

use crate::{ImageError, Limits};

/// A bound on the work of this walk; a picture has under ten chunks, an animation one a frame.
const CHUNKS_MAX: usize = 100_000;

/// Check the RIFF sizes against the file, and every picture size against `limits`.
///
/// # Errors
/// [`ImageError::Truncated`], [`ImageError::Corrupt`], and those of [`Limits::check_size`].
pub(crate) fn check(source: &[u8], limits: &Limits) -> Result<(), ImageError> {
    let riff = source
        .get(4..8)
        .and_then(le32)
        .ok_or(ImageError::Truncated)?;
    let end = riff.saturating_add(8);
    let body = source.get(12..end).ok_or(ImageError::Truncated)?;
    check_chunks(body, limits, false)
}

fn check_chunks(mut rest: &[u8], limits: &Limits, in_frame: bool) -> Result<(), ImageError> {
    for _ in 0..CHUNKS_MAX {
        let Some((header, after)) = rest.split_first_chunk::<8>() else {
            return Ok(());
        };
        let (name, size) = header.split_at(4);
        let size = le32(size).ok_or(ImageError::Truncated)?;
        let (payload, next) = after.split_at_checked(size).ok_or(ImageError::Truncated)?;
        match name {
            b"VP8X" => {
                let canvas = payload.get(4..10).ok_or(ImageError::Truncated)?;
                check_size(le24_plus_1(canvas), limits)?;
            }
            b"VP8 " => {
                let sides = payload.get(6..10).ok_or(ImageError::Truncated)?;
                check_size(le14_pair(sides), limits)?;
            }
            b"VP8L" => {
                let sides = payload
                    .get(1..5)
                    .and_then(le32)
                    .ok_or(ImageError::Truncated)?;
                let (width, height) = (sides & 0x3FFF, (sides >> 14) & 0x3FFF);
                check_size(Some((width as u32 + 1, height as u32 + 1)), limits)?;
            }
            b"ANMF" if !in_frame => {
                let (head, chunks) = payload.split_at_checked(16).ok_or(ImageError::Truncated)?;
                check_size(head.get(6..12).and_then(le24_plus_1), limits)?;
                check_chunks(chunks, limits, true)?;
            }
            _ => {}
        }
        // Chunks are padded to an even length.
        rest = next.get(size % 2..).unwrap_or_default();
    }
    Err(ImageError::corrupt("too many chunks"))
}

/// The payload of the `VP8 ` chunk of a file that has no frames. [`check`] has accepted the file.
pub(crate) fn still_frame(source: &[u8]) -> Option<&[u8]> {
    let mut rest = source.get(12..)?;
    for _ in 0..CHUNKS_MAX {
        let (header, after) = rest.split_first_chunk::<8>()?;
        let (name, size) = header.split_at(4);
        let size = le32(size)?;
        match name {
            b"VP8 " => return after.get(..size),
            b"VP8L" | b"ANMF" | b"ALPH" => return None,
            _ => rest = after.get(size.saturating_add(size % 2)..)?,
        }
    }
    None
}

fn check_size(size: Option<(u32, u32)>, limits: &Limits) -> Result<(), ImageError> {
    let (width, height) = size.ok_or(ImageError::Truncated)?;
    limits.check_size(width, height)
}

fn le32(bytes: &[u8]) -> Option<usize> {
    let bytes = <[u8; 4]>::try_from(bytes).ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

/// Two 24-bit numbers, each stored less one.
fn le24_plus_1(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes {
        [a, b, c, d, e, f] => Some((
            u32::from_le_bytes([*a, *b, *c, 0]) + 1,
            u32::from_le_bytes([*d, *e, *f, 0]) + 1,
        )),
        _ => None,
    }
}

/// Two 14-bit numbers, each below two bits of scaling (RFC 6386, section 9.1).
fn le14_pair(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes {
        [a, b, c, d] => Some((
            u32::from(u16::from_le_bytes([*a, *b]) & 0x3FFF),
            u32::from(u16::from_le_bytes([*c, *d]) & 0x3FFF),
        )),
        _ => None,
    }
}
