//! Lossy WebP frames. An input is the payload of a `VP8 ` chunk, and then again the quality, the
//! width and the pixels of a picture.

use lockgate_webp::{Extra, Pixels, decode_half_ycbcr, decode_rgb, encode_webp, frame_size};

const PIXELS_MAX: usize = 1 << 16;

/// Decodes, and encodes.
pub fn run(data: &[u8]) {
    decode(data);
    if let [quality, width, pixels @ ..] = data {
        encode(*quality % 100 + 1, usize::from(*width) % 80 + 1, pixels);
    }
}

fn decode(payload: &[u8]) {
    if frame_size(payload).is_ok_and(|size| size.width * size.height > PIXELS_MAX) {
        return;
    }
    let (mut rows, mut halves) = (0, 0);
    let whole = decode_rgb(payload, |_| rows += 1);
    let half = decode_half_ycbcr(payload, |_| halves += 1);
    assert_eq!(whole, half);
    if let Ok(size) = whole {
        assert_eq!((rows, halves), (size.height, size.height.div_ceil(2)));
    }
}

fn encode(quality: u8, width: usize, pixels: &[u8]) {
    let height = (pixels.len() / (4 * width)).min(PIXELS_MAX / width);
    if height == 0 {
        return;
    }
    let Some(pixels) = pixels.get(..4 * width * height) else {
        return;
    };
    let file = encode_webp(Pixels::Rgba(pixels), width, height, quality, Extra::default())
        .expect("a picture of its own size");
    // RIFF, WEBP and a chunk of this name come first where there is neither profile nor alpha.
    let payload = file.get(20..).expect("a chunk");
    let mut rows = 0;
    let size = decode_rgb(payload, |_| rows += 1).expect("our own frame");
    assert_eq!((size.width, size.height, rows), (width, height, height));
}
