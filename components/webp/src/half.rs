//! Decoded rows at half their size, straight from YUV: chroma has half the size already, luma is
//! averaged in squares. No picture of full size is made, and no RGB.

#![allow(
    clippy::indexing_slicing,
    reason = "rows are as long as the width that their decoder says; loops run within it"
)]

use crate::simd::V;
use crate::{FrameSize, WebpError, YuvRows, decode_yuv, frame_size};

/// Decodes the payload of a `VP8 ` chunk and hands on rows of half its width and height, both
/// rounded up: three bytes a pixel, full-range BT.601 YCbCr as in JFIF.
///
/// # Errors
/// As [`decode_yuv`].
pub fn decode_half_ycbcr(
    payload: &[u8],
    mut sink: impl FnMut(&[u8]),
) -> Result<FrameSize, WebpError> {
    let size = frame_size(payload)?;
    let mut row = vec![0; 3 * (size.width.div_ceil(2) + STEP)];
    decode_yuv(payload, |rows| push(rows, size.width, &mut row, &mut sink))
}

/// Pixels that are made at once.
const STEP: usize = 16;

fn push(rows: &YuvRows<'_>, width: usize, row: &mut [u8], sink: &mut impl FnMut(&[u8])) {
    let half = width.div_ceil(2);
    for pair in 0..rows.rows.div_ceil(2) {
        let upper = &rows.luma[2 * pair * rows.luma_stride..][..width];
        // The last row of an odd height stands for the one that is not there.
        let lower = (2 * pair + 1).min(rows.rows - 1);
        let lower = &rows.luma[lower * rows.luma_stride..][..width];
        let chroma = rows
            .chroma
            .map(|plane| &plane[pair * rows.chroma_stride..][..half]);
        halve([upper, lower], chroma, row);
        sink(&row[..3 * half]);
    }
}

fn halve(luma: [&[u8]; 2], [u, v]: [&[u8]; 2], out: &mut [u8]) {
    for at in (0..u.len()).step_by(STEP) {
        let [low, high] = [2 * at, 2 * at + STEP].map(|at| {
            let [upper, lower] = luma.map(|row| pairs(row, at));
            full_range_luma(upper.add_i16(lower))
        });
        let luma = low.narrow_i16_to_u8(high);
        let [u, v] = [u, v].map(|row| full_range_chroma(V::load(&row[at..])));
        let pixels = V::interleave_3(luma, u, v);
        for (part, pixels) in pixels.into_iter().enumerate() {
            pixels.store(&mut out[3 * at + 16 * part..]);
        }
    }
}

/// Sums of pairs from `at` on. Past the end of the row its last pixel goes on.
#[inline(always)]
fn pairs(row: &[u8], at: usize) -> V {
    if at + 16 <= row.len() {
        return V::load(&row[at..]).pair_sums_u8();
    }
    let last = row.last().copied().unwrap_or(0);
    let mut end = [last; 16];
    for (to, from) in end.iter_mut().zip(row.get(at..).unwrap_or_default()) {
        *to = *from;
    }
    V::from_bytes(end).pair_sums_u8()
}

/// Sums of four, 16 to 235 each, to means of 0 to 255: `(sum / 4 - 16) * 255 / 219`.
#[inline(always)]
fn full_range_luma(sum: V) -> V {
    sum.sub_i16(V::splat_i16(64))
        .shl_i16::<5>()
        .q15_i16(V::splat_i16(19_077))
        .add_i16(V::splat_i16(32))
        .shr_i16::<6>()
}

/// `(c - 128) * 255 / 224 + 128`.
#[inline(always)]
fn full_range_chroma(c: V) -> V {
    let centred = c.xor(V::splat_u8(0x80));
    let stretch = |c: V| {
        c.shl_i16::<7>()
            .q15_i16(V::splat_i16(18_651))
            .add_i16(V::splat_i16(32))
            .shr_i16::<6>()
            .add_i16(V::splat_i16(128))
    };
    stretch(centred.widen_low_i8()).narrow_i16_to_u8(stretch(centred.widen_high_i8()))
}
