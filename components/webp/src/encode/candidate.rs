//! What it costs to code blocks from a prediction, and what comes out: the inner loop of every
//! decision.

#![allow(
    clippy::indexing_slicing,
    reason = "blocks are 0 to 15, their edges 0 to 3: constants of the loops"
)]

use super::costs::TokenCosts;
use super::forward::{self, Block};
use super::quantize::Quantizer;
use super::segments::Segment;
use crate::simd::{V, transpose_4x4_u32};
use crate::vp8::inverse;
use crate::vp8::modes::Mode;
use crate::vp8::predict::{self, Around};
use crate::vp8::tokens::{AFTER_Y2, CHROMA, Y2};

/// Distortion and rate in one number; less is better.
pub(super) fn score(distortion: i32, rate: u32, lambda: i32) -> i64 {
    256 * i64::from(distortion) + i64::from(rate) * i64::from(lambda)
}

/// A luma macroblock of one prediction.
#[derive(Clone)]
pub(super) struct Whole {
    pub(super) mode: Mode,
    pub(super) y2: [i16; 16],
    pub(super) levels: [[i16; 16]; 16],
    pub(super) pixels: [V; 16],
    pub(super) distortion: i32,
    /// Of the coefficients.
    pub(super) rate: u32,
}

/// Sixteen rows as sixteen 4x4 blocks of four rows each.
#[inline(always)]
pub(super) fn rows_to_blocks(rows: &[V; 16]) -> [V; 16] {
    let mut blocks = [V::zero(); 16];
    for (blocks, rows) in blocks
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .zip(rows.as_chunks::<4>().0)
    {
        *blocks = transpose_4x4_u32(*rows);
    }
    blocks
}

/// The prediction of a macroblock in blocks.
pub(super) fn predict_whole(mode: Mode, around: &Around<16>) -> [V; 16] {
    let mut rows = [V::zero(); 16];
    predict::luma(mode, around, |y, pixels| rows[y] = pixels);
    rows_to_blocks(&rows)
}

/// How far `predicted` is from `source`, as squares.
#[inline(always)]
pub(super) fn distance<const N: usize>(source: &[V; N], predicted: &[V; N]) -> i32 {
    let mut sums = V::zero();
    for (a, b) in source.iter().zip(predicted) {
        sums = sums.add_i32(forward::squares(*a, *b));
    }
    forward::sum(sums)
}

/// The coefficients of `N` blocks.
#[inline(always)]
fn coefficients<const N: usize>(source: &[V; N], predicted: &[V; N]) -> [Block; N] {
    let mut blocks = [[V::zero(); 2]; N];
    let pairs = source
        .as_chunks::<2>()
        .0
        .iter()
        .zip(predicted.as_chunks::<2>().0);
    for (blocks, (source, predicted)) in blocks.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        *blocks = forward::dct(forward::differences(*source, *predicted));
    }
    blocks
}

/// `predicted` with dequantised `block`.
#[inline(always)]
fn rebuild(predicted: V, [upper, lower]: Block) -> V {
    inverse::add_dct_rows(
        predicted,
        [
            upper.widen_low_i16(),
            upper.widen_high_i16(),
            lower.widen_low_i16(),
            lower.widen_high_i16(),
        ],
    )
}

#[inline(always)]
fn first_number(block: Block) -> i16 {
    let [a, b, ..] = block[0].to_bytes();
    i16::from_le_bytes([a, b])
}

/// `block` with another first number.
#[inline(always)]
fn with_first([upper, lower]: Block, value: i16) -> Block {
    let mut bytes = upper.to_bytes();
    let [a, b] = value.to_le_bytes();
    (bytes[0], bytes[1]) = (a, b);
    [V::from_bytes(bytes), lower]
}

/// Codes a whole macroblock from `predicted`. `above` and `left` say which blocks beside it have
/// coefficients, the fifth of each is about Y2.
pub(super) fn whole(
    mode: Mode,
    source: &[V; 16],
    predicted: &[V; 16],
    segment: &Segment,
    costs: &TokenCosts,
    mut above: [bool; 5],
    mut left: [bool; 5],
) -> Whole {
    let blocks = coefficients(source, predicted);
    let dcs = blocks.map(first_number);
    let (y2, y2_back) = segment
        .y2
        .quantize(forward::from_numbers(&forward::walsh_hadamard(&dcs)));
    let y2 = forward::numbers(y2);
    let dcs = inverse::walsh_hadamard(&forward::numbers(y2_back).map(i32::from));
    let context = usize::from(above[4]) + usize::from(left[4]);
    let mut rate = costs.block(Y2, context, 0, &y2);

    let mut levels = [[0; 16]; 16];
    let mut pixels = [V::zero(); 16];
    for (at, block) in blocks.into_iter().enumerate() {
        let (x, y) = (at & 3, at >> 2);
        let (level, back) = segment.y1.quantize(with_first(block, 0));
        #[allow(clippy::cast_possible_truncation, reason = "an eighth of 16 levels")]
        let dc = dcs[at] as i16;
        pixels[at] = rebuild(predicted[at], with_first(back, dc));
        levels[at] = forward::numbers(level);
        let context = usize::from(above[x]) + usize::from(left[y]);
        rate += costs.block(AFTER_Y2, context, 1, &levels[at]);
        let some = levels[at] != [0; 16];
        (above[x], left[y]) = (some, some);
    }
    Whole {
        mode,
        y2,
        levels,
        distortion: distance(source, &pixels),
        pixels,
        rate,
    }
}

/// Both chroma blocks of one prediction: four blocks of each plane.
#[derive(Clone)]
pub(super) struct Chroma {
    pub(super) mode: Mode,
    pub(super) levels: [[i16; 16]; 8],
    pub(super) pixels: [V; 8],
    pub(super) distortion: i32,
    pub(super) rate: u32,
}

/// Four blocks of an 8x8 plane from its rows.
pub(super) fn chroma_blocks(rows: &[[u8; 8]; 8]) -> [V; 4] {
    let mut blocks = [[0; 16]; 4];
    for (y, row) in rows.iter().enumerate() {
        for (x, pixel) in row.iter().enumerate() {
            blocks[(y >> 2) * 2 + (x >> 2)][(y & 3) * 4 + (x & 3)] = *pixel;
        }
    }
    blocks.map(V::from_bytes)
}

/// The prediction of both planes in blocks.
pub(super) fn predict_chroma(mode: Mode, around: &[Around<8>; 2]) -> [V; 8] {
    let mut blocks = [V::zero(); 8];
    for (plane, around) in around.iter().enumerate() {
        let mut pairs = [V::zero(); 4];
        let mut before = [0; 8];
        predict::chroma(mode, around, |y, row| {
            if y & 1 == 0 {
                before = row;
            } else {
                pairs[y >> 1] = V::halves(before, row);
            }
        });
        for half in 0..2 {
            let (a, b) = (pairs[2 * half], pairs[2 * half + 1]);
            // Lanes of 32 bits: a row of the left block, one of the right one, and so on.
            let (low, high) = (a.interleave_low_u32(b), a.interleave_high_u32(b));
            blocks[4 * plane + 2 * half] = low.interleave_low_u32(high);
            blocks[4 * plane + 2 * half + 1] = low.interleave_high_u32(high);
        }
    }
    blocks
}

/// Codes both chroma blocks from `predicted`; `above` and `left` by plane.
pub(super) fn chroma(
    mode: Mode,
    source: &[V; 8],
    predicted: &[V; 8],
    quantizer: &Quantizer,
    costs: &TokenCosts,
    mut above: [[bool; 2]; 2],
    mut left: [[bool; 2]; 2],
) -> Chroma {
    let blocks = coefficients(source, predicted);
    let mut levels = [[0; 16]; 8];
    let mut pixels = [V::zero(); 8];
    let mut rate = 0;
    for (at, block) in blocks.into_iter().enumerate() {
        let (plane, x, y) = (at >> 2, at & 1, (at >> 1) & 1);
        let (level, back) = quantizer.quantize(block);
        pixels[at] = rebuild(predicted[at], back);
        levels[at] = forward::numbers(level);
        let context = usize::from(above[plane][x]) + usize::from(left[plane][y]);
        rate += costs.block(CHROMA, context, 0, &levels[at]);
        let some = levels[at] != [0; 16];
        (above[plane][x], left[plane][y]) = (some, some);
    }
    Chroma {
        mode,
        levels,
        distortion: distance(source, &pixels),
        pixels,
        rate,
    }
}

/// Codes a 4x4 block whose coefficients are `block`: levels, pixels and distortion.
#[inline(always)]
pub(super) fn small(
    source: V,
    predicted: V,
    block: Block,
    quantizer: &Quantizer,
) -> ([i16; 16], V, i32) {
    let (level, back) = quantizer.quantize(block);
    let pixels = rebuild(predicted, back);
    let distortion = forward::sum(forward::squares(source, pixels));
    (forward::numbers(level), pixels, distortion)
}
