//! Pictures: some that are not what they seem, and what an answer shows.

use image::{GenericImageView as _, ImageFormat, RgbImage};

use crate::Response;

/// What `response` shows, decoded: format, width, height.
///
/// # Panics
/// Where it is no 200, or no picture of the type that it says.
#[must_use]
#[track_caller]
pub fn decoded(response: &Response) -> (ImageFormat, u32, u32) {
    response.assert_status(200);
    let format = image::guess_format(&response.body).expect("a picture");
    let picture = image::load_from_memory_with_format(&response.body, format).expect("decodable");
    assert_eq!(response.header("content-type"), Some(format.to_mime_type()));
    let (width, height) = picture.dimensions();
    (format, width, height)
}

/// A real picture of 640 x 480 as JPEG.
///
/// # Panics
/// Never: the encoder writes to memory.
#[must_use]
pub fn jpeg() -> Vec<u8> {
    let picture = RgbImage::from_fn(640, 480, |x, y| {
        image::Rgb([(x % 256) as u8, (y % 256) as u8, ((x * y) % 256) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Jpeg)
        .expect("memory takes it");
    bytes.into_inner()
}

/// The first half of [`jpeg`].
#[must_use]
pub fn truncated_jpeg() -> Vec<u8> {
    let whole = jpeg();
    whole[..whole.len() / 2].to_vec()
}

/// A PNG whose header claims 60,000 x 60,000 pixels, with a right CRC, and hardly a byte of them.
#[must_use]
pub fn huge_png() -> Vec<u8> {
    let mut header = Vec::from(*b"IHDR");
    header.extend_from_slice(&60_000_u32.to_be_bytes());
    header.extend_from_slice(&60_000_u32.to_be_bytes());
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut bytes = Vec::from(*b"\x89PNG\r\n\x1a\n");
    for chunk in [
        &header[..],
        b"IDAT\x78\x9c\x63\x00\x00\x00\x01\x00\x01",
        b"IEND",
    ] {
        let length = u32::try_from(chunk.len() - 4).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(&crc32(chunk).to_be_bytes());
    }
    bytes
}

/// CRC-32 as PNG uses it (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
