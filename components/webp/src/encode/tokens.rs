//! Tokens are kept until the whole picture is decided, so that their probabilities fit it.

#![allow(
    clippy::indexing_slicing,
    reason = "planes, bands, contexts and nodes are constants; positions are 0 to 15"
)]

use super::bool_encoder::BoolEncoder;
use super::costs::{BitCosts, last_level};
use crate::vp8::tables::{BANDS, CoefficientProbs, ZIGZAG};
use crate::vp8::token_probs::UPDATE_PROBS;
use crate::vp8::tokens::CATEGORY_PROBS;

/// Set where the low bits are a probability itself, not the number of one.
const FIXED: u16 = 1 << 14;
const BIT: u16 = 1 << 15;

/// Decided booleans and how often each probability was used.
pub(super) struct Tokens {
    list: Vec<u16>,
    /// By number of a probability: how often false, how often true.
    counts: Vec<[u32; 2]>,
}

impl Tokens {
    pub(super) fn new(macroblocks: usize) -> Self {
        Self {
            list: Vec::with_capacity(macroblocks * 64),
            counts: vec![[0; 2]; 4 * 8 * 3 * 11],
        }
    }

    #[inline]
    fn push(&mut self, base: usize, node: usize, bit: bool) {
        self.counts[base + node][usize::from(bit)] += 1;
        #[allow(clippy::cast_possible_truncation, reason = "below 1,056")]
        let number = (base + node) as u16;
        self.list.push(number | if bit { BIT } else { 0 });
    }

    #[inline]
    fn push_fixed(&mut self, prob: u8, bit: bool) {
        self.list
            .push(FIXED | u16::from(prob) | if bit { BIT } else { 0 });
    }

    /// Notes a block; true if it has any level.
    pub(super) fn block(
        &mut self,
        plane: usize,
        context: usize,
        first: usize,
        levels: &[i16; 16],
    ) -> bool {
        let base =
            |at: usize, context: usize| ((plane * 8 + BANDS[at] as usize) * 3 + context) * 11;
        let mut place = base(first, context);
        let Some(last) = last_level(levels, first) else {
            self.push(place, 0, false);
            return false;
        };
        let mut after_zero = false;
        for at in first..=last {
            if !after_zero {
                self.push(place, 0, true);
            }
            let level = levels[usize::from(ZIGZAG[at])];
            let size = usize::from(level.unsigned_abs());
            self.push(place, 1, size > 0);
            after_zero = size == 0;
            if size > 0 {
                self.level(place, size);
                self.push_fixed(128, level < 0);
            }
            place = base(at + 1, size.min(2));
        }
        if last < 15 {
            self.push(place, 0, false);
        }
        true
    }

    /// The rest of the token of a level over zero (RFC 6386, section 13.2).
    fn level(&mut self, place: usize, level: usize) {
        self.push(place, 2, level > 1);
        if level == 1 {
            return;
        }
        self.push(place, 3, level > 4);
        if level <= 4 {
            self.push(place, 4, level > 2);
            if level > 2 {
                self.push(place, 5, level > 3);
            }
            return;
        }
        self.push(place, 6, level > 10);
        if level <= 10 {
            self.push(place, 7, level > 6);
            if level <= 6 {
                self.push_fixed(159, level == 6);
            } else {
                self.push_fixed(165, level >= 9);
                self.push_fixed(145, (level - 7) & 1 != 0);
            }
            return;
        }
        self.push(place, 8, level > 34);
        let (category, least) = match level {
            ..=18 => (0, 11),
            19..=34 => (1, 19),
            35..=66 => (2, 35),
            _ => (3, 67),
        };
        self.push(place, 9 + category / 2, category % 2 != 0);
        let probs = CATEGORY_PROBS[category];
        for (bit, prob) in (0..probs.len()).rev().zip(probs) {
            self.push_fixed(*prob, ((level - least) >> bit) & 1 != 0);
        }
    }

    /// The probabilities that serve what was noted so far: those of `before` where a new one does
    /// not earn its place in the header.
    pub(super) fn probs(&self, bits: &BitCosts, before: &CoefficientProbs) -> CoefficientProbs {
        let mut probs = *before;
        let all = probs
            .as_flattened_mut()
            .as_flattened_mut()
            .as_flattened_mut();
        let updates = UPDATE_PROBS.as_flattened().as_flattened().as_flattened();
        for ((prob, update), [no, yes]) in all.iter_mut().zip(updates).zip(&self.counts) {
            let total = no + yes;
            if total == 0 {
                continue;
            }
            #[allow(clippy::cast_possible_truncation, reason = "at most 255")]
            let fitting = (255 - u64::from(*yes) * 255 / u64::from(total)) as u8;
            let cost = |prob: u8| {
                u64::from(*no) * u64::from(bits.bit(false, prob))
                    + u64::from(*yes) * u64::from(bits.bit(true, prob))
            };
            let keep = cost(*prob) + u64::from(bits.bit(false, *update));
            let change = cost(fitting) + u64::from(bits.bit(true, *update)) + 8 * 256;
            if change < keep {
                *prob = fitting;
            }
        }
        probs
    }

    /// Writes everything.
    pub(super) fn write(&self, probs: &CoefficientProbs, to: &mut BoolEncoder) {
        let probs = probs.as_flattened().as_flattened().as_flattened();
        for token in &self.list {
            let low = token & (FIXED - 1);
            let prob = if token & FIXED != 0 {
                #[allow(clippy::cast_possible_truncation, reason = "it is a probability")]
                let prob = low as u8;
                prob
            } else {
                probs[usize::from(low)]
            };
            to.bit(token & BIT != 0, prob);
        }
    }
}
