//! A frame: decisions for all macroblocks in order, then the header and the two partitions.

#![allow(
    clippy::indexing_slicing,
    reason = "edges have whole macroblocks, and loops run over macroblocks and their blocks"
)]

use super::analysis;
use super::bool_encoder::BoolEncoder;
use super::costs::{BitCosts, TokenCosts};
use super::decide::{Decision, Task};
use super::mode_costs::{self, ModeCosts};
use super::planes::Planes;
use super::segments::{self, Segments};
use super::tokens::Tokens;
use crate::WebpError;
use crate::simd::V;
use crate::vp8::modes::{BlockMode, Luma, Mode};
use crate::vp8::predict::Around;
use crate::vp8::tables::CoefficientProbs;
use crate::vp8::token_probs::{DEFAULT_PROBS, UPDATE_PROBS};
use crate::vp8::tokens::{AFTER_Y2, CHROMA, WITH_DC, Y2};

/// How often in a picture the costs follow the tokens so far.
const COST_UPDATES: usize = 8;
/// Macroblocks between them at least.
const COST_UPDATE_LEAST: usize = 96;

/// The largest first partition that a header can name (RFC 6386, section 9.1).
const FIRST_PARTITION_MAX: usize = (1 << 19) - 1;

/// What the header says of a macroblock.
struct Coded {
    segment: u8,
    skip: bool,
    luma: Luma,
    chroma: Mode,
}

/// The payload of a `VP8 ` chunk.
///
/// # Errors
/// [`WebpError::BadPicture`] where the modes do not fit the first partition.
pub(super) fn encode(planes: &Planes, quality: u8) -> Result<Vec<u8>, WebpError> {
    let segments = analyse(planes, quality);
    let bits = BitCosts::new();
    let mode_costs = ModeCosts::new(&bits);
    let mut probs = DEFAULT_PROBS;
    let mut costs = TokenCosts::new(&bits, &probs);
    let mut state = State::new(planes);
    let count = planes.columns * planes.rows;
    let update_every = (count / COST_UPDATES).max(COST_UPDATE_LEAST);

    for row in 0..planes.rows {
        state.start_row(row);
        for column in 0..planes.columns {
            let number = row * planes.columns + column;
            if number > 0 && number.is_multiple_of(update_every) {
                probs = state.tokens.probs(&bits, &DEFAULT_PROBS);
                costs.update(&bits, &probs);
            }
            let index = segments.map[number];
            let task = state.task(planes, &segments, index, (column, row), &costs, &mode_costs);
            let decision = if planes.is_seen(column, row) {
                task.decide()
            } else {
                task.unseen()
            };
            state.take(&decision, index, column);
        }
    }
    let probs = state.tokens.probs(&bits, &DEFAULT_PROBS);
    let first = first_partition(&state.coded, planes.columns, &segments, &probs);
    if first.len() > FIRST_PARTITION_MAX {
        return Err(WebpError::BadPicture("its modes do not fit a partition"));
    }
    let mut second = BoolEncoder::with_capacity(count * 32);
    state.tokens.write(&probs, &mut second);
    Ok(assemble(planes, &first, &second.finish()))
}

fn analyse(planes: &Planes, quality: u8) -> Segments {
    let mut smoothness = Vec::with_capacity(planes.columns * planes.rows);
    let mut chroma_sum = 0_i64;
    for row in 0..planes.rows {
        for column in 0..planes.columns {
            if !planes.is_seen(column, row) {
                smoothness.push(255);
                continue;
            }
            let (around, chroma_around) = planes.around(column, row);
            let (smooth, chroma) = analysis::smoothness(
                (&planes.luma(column, row), &around),
                (&planes.chroma(column, row), &chroma_around),
            );
            smoothness.push(smooth);
            chroma_sum += i64::from(chroma);
        }
    }
    let count = i64::try_from(smoothness.len()).unwrap_or(1).max(1);
    let chroma = i32::try_from(chroma_sum / count).unwrap_or(0);
    segments::split(&smoothness, chroma, quality)
}

/// What macroblocks leave to the next ones.
struct State {
    tokens: Tokens,
    coded: Vec<Coded>,
    /// The last rows of coded pixels above, behind one of corner, and four more to the right.
    above_luma: Vec<u8>,
    above_chroma: [Vec<u8>; 2],
    left_luma: [u8; 16],
    left_chroma: [[u8; 8]; 2],
    corner_luma: u8,
    corner_chroma: [u8; 2],
    above: Vec<Beside>,
    left: Beside,
    row: usize,
}

/// Which blocks have coefficients, and modes, at an edge of a macroblock.
#[derive(Clone, Copy, Default)]
struct Beside {
    /// Four of luma, and Y2.
    luma: [bool; 5],
    chroma: [[bool; 2]; 2],
    modes: [BlockMode; 4],
}

impl State {
    fn new(planes: &Planes) -> Self {
        let above_chroma = vec![127; 8 * planes.columns];
        Self {
            tokens: Tokens::new(planes.columns * planes.rows),
            coded: Vec::with_capacity(planes.columns * planes.rows),
            above_luma: vec![127; 16 * planes.columns + 4],
            above_chroma: [above_chroma.clone(), above_chroma],
            left_luma: [129; 16],
            left_chroma: [[129; 8]; 2],
            corner_luma: 127,
            corner_chroma: [127; 2],
            above: vec![Beside::default(); planes.columns],
            left: Beside::default(),
            row: 0,
        }
    }

    fn start_row(&mut self, row: usize) {
        self.row = row;
        self.left_luma = [129; 16];
        self.left_chroma = [[129; 8]; 2];
        let corner = if row > 0 { 129 } else { 127 };
        self.corner_luma = corner;
        self.corner_chroma = [corner; 2];
        self.left = Beside::default();
        if row > 0 {
            // What lies right of the picture is its last pixel.
            let end = self.above_luma.len() - 4;
            let last = self.above_luma[end - 1];
            self.above_luma[end..].fill(last);
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "a task is made of all this, once"
    )]
    fn task<'a>(
        &self,
        planes: &Planes,
        segments: &'a Segments,
        segment: u8,
        (column, row): (usize, usize),
        costs: &'a TokenCosts,
        mode_costs: &'a ModeCosts,
    ) -> Task<'a> {
        let (has_above, has_left) = (row > 0, column > 0);
        let mut around = Around {
            above: [0; 16],
            left: self.left_luma,
            corner: self.corner_luma,
            has_above,
            has_left,
        };
        let x = 16 * column;
        around.above.copy_from_slice(&self.above_luma[x..x + 16]);
        let mut right = [0; 4];
        right.copy_from_slice(&self.above_luma[x + 16..x + 20]);
        let chroma_around = [0, 1].map(|plane: usize| {
            let mut around = Around {
                above: [0; 8],
                left: self.left_chroma[plane],
                corner: self.corner_chroma[plane],
                has_above,
                has_left,
            };
            let x = 8 * column;
            around
                .above
                .copy_from_slice(&self.above_chroma[plane][x..x + 8]);
            around
        });
        let above = &self.above[column];
        Task {
            source: planes.luma(column, row),
            chroma_source: planes.chroma(column, row),
            around,
            right,
            chroma_around,
            segment: &segments.all[usize::from(segment)],
            costs,
            mode_costs,
            above: above.luma,
            left: self.left.luma,
            chroma_above: above.chroma,
            chroma_left: self.left.chroma,
            modes_above: above.modes,
            modes_left: self.left.modes,
        }
    }

    /// Notes tokens, and what the next macroblocks see.
    fn take(&mut self, decision: &Decision, segment: u8, column: usize) {
        let is_whole = matches!(decision.luma, Luma::Whole(_));
        let none = [0; 16];
        let skip = decision.y2 == none
            && decision.levels.iter().all(|levels| *levels == none)
            && decision.chroma.levels.iter().all(|levels| *levels == none);
        let (above, left) = (&mut self.above[column], &mut self.left);
        match &decision.luma {
            Luma::Whole(mode) => {
                above.modes = [mode.as_block_mode(); 4];
                left.modes = above.modes;
            }
            Luma::Blocks(modes) => {
                above.modes.copy_from_slice(&modes[12..]);
                left.modes = [modes[3], modes[7], modes[11], modes[15]];
            }
        }
        if skip {
            let y2 = |had: bool| had && !is_whole;
            above.luma = [false, false, false, false, y2(above.luma[4])];
            left.luma = [false, false, false, false, y2(left.luma[4])];
            above.chroma = [[false; 2]; 2];
            left.chroma = [[false; 2]; 2];
        } else {
            note_tokens(&mut self.tokens, decision, is_whole, above, left);
        }
        self.keep_pixels(decision, column);
        self.coded.push(Coded {
            segment,
            skip,
            luma: decision.luma,
            chroma: decision.chroma.mode,
        });
    }

    fn keep_pixels(&mut self, decision: &Decision, column: usize) {
        let x = 16 * column;
        self.corner_luma = self.above_luma[x + 15];
        for (at, block) in decision.pixels.iter().enumerate() {
            let bytes = block.to_bytes();
            if at >= 12 {
                self.above_luma[x + 4 * (at - 12)..][..4].copy_from_slice(&bytes[12..]);
            }
            if at & 3 == 3 {
                for (y, row) in bytes.chunks_exact(4).enumerate() {
                    self.left_luma[4 * (at >> 2) + y] = row[3];
                }
            }
        }
        let x = 8 * column;
        for plane in 0..2 {
            self.corner_chroma[plane] = self.above_chroma[plane][x + 7];
            for at in 0..4 {
                let bytes = V::to_bytes(decision.chroma.pixels[4 * plane + at]);
                if at >= 2 {
                    self.above_chroma[plane][x + 4 * (at - 2)..][..4].copy_from_slice(&bytes[12..]);
                }
                if at & 1 == 1 {
                    for (y, row) in bytes.chunks_exact(4).enumerate() {
                        self.left_chroma[plane][4 * (at >> 1) + y] = row[3];
                    }
                }
            }
        }
    }
}

fn note_tokens(
    tokens: &mut Tokens,
    decision: &Decision,
    is_whole: bool,
    above: &mut Beside,
    left: &mut Beside,
) {
    let (mut plane, mut first) = (WITH_DC, 0);
    if is_whole {
        let context = usize::from(above.luma[4]) + usize::from(left.luma[4]);
        let some = tokens.block(Y2, context, 0, &decision.y2);
        (above.luma[4], left.luma[4]) = (some, some);
        (plane, first) = (AFTER_Y2, 1);
    }
    for (at, levels) in decision.levels.iter().enumerate() {
        let (x, y) = (at & 3, at >> 2);
        let context = usize::from(above.luma[x]) + usize::from(left.luma[y]);
        let some = tokens.block(plane, context, first, levels);
        (above.luma[x], left.luma[y]) = (some, some);
    }
    for (at, levels) in decision.chroma.levels.iter().enumerate() {
        let (plane, x, y) = (at >> 2, at & 1, (at >> 1) & 1);
        let context = usize::from(above.chroma[plane][x]) + usize::from(left.chroma[plane][y]);
        let some = tokens.block(CHROMA, context, 0, levels);
        (above.chroma[plane][x], left.chroma[plane][y]) = (some, some);
    }
}

/// The frame header (RFC 6386, section 9) and the modes.
fn first_partition(
    coded: &[Coded],
    columns: usize,
    segments: &Segments,
    probs: &CoefficientProbs,
) -> Vec<u8> {
    let mut to = BoolEncoder::with_capacity(coded.len() * 4 + 256);
    to.flag(false);
    to.flag(false);
    let tree = write_segments(&mut to, segments);
    let filter_level = segments
        .all
        .iter()
        .map(|s| s.filter_level)
        .max()
        .unwrap_or(0);
    to.flag(false);
    to.literal(filter_level.cast_unsigned(), 6);
    to.literal(0, 3);
    to.flag(false);
    // One partition of tokens.
    to.literal(0, 2);
    let base = segments.all.first().map_or(0, |segment| segment.index);
    to.literal(base.cast_unsigned(), 7);
    let [uv_dc, uv_ac] = segments.chroma_deltas;
    for delta in [0, 0, 0, uv_dc, uv_ac] {
        to.optional_signed(delta, 4);
    }
    to.flag(false);
    let all = probs.as_flattened().as_flattened().as_flattened();
    let before = DEFAULT_PROBS.as_flattened().as_flattened().as_flattened();
    let updates = UPDATE_PROBS.as_flattened().as_flattened().as_flattened();
    for ((prob, before), update) in all.iter().zip(before).zip(updates) {
        to.bit(prob != before, *update);
        if prob != before {
            to.literal(u32::from(*prob), 8);
        }
    }
    let skipped = coded.iter().filter(|coded| coded.skip).count();
    let skip_prob = share_false(coded.len() - skipped, coded.len());
    let use_skip = skipped > 0;
    to.flag(use_skip);
    if use_skip {
        to.literal(u32::from(skip_prob), 8);
    }

    let mut above = vec![[BlockMode::Dc; 4]; columns];
    for row in coded.chunks(columns) {
        let mut left = [BlockMode::Dc; 4];
        for (coded, above) in row.iter().zip(&mut above) {
            if let Some([first, low, high]) = tree {
                to.bit(coded.segment >= 2, first);
                to.bit(
                    coded.segment & 1 != 0,
                    if coded.segment >= 2 { high } else { low },
                );
            }
            if use_skip {
                to.bit(coded.skip, skip_prob);
            }
            write_luma(&mut to, &coded.luma, above, &mut left);
            mode_costs::write_chroma(&mut to, coded.chroma);
        }
    }
    to.finish()
}

fn write_luma(
    to: &mut BoolEncoder,
    luma: &Luma,
    above: &mut [BlockMode; 4],
    left: &mut [BlockMode; 4],
) {
    match luma {
        Luma::Whole(mode) => {
            mode_costs::write_whole(to, *mode);
            *above = [mode.as_block_mode(); 4];
            *left = *above;
        }
        Luma::Blocks(modes) => {
            mode_costs::write_blocks(to);
            for (row, left) in modes.as_chunks::<4>().0.iter().zip(left) {
                for (mode, above) in row.iter().zip(above.iter_mut()) {
                    mode_costs::write_block(to, *mode, *above, *left);
                    *above = *mode;
                    *left = *mode;
                }
            }
        }
    }
}

/// Section 9.3; the probabilities of the tree, where there is more than one segment.
fn write_segments(to: &mut BoolEncoder, segments: &Segments) -> Option<[u8; 3]> {
    let some = segments.all.len() > 1;
    to.flag(some);
    if !some {
        return None;
    }
    to.flag(true);
    to.flag(true);
    // Values of segments are absolute.
    to.flag(true);
    let value = |at: usize, of: fn(&segments::Segment) -> i32| segments.all.get(at).map_or(0, of);
    for at in 0..4 {
        to.optional_signed(value(at, |segment| segment.index), 7);
    }
    for at in 0..4 {
        to.optional_signed(value(at, |segment| segment.filter_level), 6);
    }
    let mut counts = [0; 4];
    for segment in &segments.map {
        counts[usize::from(*segment & 3)] += 1;
    }
    let [a, b, c, d] = counts;
    let tree = [
        share_false(a + b, a + b + c + d),
        share_false(a, a + b),
        share_false(c, c + d),
    ];
    for prob in tree {
        to.flag(prob != 255);
        if prob != 255 {
            to.literal(u32::from(prob), 8);
        }
    }
    Some(tree)
}

/// The probability, of 255, of what happened `count` times of `total`.
fn share_false(count: usize, total: usize) -> u8 {
    (255 * count + total / 2)
        .checked_div(total)
        .and_then(|share| u8::try_from(share.clamp(1, 255)).ok())
        .unwrap_or(255)
}

/// The uncompressed start (RFC 6386, section 9.1) and both partitions.
fn assemble(planes: &Planes, first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(first.len() + second.len() + 10);
    let size = u32::try_from(first.len()).unwrap_or(u32::MAX);
    // A key frame of version 0 that is shown.
    let tag = (size << 5) | (1 << 4);
    payload.extend_from_slice(&tag.to_le_bytes()[..3]);
    payload.extend_from_slice(&[0x9D, 0x01, 0x2A]);
    for side in [planes.width, planes.height] {
        let side = u16::try_from(side).unwrap_or(u16::MAX);
        payload.extend_from_slice(&side.to_le_bytes());
    }
    payload.extend_from_slice(first);
    payload.extend_from_slice(second);
    payload
}
