//! Quantisation: levels from coefficients and back.

use super::forward::{Block, from_numbers};
use crate::simd::V;

/// The largest level that tokens can say (RFC 6386, section 13.2).
pub(super) const LEVEL_MAX: i16 = 2047;

/// What a kind of block is quantised with, by position in row order.
#[derive(Clone, Copy)]
pub(super) struct Quantizer {
    steps: Block,
    reciprocals: Block,
    /// Added before the division: less than half a step, so that there is a dead zone.
    rounding: Block,
    /// The mean step.
    pub(super) mean: i32,
}

/// Shares of a step, of 256, that `Quantizer::rounding` adds: DC and AC.
#[derive(Clone, Copy)]
pub(super) struct Rounding {
    pub(super) dc: i32,
    pub(super) ac: i32,
    /// Adds more where eyes miss it: libwebp's "sharpening" of high frequencies in luma.
    pub(super) high: bool,
}

impl Quantizer {
    pub(super) fn new([dc, ac]: [i32; 2], rounding: Rounding) -> Self {
        let mut steps = [0; 16];
        let mut reciprocals = [0; 16];
        let mut roundings = [0; 16];
        for at in 0..16_usize {
            let (step, share) = if at == 0 {
                (dc, rounding.dc)
            } else {
                (ac, rounding.ac)
            };
            let distance = (at & 3) + (at >> 2);
            let extra = if rounding.high && at > 0 {
                (30 * distance.min(3) as i32 * step) >> 11
            } else {
                0
            };
            let values = (
                clamped(step),
                clamped_unsigned((65_536 + step - 1) / step),
                clamped(((share * step) >> 8) + extra),
            );
            if let (Some(s), Some(r), Some(o)) = (
                steps.get_mut(at),
                reciprocals.get_mut(at),
                roundings.get_mut(at),
            ) {
                (*s, *r, *o) = values;
            }
        }
        Self {
            steps: from_numbers(&steps),
            reciprocals: from_numbers(&reciprocals),
            rounding: from_numbers(&roundings),
            mean: (dc + 15 * ac + 8) >> 4,
        }
    }

    /// Levels, and the coefficients that a decoder makes of them.
    #[inline(always)]
    pub(super) fn quantize(&self, block: Block) -> (Block, Block) {
        let [a, b] = block;
        let half = |c: V, at: usize| {
            let pick = |block: &Block| if at == 0 { block[0] } else { block[1] };
            let sign = c.shr_i16::<15>();
            let size = c.xor(sign).sub_i16(sign);
            let level = size
                .add_i16(pick(&self.rounding))
                .mulhi_u16(pick(&self.reciprocals))
                .min_i16(V::splat_i16(LEVEL_MAX));
            let level = level.xor(sign).sub_i16(sign);
            (level, level.mul_i16(pick(&self.steps)))
        };
        let ((level_a, coefficient_a), (level_b, coefficient_b)) = (half(a, 0), half(b, 1));
        ([level_a, level_b], [coefficient_a, coefficient_b])
    }
}

#[allow(clippy::cast_possible_truncation, reason = "clamped")]
fn clamped(value: i32) -> i16 {
    value.clamp(0, 32_767) as i16
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped"
)]
fn clamped_unsigned(value: i32) -> i16 {
    (value.clamp(0, 65_535) as u16).cast_signed()
}
