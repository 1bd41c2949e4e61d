//! What things cost, in 1/256 of a bit.

#![allow(
    clippy::indexing_slicing,
    reason = "planes, bands, contexts and nodes are constants of the loops; levels are clamped"
)]

use super::fixed::minus_log2;
use crate::vp8::tables::{BANDS, CoefficientProbs, ZIGZAG};
use crate::vp8::tokens::CATEGORY_PROBS;

/// Levels with a cost of their own in each context; larger ones differ by their extra bits only.
const LEVELS: usize = 68;

/// Costs of a boolean by its probability of 256.
pub(super) struct BitCosts([u16; 257]);

impl BitCosts {
    pub(super) fn new() -> Self {
        let mut costs = [0; 257];
        for (prob, cost) in costs.iter_mut().enumerate() {
            // A probability of 0 stands for less than one of 1, but is not impossible.
            let share = (256 * prob as u32).max(128);
            *cost = ((minus_log2(share) + 128) >> 8).min(2047) as u16;
        }
        Self(costs)
    }

    /// Of `bit`, false with a probability of `prob / 256`.
    #[inline]
    pub(super) fn bit(&self, bit: bool, prob: u8) -> u32 {
        let at = if bit {
            256 - usize::from(prob)
        } else {
            usize::from(prob)
        };
        u32::from(self.0[at])
    }
}

/// Costs of levels under the current probabilities.
pub(super) struct TokenCosts {
    /// By plane, band and context: that a block ends here.
    end: [[[u16; 3]; 8]; 4],
    /// That it does not.
    go_on: [[[u16; 3]; 8]; 4],
    /// The rest of the levels; what comes after a level that is not zero includes `go_on`.
    levels: Vec<[u16; LEVELS]>,
    /// Signs and extra bits, by level.
    extra: Vec<u16>,
}

impl TokenCosts {
    pub(super) fn new(bits: &BitCosts, probs: &CoefficientProbs) -> Self {
        let mut costs = Self {
            end: [[[0; 3]; 8]; 4],
            go_on: [[[0; 3]; 8]; 4],
            levels: vec![[0; LEVELS]; 4 * 8 * 3],
            extra: (0..2048)
                .map(|level| extra_bits(bits, level) as u16)
                .collect(),
        };
        costs.update(bits, probs);
        costs
    }

    /// After the probabilities have changed.
    pub(super) fn update(&mut self, bits: &BitCosts, probs: &CoefficientProbs) {
        for (plane, bands) in probs.iter().enumerate() {
            for (band, contexts) in bands.iter().enumerate() {
                for (context, p) in contexts.iter().enumerate() {
                    let go_on = bits.bit(true, p[0]);
                    self.end[plane][band][context] = bits.bit(false, p[0]) as u16;
                    self.go_on[plane][band][context] = go_on as u16;
                    // After a zero no end can come, so nothing says that it does not.
                    let base = if context > 0 { go_on } else { 0 };
                    let table = &mut self.levels[(plane * 8 + band) * 3 + context];
                    for (level, cost) in table.iter_mut().enumerate() {
                        *cost = (base + tree(bits, p, level)) as u16;
                    }
                }
            }
        }
    }

    /// Of a block with `levels` in row order, from zigzag position `first` on.
    #[inline]
    pub(super) fn block(
        &self,
        plane: usize,
        context: usize,
        first: usize,
        levels: &[i16; 16],
    ) -> u32 {
        let band = BANDS[first] as usize;
        let Some(last) = last_level(levels, first) else {
            return u32::from(self.end[plane][band][context]);
        };
        let mut cost = if context == 0 {
            u32::from(self.go_on[plane][band][0])
        } else {
            0
        };
        let mut context = context;
        for at in first..=last {
            let level = usize::from(levels[usize::from(ZIGZAG[at])].unsigned_abs()).min(2047);
            let table = &self.levels[(plane * 8 + BANDS[at] as usize) * 3 + context];
            cost += u32::from(table[level.min(LEVELS - 1)]) + u32::from(self.extra[level]);
            context = level.min(2);
        }
        if last < 15 {
            cost += u32::from(self.end[plane][BANDS[last + 1] as usize][context]);
        }
        cost
    }
}

/// The zigzag position of the last level that is not zero.
#[inline]
pub(super) fn last_level(levels: &[i16; 16], first: usize) -> Option<usize> {
    (first..16)
        .rev()
        .find(|at| levels[usize::from(ZIGZAG[*at])] != 0)
}

/// The token of a level, without what says that the block does not end.
fn tree(bits: &BitCosts, p: &[u8; 11], level: usize) -> u32 {
    let b = |bit: bool, node: usize| bits.bit(bit, p[node]);
    if level == 0 {
        return b(false, 1);
    }
    let some = b(true, 1);
    some + match level {
        1 => b(false, 2),
        2..=4 => {
            let small = b(true, 2) + b(false, 3);
            small
                + match level {
                    2 => b(false, 4),
                    3 => b(true, 4) + b(false, 5),
                    _ => b(true, 4) + b(true, 5),
                }
        }
        5..=10 => b(true, 2) + b(true, 3) + b(false, 6) + b(level > 6, 7),
        11..=34 => b(true, 2) + b(true, 3) + b(true, 6) + b(false, 8) + b(level > 18, 9),
        _ => b(true, 2) + b(true, 3) + b(true, 6) + b(true, 8) + b(level > 66, 10),
    }
}

/// The sign and what follows a token at fixed probabilities.
fn extra_bits(bits: &BitCosts, level: usize) -> u32 {
    let sign = if level == 0 { 0 } else { 256 };
    let of = |probs: &[u8], value: usize| -> u32 {
        probs
            .iter()
            .rev()
            .enumerate()
            .map(|(place, prob)| bits.bit((value >> place) & 1 != 0, *prob))
            .sum()
    };
    sign + match level {
        0..=4 => 0,
        5..=6 => of(&[159], level - 5),
        7..=10 => of(&[165, 145], level - 7),
        11..=18 => of(CATEGORY_PROBS[0], level - 11),
        19..=34 => of(CATEGORY_PROBS[1], level - 19),
        35..=66 => of(CATEGORY_PROBS[2], level - 35),
        _ => of(CATEGORY_PROBS[3], level - 67),
    }
}
