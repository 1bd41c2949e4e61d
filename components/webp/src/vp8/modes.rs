//! Prediction modes of a key frame and how they are read (RFC 6386, section 11).

use super::bool_decoder::BoolDecoder;
use super::header::FrameHeader;
use super::mode_probs::BLOCK_MODE_PROBS;

/// How a 16x16 luma or an 8x8 chroma block is predicted, section 12.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    #[default]
    Dc,
    Vertical,
    Horizontal,
    TrueMotion,
}

/// How a 4x4 luma block is predicted, section 12.3; the order is that of its probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum BlockMode {
    #[default]
    Dc,
    TrueMotion,
    Vertical,
    Horizontal,
    LeftDown,
    RightDown,
    VerticalRight,
    VerticalLeft,
    HorizontalDown,
    HorizontalUp,
}

impl BlockMode {
    /// Each mode, at the place that its number says.
    pub(crate) const ALL: [Self; 10] = [
        Self::Dc,
        Self::TrueMotion,
        Self::Vertical,
        Self::Horizontal,
        Self::LeftDown,
        Self::RightDown,
        Self::VerticalRight,
        Self::VerticalLeft,
        Self::HorizontalDown,
        Self::HorizontalUp,
    ];
}

impl Mode {
    /// What a 16x16 mode counts as beside 4x4 modes, section 11.3.
    pub(crate) fn as_block_mode(self) -> BlockMode {
        match self {
            Self::Dc => BlockMode::Dc,
            Self::Vertical => BlockMode::Vertical,
            Self::Horizontal => BlockMode::Horizontal,
            Self::TrueMotion => BlockMode::TrueMotion,
        }
    }
}

/// How the luma of a macroblock is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Luma {
    Whole(Mode),
    Blocks([BlockMode; 16]),
}

/// The modes of a macroblock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MacroblockModes {
    pub(crate) segment: u8,
    /// No coefficients follow.
    pub(crate) skip: bool,
    pub(crate) luma: Luma,
    pub(crate) chroma: Mode,
}

/// Probabilities of 16x16 and chroma modes, section 11.2.
pub(crate) const BLOCKS_PROB: u8 = 145;
pub(crate) const LUMA_PROBS: [u8; 3] = [156, 163, 128];
pub(crate) const CHROMA_PROBS: [u8; 3] = [142, 114, 183];

/// Reads the modes of the next macroblock. `above` and `left` are the modes of the four 4x4 blocks
/// beside it and become those that the next ones see.
pub(crate) fn read(
    bits: &mut BoolDecoder<'_>,
    header: &FrameHeader<'_>,
    above: &mut [BlockMode; 4],
    left: &mut [BlockMode; 4],
) -> MacroblockModes {
    let segment = if header.segments.map_updated {
        let [first, low, high] = header.segments.tree_probs;
        if bits.bit(first) {
            2 + u8::from(bits.bit(high))
        } else {
            u8::from(bits.bit(low))
        }
    } else {
        0
    };
    let skip = header.skip_prob.is_some_and(|prob| bits.bit(prob));
    let luma = if bits.bit(BLOCKS_PROB) {
        let [first, vertical, true_motion] = LUMA_PROBS;
        let mode = match bits.bit(first) {
            true if bits.bit(true_motion) => Mode::TrueMotion,
            true => Mode::Horizontal,
            false if bits.bit(vertical) => Mode::Vertical,
            false => Mode::Dc,
        };
        *above = [mode.as_block_mode(); 4];
        *left = *above;
        Luma::Whole(mode)
    } else {
        let mut modes = [BlockMode::Dc; 16];
        let (rows, _) = modes.as_chunks_mut::<4>();
        for (row, left) in rows.iter_mut().zip(left) {
            for (mode, above) in row.iter_mut().zip(above.iter_mut()) {
                *mode = block_mode(bits, *above, *left);
                *above = *mode;
                *left = *mode;
            }
        }
        Luma::Blocks(modes)
    };
    let [dc, vertical, horizontal] = CHROMA_PROBS;
    let chroma = if !bits.bit(dc) {
        Mode::Dc
    } else if !bits.bit(vertical) {
        Mode::Vertical
    } else if !bits.bit(horizontal) {
        Mode::Horizontal
    } else {
        Mode::TrueMotion
    };
    MacroblockModes {
        segment,
        skip,
        luma,
        chroma,
    }
}

/// The probabilities of the modes between `above` and `left`.
pub(crate) fn block_mode_probs(above: BlockMode, left: BlockMode) -> [u8; 9] {
    BLOCK_MODE_PROBS
        .get(above as usize)
        .and_then(|row| row.get(left as usize))
        .copied()
        .unwrap_or_default()
}

/// The tree of section 11.2.
fn block_mode(bits: &mut BoolDecoder<'_>, above: BlockMode, left: BlockMode) -> BlockMode {
    let [p0, p1, p2, p3, p4, p5, p6, p7, p8] = block_mode_probs(above, left);
    if !bits.bit(p0) {
        BlockMode::Dc
    } else if !bits.bit(p1) {
        BlockMode::TrueMotion
    } else if !bits.bit(p2) {
        BlockMode::Vertical
    } else if !bits.bit(p3) {
        if !bits.bit(p4) {
            BlockMode::Horizontal
        } else if !bits.bit(p5) {
            BlockMode::RightDown
        } else {
            BlockMode::VerticalRight
        }
    } else if !bits.bit(p6) {
        BlockMode::LeftDown
    } else if !bits.bit(p7) {
        BlockMode::VerticalLeft
    } else if !bits.bit(p8) {
        BlockMode::HorizontalDown
    } else {
        BlockMode::HorizontalUp
    }
}
