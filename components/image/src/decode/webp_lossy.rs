//! Lossy WebP without alpha, reduced while it is decoded.

use lockgate_webp::{WebpError, decode_half_ycbcr, decode_rgb, frame_size};

use super::shrink::Shrink;
use crate::{Bucket, ImageError, Model};

/// The pixels of `frame`, the payload of a `VP8 ` chunk, and their model.
///
/// At full size they are exactly libwebp's RGB. A reduced picture stays in YCbCr: half of its
/// size costs no conversion and no upsampling, and what is smaller is averaged from that.
pub(crate) fn decode(
    frame: &[u8],
    source_size: (u32, u32),
    bucket: Bucket,
) -> Result<(Model, Vec<u8>), ImageError> {
    let size = frame_size(frame).map_err(from_decoder)?;
    if (size.width, size.height) != (source_size.0 as usize, source_size.1 as usize) {
        return Err(ImageError::corrupt(
            "a frame of another size than the canvas",
        ));
    }
    let (model, rows_size, rest) = match bucket {
        Bucket::Full => (Model::Rgb, source_size, Bucket::Full),
        Bucket::Half => (Model::YCbCr, Bucket::Half.scaled(source_size), Bucket::Full),
        Bucket::Quarter => (Model::YCbCr, Bucket::Half.scaled(source_size), Bucket::Half),
        Bucket::Eighth => (
            Model::YCbCr,
            Bucket::Half.scaled(source_size),
            Bucket::Quarter,
        ),
    };
    let mut shrink = Shrink::new(rows_size, model, rest);
    if bucket == Bucket::Full {
        decode_rgb(frame, |row| shrink.push_row(row))
    } else {
        decode_half_ycbcr(frame, |row| shrink.push_row(row))
    }
    .map_err(from_decoder)?;
    Ok((model, shrink.finish()))
}

fn from_decoder(error: WebpError) -> ImageError {
    match error {
        WebpError::Truncated => ImageError::Truncated,
        other => ImageError::corrupt(other),
    }
}
