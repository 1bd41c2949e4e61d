//! Quantisation steps (T.81 annex K.1), scaled by quality as libjpeg does.

/// The place of each zigzag position in an 8 x 8 block.
pub(super) use crate::decode::ZIGZAG;

const LUMINANCE: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

const CHROMINANCE: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Of luminance and of chrominance, row by row.
pub(super) fn quantisation(quality: u8) -> [[u8; 64]; 2] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    [LUMINANCE, CHROMINANCE].map(|table| table.map(|step| scaled(step, percent)))
}

#[allow(clippy::cast_possible_truncation, reason = "clamped to a byte")]
fn scaled(step: u8, percent: u32) -> u8 {
    ((u32::from(step) * percent + 50) / 100).clamp(1, 255) as u8
}
