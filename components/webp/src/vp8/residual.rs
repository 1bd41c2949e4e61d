//! The coefficients of a macroblock (RFC 6386, section 13).

#![allow(
    clippy::indexing_slicing,
    reason = "blocks are 0 to 24, columns and rows of blocks 0 to 3: constants of the loops"
)]

use super::bool_decoder::BoolDecoder;
use super::header::Steps;
use super::inverse;
use super::tables::CoefficientProbs;
use super::tokens::{AFTER_Y2, CHROMA, WITH_DC, Y2, read_block};

/// What of a block differs from its prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Empty,
    Dc,
    Full,
}

/// Dequantised coefficients: sixteen luma blocks, four of each chroma plane.
#[derive(Default)]
pub(crate) struct Residual {
    pub(crate) blocks: [[i32; 16]; 24],
    pub(crate) kinds: [Kind; 24],
}

/// Which blocks at an edge of a macroblock have coefficients: the context of those beside them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    luma: [bool; 4],
    chroma: [[bool; 2]; 2],
    y2: bool,
}

impl Beside {
    /// After a macroblock without coefficients; `whole` ones have a Y2 block.
    pub(crate) fn skip(&mut self, whole: bool) {
        *self = Self {
            y2: self.y2 && !whole,
            ..Self::default()
        };
    }
}

impl Residual {
    /// Reads a macroblock's blocks. True unless all of them are empty after all.
    pub(crate) fn read(
        &mut self,
        bits: &mut BoolDecoder<'_>,
        probs: &CoefficientProbs,
        steps: &Steps,
        whole: bool,
        above: &mut Beside,
        left: &mut Beside,
    ) -> bool {
        let (mut plane, mut first) = (WITH_DC, 0);
        if whole {
            let mut block = [0; 16];
            let context = usize::from(above.y2) + usize::from(left.y2);
            let end = read_block(bits, probs, Y2, context, 0, steps.y2, &mut block);
            above.y2 = end > 0;
            left.y2 = end > 0;
            if end > 0 {
                let dcs = inverse::walsh_hadamard(&block);
                for (block, dc) in self.blocks.iter_mut().zip(dcs) {
                    block[0] = dc;
                }
            }
            (plane, first) = (AFTER_Y2, 1);
        }
        let mut any = false;
        for y in 0..4 {
            for x in 0..4 {
                let index = 4 * y + x;
                let context = usize::from(above.luma[x]) + usize::from(left.luma[y]);
                let block = &mut self.blocks[index];
                let end = read_block(bits, probs, plane, context, first, steps.y1, block);
                above.luma[x] = end > first;
                left.luma[y] = end > first;
                any |= self.judge(index, end);
            }
        }
        for colour in 0..2 {
            for y in 0..2 {
                for x in 0..2 {
                    let index = 16 + 4 * colour + 2 * y + x;
                    let above = &mut above.chroma[colour][x];
                    let left = &mut left.chroma[colour][y];
                    let context = usize::from(*above) + usize::from(*left);
                    let block = &mut self.blocks[index];
                    let end = read_block(bits, probs, CHROMA, context, 0, steps.uv, block);
                    *above = end > 0;
                    *left = end > 0;
                    any |= self.judge(index, end);
                }
            }
        }
        any
    }

    /// Notes what a block with coefficients before `end` needs; true if anything.
    #[inline(always)]
    fn judge(&mut self, index: usize, end: usize) -> bool {
        let kind = if end > 1 {
            Kind::Full
        } else if self.blocks[index][0] != 0 {
            Kind::Dc
        } else {
            Kind::Empty
        };
        self.kinds[index] = kind;
        kind != Kind::Empty
    }

    /// Back to no coefficients.
    pub(crate) fn clear(&mut self) {
        for (block, kind) in self.blocks.iter_mut().zip(&mut self.kinds) {
            if *kind != Kind::Empty {
                *block = [0; 16];
                *kind = Kind::Empty;
            }
        }
    }
}
