//! Pictures made in code and files made of them.

#![allow(dead_code, reason = "each test file uses its own part")]

/// The payload of the first `VP8 ` chunk.
pub(crate) fn payload(file: &[u8]) -> &[u8] {
    let mut rest = &file[12..];
    loop {
        let size = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize;
        if &rest[..4] == b"VP8 " {
            return &rest[8..8 + size];
        }
        rest = &rest[8 + size + size % 2..];
    }
}

/// An RGB picture with ramps, edges and noise.
pub(crate) fn noise(width: u32, height: u32, mut seed: u32) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let ramp = 255 * (x + 2 * y * channel) / (width + 2 * height * channel);
                let step = if (x / 5 + y / 7) % 3 == channel {
                    70
                } else {
                    0
                };
                let grain = if (x / 16 + y / 16) % 2 == 0 {
                    seed >> 26
                } else {
                    seed >> 30
                };
                pixels.push((ramp + step + grain).min(255) as u8);
            }
        }
    }
    pixels
}

/// `pixels` as a lossy WebP by `zenwebp`.
pub(crate) fn encoded(pixels: &[u8], width: u32, height: u32, quality: u8, method: u8) -> Vec<u8> {
    zenwebp::Encoder::new_rgb(pixels, width, height)
        .quality(f32::from(quality))
        .method(method)
        .encode()
        .unwrap()
}
