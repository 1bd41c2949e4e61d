//! What modes cost (RFC 6386, sections 11.2 and 11.5), in 1/256 of a bit, and how they are written.

use super::bool_encoder::BoolEncoder;
use super::costs::BitCosts;
use crate::vp8::modes::{BLOCKS_PROB, BlockMode, CHROMA_PROBS, LUMA_PROBS, Mode, block_mode_probs};

/// A place in a tree: the number of its probability and the branch taken.
type Step = (usize, bool);

fn whole_path(mode: Mode) -> [Step; 2] {
    match mode {
        Mode::Dc => [(0, false), (1, false)],
        Mode::Vertical => [(0, false), (1, true)],
        Mode::Horizontal => [(0, true), (2, false)],
        Mode::TrueMotion => [(0, true), (2, true)],
    }
}

fn chroma_path(mode: Mode) -> &'static [Step] {
    match mode {
        Mode::Dc => &[(0, false)],
        Mode::Vertical => &[(0, true), (1, false)],
        Mode::Horizontal => &[(0, true), (1, true), (2, false)],
        Mode::TrueMotion => &[(0, true), (1, true), (2, true)],
    }
}

#[rustfmt::skip]
fn block_path(mode: BlockMode) -> &'static [Step] {
    match mode {
        BlockMode::Dc => &[(0, false)],
        BlockMode::TrueMotion => &[(0, true), (1, false)],
        BlockMode::Vertical => &[(0, true), (1, true), (2, false)],
        BlockMode::Horizontal => &[(0, true), (1, true), (2, true), (3, false), (4, false)],
        BlockMode::RightDown => &[(0, true), (1, true), (2, true), (3, false), (4, true), (5, false)],
        BlockMode::VerticalRight => &[(0, true), (1, true), (2, true), (3, false), (4, true), (5, true)],
        BlockMode::LeftDown => &[(0, true), (1, true), (2, true), (3, true), (6, false)],
        BlockMode::VerticalLeft => &[(0, true), (1, true), (2, true), (3, true), (6, true), (7, false)],
        BlockMode::HorizontalDown => &[(0, true), (1, true), (2, true), (3, true), (6, true), (7, true), (8, false)],
        BlockMode::HorizontalUp => &[(0, true), (1, true), (2, true), (3, true), (6, true), (7, true), (8, true)],
    }
}

/// Costs of all modes.
pub(super) struct ModeCosts {
    whole: [u32; 4],
    chroma: [u32; 4],
    blocks: u32,
    /// By the modes above and left.
    block: Vec<[u16; 10]>,
}

fn cost(bits: &BitCosts, path: &[Step], probs: &[u8]) -> u32 {
    path.iter()
        .map(|(node, bit)| probs.get(*node).map_or(0, |prob| bits.bit(*bit, *prob)))
        .sum()
}

fn write(to: &mut BoolEncoder, path: &[Step], probs: &[u8]) {
    for (node, bit) in path {
        to.bit(*bit, probs.get(*node).copied().unwrap_or(128));
    }
}

impl ModeCosts {
    pub(super) fn new(bits: &BitCosts) -> Self {
        let modes = [Mode::Dc, Mode::Vertical, Mode::Horizontal, Mode::TrueMotion];
        let is_whole = bits.bit(true, BLOCKS_PROB);
        let mut block = Vec::with_capacity(100);
        for above in BlockMode::ALL {
            for left in BlockMode::ALL {
                let probs = block_mode_probs(above, left);
                #[allow(clippy::cast_possible_truncation, reason = "at most seven booleans")]
                block.push(BlockMode::ALL.map(|mode| cost(bits, block_path(mode), &probs) as u16));
            }
        }
        Self {
            whole: modes.map(|mode| is_whole + cost(bits, &whole_path(mode), &LUMA_PROBS)),
            chroma: modes.map(|mode| cost(bits, chroma_path(mode), &CHROMA_PROBS)),
            blocks: bits.bit(false, BLOCKS_PROB),
            block,
        }
    }

    pub(super) fn whole(&self, mode: Mode) -> u32 {
        self.whole.get(mode as usize).copied().unwrap_or(0)
    }

    pub(super) fn chroma(&self, mode: Mode) -> u32 {
        self.chroma.get(mode as usize).copied().unwrap_or(0)
    }

    /// That a macroblock is in blocks, without their modes.
    pub(super) fn blocks(&self) -> u32 {
        self.blocks
    }

    /// Of each mode of a block between `above` and `left`.
    pub(super) fn block(&self, above: BlockMode, left: BlockMode) -> [u16; 10] {
        self.block
            .get(10 * above as usize + left as usize)
            .copied()
            .unwrap_or_default()
    }
}

/// Writes the mode of a luma macroblock.
pub(super) fn write_whole(to: &mut BoolEncoder, mode: Mode) {
    to.bit(true, BLOCKS_PROB);
    write(to, &whole_path(mode), &LUMA_PROBS);
}

/// Writes that a macroblock is in blocks.
pub(super) fn write_blocks(to: &mut BoolEncoder) {
    to.bit(false, BLOCKS_PROB);
}

/// Writes the mode of a block between `above` and `left`.
pub(super) fn write_block(
    to: &mut BoolEncoder,
    mode: BlockMode,
    above: BlockMode,
    left: BlockMode,
) {
    write(to, block_path(mode), &block_mode_probs(above, left));
}

/// Writes the mode of chroma.
pub(super) fn write_chroma(to: &mut BoolEncoder, mode: Mode) {
    write(to, chroma_path(mode), &CHROMA_PROBS);
}
