//! The first half of the work: from a source to an [`Intermediate`].

pub(crate) mod jpeg;
mod jpeg_fallback;
mod jpeg_header;
mod jpeg_scans;
pub(crate) mod png;
mod shrink;
pub(crate) mod webp;
mod webp_chunks;
mod webp_lossy;

use crate::probe::not_read;
use crate::{Bucket, Format, ImageError, Intermediate, Limits};

/// Decode `source` with both axes divided by `bucket`.
///
/// # Errors
/// As [`crate::probe`], and [`ImageError::Truncated`] or [`ImageError::Corrupt`] for what is
/// only seen in the pixels.
pub fn decode_scaled(
    source: &[u8],
    bucket: Bucket,
    limits: &Limits,
) -> Result<Intermediate, ImageError> {
    limits.check_source(source)?;
    match Format::sniff(source)? {
        Format::Jpeg => jpeg::decode(source, bucket, limits),
        Format::Png => png::decode(source, bucket, limits),
        Format::Webp => webp::decode(source, bucket, limits),
        other => Err(not_read(other)),
    }?
    .checked()
}
