//! Decoded rows to RGB, as libwebp does it: chroma between its samples is weighted 9:3:3:1, then
//! BT.601 in limited range with 14 bits of fraction.

#![allow(
    clippy::indexing_slicing,
    reason = "rows are as long as the width that their decoder says; loops run within it"
)]

use crate::simd::V;
use crate::{FrameSize, WebpError, YuvRows, decode_yuv, frame_size};

/// Decodes the payload of a `VP8 ` chunk and hands RGB rows to `sink`, three bytes a pixel, from
/// the top. The same bytes as libwebp's with its default ("fancy") upsampling.
///
/// # Errors
/// As [`decode_yuv`].
pub fn decode_rgb(payload: &[u8], mut sink: impl FnMut(&[u8])) -> Result<FrameSize, WebpError> {
    let mut upsampler = Upsampler::new(frame_size(payload)?);
    decode_yuv(payload, |rows| upsampler.push(rows, &mut sink))
}

/// Pixels that are made at once; rows have room for as many more.
const STEP: usize = 16;

struct Upsampler {
    size: FrameSize,
    /// The last luma row that was handed in and not handed on: every second one waits for chroma.
    luma: Vec<u8>,
    /// The chroma rows above the next ones; each begins at [`Self::CHROMA_START`].
    chroma: [Vec<u8>; 2],
    /// Chroma as wide as the picture, of two rows; pixel `x` stands at `x + 1`.
    wide: [[Vec<u8>; 2]; 2],
    rgb: Vec<u8>,
}

impl Upsampler {
    fn new(size: FrameSize) -> Self {
        let row = || vec![0; size.width + 4 * STEP];
        Self {
            size,
            luma: row(),
            chroma: [row(), row()],
            wide: [[row(), row()], [row(), row()]],
            rgb: vec![0; 3 * (size.width + STEP)],
        }
    }

    fn push(&mut self, rows: &YuvRows<'_>, sink: &mut impl FnMut(&[u8])) {
        let (width, half) = (self.size.width, self.size.width.div_ceil(2));
        for pair in 0..rows.rows.div_ceil(2) {
            let chroma = rows
                .chroma
                .map(|plane| &plane[pair * rows.chroma_stride..][..half]);
            let luma = |row: usize| &rows.luma[row * rows.luma_stride..][..width];
            if rows.first + 2 * pair == 0 {
                // Above the first chroma row there is none: it stands for itself.
                self.keep_chroma(chroma);
                self.widen(chroma);
                self.hand_on(luma(0), 1, sink);
            } else {
                self.widen(chroma);
                let above = std::mem::take(&mut self.luma);
                self.hand_on(&above[..width], 0, sink);
                self.luma = above;
                self.hand_on(luma(2 * pair), 1, sink);
                self.keep_chroma(chroma);
            }
            if 2 * pair + 1 < rows.rows {
                self.luma[..width].copy_from_slice(luma(2 * pair + 1));
            }
        }
        let end = rows.first + rows.rows;
        if end == self.size.height && end.is_multiple_of(2) {
            let chroma = std::mem::take(&mut self.chroma);
            self.chroma = chroma.clone();
            self.widen([&chroma[0][..half], &chroma[1][..half]]);
            let above = std::mem::take(&mut self.luma);
            self.hand_on(&above[..width], 0, sink);
        }
    }

    fn keep_chroma(&mut self, chroma: [&[u8]; 2]) {
        for (kept, row) in self.chroma.iter_mut().zip(chroma) {
            kept[..row.len()].copy_from_slice(row);
        }
    }

    /// Chroma for the two luma rows between the kept chroma row and `below`.
    fn widen(&mut self, below: [&[u8]; 2]) {
        for ((above, below), [upper, lower]) in self.chroma.iter().zip(below).zip(&mut self.wide) {
            widen(&above[..below.len()], below, upper, lower);
        }
    }

    fn hand_on(&mut self, luma: &[u8], which: usize, sink: &mut impl FnMut(&[u8])) {
        let [u, v] = self.wide.each_ref().map(|rows| &rows[which][1..]);
        to_rgb(luma, u, v, &mut self.rgb);
        sink(&self.rgb[..3 * luma.len()]);
    }
}

/// Twice as many columns: sample `x` between its neighbours becomes pixels `2 x` and `2 x + 1`,
/// which stand one further in `upper` (nearer to `above`) and `lower` (nearer to `below`).
fn widen(above: &[u8], below: &[u8], upper: &mut [u8], lower: &mut [u8]) {
    let Some(last) = above.len().checked_sub(1) else {
        return;
    };
    let three_to_one = |a: u8, b: u8| {
        #[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
        let mean = ((3 * u16::from(a) + u16::from(b) + 2) >> 2) as u8;
        mean
    };
    upper[1] = three_to_one(above[0], below[0]);
    lower[1] = three_to_one(below[0], above[0]);
    upper[2 * last + 2] = three_to_one(above[last], below[last]);
    lower[2 * last + 2] = three_to_one(below[last], above[last]);

    // Between samples `x` and `x + 1`: pixels `2 x + 1` and `2 x + 2`.
    let mut x = 0;
    while x + 9 <= above.len() {
        let [a, b] = [&above[x..], &above[x + 1..]].map(|row| low_8(row).widen_low_u8());
        let [c, d] = [&below[x..], &below[x + 1..]].map(|row| low_8(row).widen_low_u8());
        let [first, second, third, fourth] = between([a, b, c, d]);
        interleaved(first, second).store(&mut upper[2 * x + 2..]);
        interleaved(third, fourth).store(&mut lower[2 * x + 2..]);
        x += 8;
    }
    while x < last {
        let corners = [above[x], above[x + 1], below[x], below[x + 1]];
        let made = between(corners.map(|c| V::splat_i16(i16::from(c)))).map(|v| v.to_bytes()[0]);
        [
            upper[2 * x + 2],
            upper[2 * x + 3],
            lower[2 * x + 2],
            lower[2 * x + 3],
        ] = made;
        x += 1;
    }
}

#[inline(always)]
fn low_8(row: &[u8]) -> V {
    row.first_chunk::<8>()
        .map_or_else(V::zero, |eight| V::low(*eight))
}

#[inline(always)]
fn interleaved(even: V, odd: V) -> V {
    even.narrow_i16_to_u8(even)
        .interleave_low_u8(odd.narrow_i16_to_u8(odd))
}

/// The four points between four samples, each nearest to one of them, in the same order. libwebp
/// rounds twice: the weights 9:3:3:1 are a mean of the sample and a diagonal's mean.
#[inline(always)]
fn between([a, b, c, d]: [V; 4]) -> [V; 4] {
    let (rising, falling) = (b.add_i16(c), a.add_i16(d));
    let all = rising.add_i16(falling).add_i16(V::splat_i16(8));
    let rising = all.add_i16(rising.shl_i16::<1>()).shr_u16::<3>();
    let falling = all.add_i16(falling.shl_i16::<1>()).shr_u16::<3>();
    [
        rising.add_i16(a).shr_u16::<1>(),
        falling.add_i16(b).shr_u16::<1>(),
        falling.add_i16(c).shr_u16::<1>(),
        rising.add_i16(d).shr_u16::<1>(),
    ]
}

/// One row. `u` and `v` may be read, and `rgb` written, up to [`STEP`] pixels past the end.
fn to_rgb(luma: &[u8], u: &[u8], v: &[u8], rgb: &mut [u8]) {
    for (step, luma) in luma.chunks(STEP).enumerate() {
        let at = step * STEP;
        let [y, u, v] = [luma, &u[at..], &v[at..]].map(V::load);
        let low = to_rgb_8([y, u, v].map(|c| V::zero().interleave_low_u8(c)));
        let high = to_rgb_8([y, u, v].map(|c| V::zero().interleave_high_u8(c)));
        let [red, green, blue] = [0, 1, 2].map(|c: usize| low[c].narrow_i16_to_u8(high[c]));
        let out = &mut rgb[3 * at..3 * at + 48];
        for (part, pixels) in V::interleave_3(red, green, blue).into_iter().enumerate() {
            pixels.store(&mut out[16 * part..]);
        }
    }
}

/// Eight pixels, each channel in the high bytes.
#[inline(always)]
fn to_rgb_8([y, u, v]: [V; 3]) -> [V; 3] {
    let times = |v: V, factor: u16| v.mulhi_u16(V::splat_i16(factor.cast_signed()));
    let y = times(y, 19_077);
    let red = y.add_i16(times(v, 26_149)).sub_i16(V::splat_i16(14_234));
    let green = y
        .add_i16(V::splat_i16(8_708))
        .sub_i16(times(u, 6_419).add_i16(times(v, 13_320)));
    // The sum is over 15 bits, so it is unsigned and stops at zero.
    let blue = times(u, 33_050)
        .add_sat_u16(y)
        .sub_sat_u16(V::splat_i16(17_685));
    [
        red.shr_i16::<6>(),
        green.shr_i16::<6>(),
        blue.shr_u16::<6>(),
    ]
}
