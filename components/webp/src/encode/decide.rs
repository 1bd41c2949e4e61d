//! Decides how a macroblock is coded: each way that looks promising is tried to the end, and the
//! one with the least of distortion and rate together is taken.

#![allow(
    clippy::indexing_slicing,
    reason = "blocks are 0 to 15, their edges 0 to 3: constants of the loops"
)]

use super::candidate::{
    Chroma, Whole, chroma, distance, predict_chroma, predict_whole, score, small, whole,
};
use super::costs::TokenCosts;
use super::forward::{self, Block};
use super::mode_costs::ModeCosts;
use super::segments::Segment;
use crate::simd::V;
use crate::vp8::modes::{BlockMode, Luma, Mode};
use crate::vp8::predict::{self, Around};
use crate::vp8::tokens::WITH_DC;

const MODES: [Mode; 4] = [Mode::Dc, Mode::TrueMotion, Mode::Vertical, Mode::Horizontal];

/// How many modes of a 4x4 block are tried to the end.
const BLOCK_TRIES: usize = 3;
/// How many modes of a whole macroblock, and of its chroma, are.
const WHOLE_TRIES: usize = 2;

/// What a macroblock is decided from.
pub(super) struct Task<'a> {
    pub(super) source: [V; 16],
    pub(super) chroma_source: [V; 8],
    pub(super) around: Around<16>,
    /// Above and to the right, for 4x4 blocks.
    pub(super) right: [u8; 4],
    pub(super) chroma_around: [Around<8>; 2],
    pub(super) segment: &'a Segment,
    pub(super) costs: &'a TokenCosts,
    pub(super) mode_costs: &'a ModeCosts,
    /// Whether blocks beside have coefficients: four of luma, then that of Y2.
    pub(super) above: [bool; 5],
    pub(super) left: [bool; 5],
    pub(super) chroma_above: [[bool; 2]; 2],
    pub(super) chroma_left: [[bool; 2]; 2],
    pub(super) modes_above: [BlockMode; 4],
    pub(super) modes_left: [BlockMode; 4],
}

/// What was decided.
pub(super) struct Decision {
    pub(super) luma: Luma,
    pub(super) y2: [i16; 16],
    pub(super) levels: [[i16; 16]; 16],
    pub(super) pixels: [V; 16],
    pub(super) chroma: Chroma,
}

impl Task<'_> {
    /// Of a macroblock that nobody sees: nothing but the cheapest prediction.
    pub(super) fn unseen(&self) -> Decision {
        Decision {
            luma: Luma::Whole(Mode::Dc),
            y2: [0; 16],
            levels: [[0; 16]; 16],
            pixels: predict_whole(Mode::Dc, &self.around),
            chroma: Chroma {
                mode: Mode::Dc,
                levels: [[0; 16]; 8],
                pixels: predict_chroma(Mode::Dc, &self.chroma_around),
                distortion: 0,
                rate: 0,
            },
        }
    }

    pub(super) fn decide(&self) -> Decision {
        let chroma = self.chroma();
        let whole = self.whole();
        let mode_rate = self.mode_costs.whole(whole.mode) + whole.rate;
        let limit = score(whole.distortion, mode_rate, self.segment.lambda_mode);
        match self.blocks(limit) {
            Some((modes, levels, pixels)) => Decision {
                luma: Luma::Blocks(modes),
                y2: [0; 16],
                levels,
                pixels,
                chroma,
            },
            None => Decision {
                luma: Luma::Whole(whole.mode),
                y2: whole.y2,
                levels: whole.levels,
                pixels: whole.pixels,
                chroma,
            },
        }
    }

    fn whole(&self) -> Whole {
        let predictions = MODES.map(|mode| predict_whole(mode, &self.around));
        let distances = predictions.each_ref().map(|p| distance(&self.source, p));
        let code = |at: usize| {
            whole(
                MODES[at],
                &self.source,
                &predictions[at],
                self.segment,
                self.costs,
                self.above,
                self.left,
            )
        };
        let lambda = self.segment.lambda_whole;
        best(&distances, WHOLE_TRIES, code, |coded: &Whole| {
            let rate = coded.rate + self.mode_costs.whole(coded.mode);
            score(coded.distortion, rate, lambda)
        })
    }

    fn chroma(&self) -> Chroma {
        let predictions = MODES.map(|mode| predict_chroma(mode, &self.chroma_around));
        let distances = predictions
            .each_ref()
            .map(|p| distance(&self.chroma_source, p));
        let code = |at: usize| {
            chroma(
                MODES[at],
                &self.chroma_source,
                &predictions[at],
                &self.segment.uv,
                self.costs,
                self.chroma_above,
                self.chroma_left,
            )
        };
        let lambda = self.segment.lambda_chroma;
        best(&distances, WHOLE_TRIES, code, |coded: &Chroma| {
            let rate = coded.rate + self.mode_costs.chroma(coded.mode);
            score(coded.distortion, rate, lambda)
        })
    }

    /// Sixteen blocks; nothing as soon as they are not better than `limit`.
    #[allow(clippy::type_complexity, reason = "modes, levels, pixels")]
    fn blocks(&self, limit: i64) -> Option<([BlockMode; 16], [[i16; 16]; 16], [V; 16])> {
        let lambda_mode = self.segment.lambda_mode;
        let mut total = score(0, self.mode_costs.blocks(), lambda_mode);
        let mut modes = [BlockMode::Dc; 16];
        let mut levels = [[0; 16]; 16];
        let mut pixels = [V::zero(); 16];
        let (mut above, mut left) = (self.above, self.left);
        let (mut modes_above, mut modes_left) = (self.modes_above, self.modes_left);
        // The row above the current blocks: the corner, sixteen, and four to the right.
        let mut row_above = [0; 21];
        row_above[0] = self.around.corner;
        row_above[1..17].copy_from_slice(&self.around.above);
        row_above[17..].copy_from_slice(&self.right);
        let mut edge_left = self.around.left;
        for y in 0..4 {
            let mut bottom = [[0; 4]; 4];
            let mut corner_left: [u8; 4] = [0; 4];
            corner_left.copy_from_slice(&edge_left[4 * y..4 * y + 4]);
            let first_left = corner_left;
            for x in 0..4 {
                let at = 4 * y + x;
                let mut edge = [0; 13];
                for (to, from) in edge.iter_mut().zip(corner_left.iter().rev()) {
                    *to = *from;
                }
                edge[4..].copy_from_slice(&row_above[4 * x..4 * x + 9]);
                let context = usize::from(above[x]) + usize::from(left[y]);
                let mode_costs = self.mode_costs.block(modes_above[x], modes_left[y]);
                let tried = self.block(at, &edge, context, &mode_costs);
                total += score(tried.distortion, tried.rate, lambda_mode);
                if total >= limit {
                    return None;
                }
                (modes[at], levels[at], pixels[at]) = (tried.mode, tried.levels, tried.pixels);
                let some = tried.levels != [0; 16];
                (above[x], left[y]) = (some, some);
                (modes_above[x], modes_left[y]) = (tried.mode, tried.mode);
                let bytes = tried.pixels.to_bytes();
                bottom[x].copy_from_slice(&bytes[12..]);
                for (to, from) in corner_left.iter_mut().zip(bytes.chunks_exact(4)) {
                    *to = from[3];
                }
            }
            row_above[0] = first_left[3];
            row_above[1..17].copy_from_slice(bottom.as_flattened());
            edge_left[4 * y..4 * y + 4].copy_from_slice(&corner_left);
        }
        Some((modes, levels, pixels))
    }

    /// The best mode of one 4x4 block.
    fn block(
        &self,
        at: usize,
        edge: &predict::Edge,
        context: usize,
        mode_costs: &[u16; 10],
    ) -> Tried {
        let source = self.source[at];
        let predictions = BlockMode::ALL.map(|mode| V::from_bytes(predict::block(mode, edge)));
        let mut blocks: [Block; 10] = [[V::zero(); 2]; 10];
        for (blocks, predicted) in blocks
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .zip(predictions.as_chunks::<2>().0)
        {
            *blocks = forward::dct(forward::differences([source; 2], *predicted));
        }
        let quantizer = &self.segment.y1;
        // What is left after the prediction, and its mode: a first guess at the score.
        let lambda = self.segment.lambda_block;
        let mut order: [(i64, usize); 10] = std::array::from_fn(|mode| {
            let size = forward::size(blocks[mode]);
            // A level costs some six bits, and there is one for each step of size.
            let rate = 1536 * size / quantizer.mean.max(1) / 8 + i32::from(mode_costs[mode]);
            (i64::from(rate), mode)
        });
        order.sort_unstable();
        let mut best: Option<(i64, Tried)> = None;
        for (_, mode) in order.into_iter().take(BLOCK_TRIES) {
            let (levels, pixels, distortion) =
                small(source, predictions[mode], blocks[mode], quantizer);
            let rate = self.costs.block(WITH_DC, context, 0, &levels) + u32::from(mode_costs[mode]);
            let score = score(distortion, rate, lambda);
            if best.as_ref().is_none_or(|(least, _)| score < *least) {
                let tried = Tried {
                    mode: BlockMode::ALL[mode],
                    levels,
                    pixels,
                    distortion,
                    rate,
                };
                best = Some((score, tried));
            }
        }
        best.map_or_else(Tried::default, |(_, tried)| tried)
    }
}

struct Tried {
    mode: BlockMode,
    levels: [i16; 16],
    pixels: V,
    distortion: i32,
    rate: u32,
}

impl Default for Tried {
    fn default() -> Self {
        Self {
            mode: BlockMode::Dc,
            levels: [0; 16],
            pixels: V::zero(),
            distortion: i32::MAX,
            rate: 0,
        }
    }
}

/// The best by `score` of the `tries` nearest predictions.
fn best<T>(
    distances: &[i32; 4],
    tries: usize,
    code: impl Fn(usize) -> T,
    score: impl Fn(&T) -> i64,
) -> T {
    let mut order = [0, 1, 2, 3];
    order.sort_by_key(|at| distances[*at]);
    let mut best = code(order[0]);
    let mut least = score(&best);
    for at in order.into_iter().take(tries).skip(1) {
        let next = code(at);
        let its = score(&next);
        if its < least {
            (best, least) = (next, its);
        }
    }
    best
}
