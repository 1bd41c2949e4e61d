//! A picture as planes, in whole macroblocks.

#![allow(
    clippy::indexing_slicing,
    reason = "planes have whole macroblocks, and the pixels were counted by `Planes::new`"
)]

use super::candidate::{chroma_blocks, rows_to_blocks};
use crate::WebpError;
use crate::simd::V;
use crate::vp8::predict::Around;

/// The most that fits a side (RFC 6386, section 9.1).
const SIDE_MAX: usize = 16_383;

/// What pixels are made of, eight bits a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels<'a> {
    /// Luminance.
    Grey(&'a [u8]),
    /// Red, green, blue.
    Rgb(&'a [u8]),
    /// Red, green, blue, and straight alpha, which is not written; colours that it hides are
    /// chosen anew, so that they cost little and do not bleed.
    Rgba(&'a [u8]),
    /// Full-range BT.601, as in JFIF.
    YCbCr(&'a [u8]),
}

/// Limited-range BT.601, 4:2:0.
pub(super) struct Planes {
    pub(super) width: usize,
    pub(super) height: usize,
    /// In macroblocks.
    pub(super) columns: usize,
    pub(super) rows: usize,
    luma: Vec<u8>,
    chroma: [Vec<u8>; 2],
    /// By macroblock, whether any pixel of it is seen; empty where all are.
    seen: Vec<bool>,
}

impl Planes {
    pub(super) fn new(pixels: Pixels<'_>, width: usize, height: usize) -> Result<Self, WebpError> {
        if width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX {
            return Err(WebpError::BadPicture("a side is not within 1 to 16,383"));
        }
        let (bytes, channels) = match pixels {
            Pixels::Grey(bytes) => (bytes, 1),
            Pixels::Rgb(bytes) | Pixels::YCbCr(bytes) => (bytes, 3),
            Pixels::Rgba(bytes) => (bytes, 4),
        };
        if bytes.len() != width * height * channels {
            return Err(WebpError::BadPicture("sizes and pixels disagree"));
        }
        let (columns, rows) = (width.div_ceil(16), height.div_ceil(16));
        let mut planes = Self {
            width,
            height,
            columns,
            rows,
            luma: vec![0; 256 * columns * rows],
            chroma: [
                vec![128; 64 * columns * rows],
                vec![128; 64 * columns * rows],
            ],
            seen: Vec::new(),
        };
        match pixels {
            Pixels::Grey(bytes) => planes.fill(bytes, |[g]: [u8; 1]| from_rgb([g; 3])),
            Pixels::Rgb(bytes) => planes.fill(bytes, from_rgb),
            Pixels::Rgba(bytes) => {
                planes.seen = seen(bytes, width, columns, rows);
                planes.fill(&without_hidden(bytes, width), from_rgb);
            }
            Pixels::YCbCr(bytes) => planes.fill(bytes, from_ycbcr),
        }
        Ok(planes)
    }

    /// Each pixel through `convert`: luma, and chroma in 16 bits of fraction, of which four are
    /// averaged. What lies past the right and lower end repeats the last.
    fn fill<const N: usize>(&mut self, bytes: &[u8], convert: impl Fn([u8; N]) -> [i32; 3]) {
        let stride = 16 * self.columns;
        let half = stride / 2;
        let (pixels, _) = bytes.as_chunks::<N>();
        let mut sums = vec![[0_i32; 2]; half];
        for (y, row) in pixels.chunks_exact(self.width).enumerate() {
            let luma = &mut self.luma[y * stride..][..stride];
            if y & 1 == 0 {
                sums.fill([0; 2]);
            }
            // The last row of an odd height counts twice, the last column of an odd width too.
            let times = if y & 1 == 0 && y + 1 == self.height {
                2
            } else {
                1
            };
            for ((pair, luma), sums) in row.chunks(2).zip(luma.chunks_exact_mut(2)).zip(&mut sums) {
                let [first, second] = match pair {
                    [first, second] => [convert(*first), convert(*second)],
                    _ => [convert(pair[0]); 2],
                };
                (luma[0], luma[1]) = (byte(first[0]), byte(second[0]));
                for (sum, channel) in sums.iter_mut().zip(1..) {
                    *sum += times * ((first[channel] + second[channel]) >> 2);
                }
            }
            let last = luma[self.width - 1];
            luma[self.width..].fill(last);
            if y & 1 != 0 || y + 1 == self.height {
                let end = self.width.div_ceil(2);
                for (plane, channel) in self.chroma.iter_mut().zip(0..) {
                    let row = &mut plane[y / 2 * half..][..half];
                    for (pixel, sum) in row.iter_mut().zip(&sums[..end]) {
                        *pixel = byte(sum[channel]);
                    }
                    let last = row[end - 1];
                    row[end..].fill(last);
                }
            }
        }
        repeat_last(&mut self.luma, stride, self.height);
        for plane in &mut self.chroma {
            repeat_last(plane, half, self.height.div_ceil(2));
        }
    }

    /// Whether any pixel of a macroblock is seen.
    pub(super) fn is_seen(&self, column: usize, row: usize) -> bool {
        let at = row * self.columns + column;
        self.seen.get(at).copied().unwrap_or(true)
    }

    /// The sixteen luma blocks of a macroblock.
    pub(super) fn luma(&self, column: usize, row: usize) -> [V; 16] {
        let stride = 16 * self.columns;
        let at = 16 * row * stride + 16 * column;
        let rows = std::array::from_fn(|y| V::load(&self.luma[at + y * stride..][..16]));
        rows_to_blocks(&rows)
    }

    /// Its chroma blocks: four of each plane.
    pub(super) fn chroma(&self, column: usize, row: usize) -> [V; 8] {
        let stride = 8 * self.columns;
        let at = 8 * row * stride + 8 * column;
        let mut blocks = [V::zero(); 8];
        for (plane, blocks) in self.chroma.iter().zip(blocks.as_chunks_mut::<4>().0) {
            let mut rows = [[0; 8]; 8];
            for (y, row) in rows.iter_mut().enumerate() {
                row.copy_from_slice(&plane[at + y * stride..][..8]);
            }
            *blocks = chroma_blocks(&rows);
        }
        blocks
    }

    /// What lies around a macroblock in the picture itself: for the analysis, which comes before
    /// anything is coded.
    pub(super) fn around(&self, column: usize, row: usize) -> (Around<16>, [Around<8>; 2]) {
        let [u, v] = &self.chroma;
        let stride = 16 * self.columns;
        (
            around_of(&self.luma, stride, column, row),
            [u, v].map(|plane| around_of(plane, stride / 2, column, row)),
        )
    }
}

/// By macroblock, whether any alpha in it is over zero.
fn seen(rgba: &[u8], width: usize, columns: usize, rows: usize) -> Vec<bool> {
    let mut seen = vec![false; columns * rows];
    let (pixels, _) = rgba.as_chunks::<4>();
    for (y, row) in pixels.chunks_exact(width).enumerate() {
        let seen = &mut seen[y / 16 * columns..][..columns];
        for (seen, pixels) in seen.iter_mut().zip(row.chunks(16)) {
            *seen |= pixels.iter().any(|[_, _, _, alpha]| *alpha > 0);
        }
    }
    seen
}

/// The colours of pixels; a hidden one takes that of the last seen in its row.
fn without_hidden(rgba: &[u8], width: usize) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    let mut rgb = Vec::with_capacity(3 * pixels.len());
    for row in pixels.chunks_exact(width) {
        let first = row.iter().find(|[_, _, _, alpha]| *alpha > 0);
        let mut last = first.map_or([0; 3], |[r, g, b, _]| [*r, *g, *b]);
        for [r, g, b, alpha] in row {
            if *alpha > 0 {
                last = [*r, *g, *b];
            }
            rgb.extend_from_slice(&last);
        }
    }
    rgb
}

fn around_of<const N: usize>(plane: &[u8], stride: usize, column: usize, row: usize) -> Around<N> {
    let at = N * row * stride + N * column;
    let (has_above, has_left) = (row > 0, column > 0);
    let mut around = Around {
        above: [127; N],
        left: [129; N],
        corner: if has_above { 129 } else { 127 },
        has_above,
        has_left,
    };
    if has_above {
        around.above.copy_from_slice(&plane[at - stride..][..N]);
    }
    if has_left {
        for (y, pixel) in around.left.iter_mut().enumerate() {
            *pixel = plane[at + y * stride - 1];
        }
    }
    if has_above && has_left {
        around.corner = plane[at - stride - 1];
    }
    around
}

fn repeat_last(plane: &mut [u8], stride: usize, rows: usize) {
    let (held, rest) = plane.split_at_mut(rows * stride);
    let last = &held[(rows - 1) * stride..];
    for row in rest.chunks_exact_mut(stride) {
        row.copy_from_slice(last);
    }
}

/// BT.601 in limited range, 16 bits of fraction.
#[inline(always)]
fn from_rgb(rgb: [u8; 3]) -> [i32; 3] {
    let [r, g, b] = rgb.map(i32::from);
    let half = (16 << 16) + (1 << 15);
    let middle = (128 << 16) + (1 << 15);
    [
        16_839 * r + 33_059 * g + 6_420 * b + half,
        -9_719 * r - 19_081 * g + 28_800 * b + middle,
        28_800 * r - 24_116 * g - 4_684 * b + middle,
    ]
}

/// From full to limited range, 16 bits of fraction.
#[inline(always)]
fn from_ycbcr(pixel: [u8; 3]) -> [i32; 3] {
    let [y, cb, cr] = pixel.map(i32::from);
    let half = (16 << 16) + (1 << 15);
    let middle = (128 << 16) + (1 << 15);
    [
        56_284 * y + half,
        57_569 * (cb - 128) + middle,
        57_569 * (cr - 128) + middle,
    ]
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
#[inline(always)]
fn byte(fixed: i32) -> u8 {
    (fixed >> 16).clamp(0, 255) as u8
}
