//! Blocks become symbols: transformed, quantised, and coded in runs (T.81 F.1.2), all but the bits.

#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indexes are masked or loops over the length; quantised coefficients have 11 bits"
)]

use super::fdct;
use super::stripe::Stripe;
use super::tables::ZIGZAG;

/// Which code: of DC or AC, of luminance or chrominance.
pub(super) const DC: usize = 0;
pub(super) const AC: usize = 2;

/// Symbols in the order of the file, with the bits that follow each.
pub(super) struct Symbols {
    /// Bits 0..16 what follows, 16..24 the symbol (its low four bits: how many follow), 24..26 the
    /// code.
    tokens: Vec<u32>,
    /// By code, how often each symbol comes.
    pub(super) counts: [[u32; 256]; 4],
    /// Of luminance and chrominance, by zigzag position.
    dividers: [[Divider; 64]; 2],
    /// The DC before, by component.
    dc_before: [i32; 3],
}

/// Division by a quantisation step, times the eight of the transform.
#[derive(Clone, Copy, Default)]
struct Divider {
    /// 2^32 by it, rounded up: exact for numbers below 2^16.
    inverse: u64,
    half: u32,
}

impl Divider {
    fn new(step: u8) -> Self {
        let by = u32::from(step) * 8;
        Self {
            inverse: (1_u64 << 32) / u64::from(by) + 1,
            half: by / 2,
        }
    }

    /// Rounded, halves away from zero.
    #[inline(always)]
    fn divide(self, number: i32) -> i32 {
        let size = u64::from(number.unsigned_abs() + self.half);
        let quotient = ((size * self.inverse) >> 32) as i32;
        let sign = number >> 31;
        (quotient ^ sign) - sign
    }
}

impl Symbols {
    /// For quantisation steps row by row; `samples` is a guess of how much comes.
    pub(super) fn new(steps: &[[u8; 64]; 2], samples: usize) -> Self {
        Self {
            tokens: Vec::with_capacity(samples / 16),
            counts: [[0; 256]; 4],
            dividers: steps
                .map(|steps| std::array::from_fn(|k| Divider::new(steps[usize::from(ZIGZAG[k])]))),
            dc_before: [0; 3],
        }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The blocks of a row of MCUs, in the order of the file.
    pub(super) fn add(&mut self, stripe: &Stripe<'_>) {
        let side = stripe.luma_blocks();
        for mcu in 0..stripe.mcus() {
            for v in 0..side {
                for h in 0..side {
                    self.block(0, stripe.block(0, (mcu * side + h, v)));
                }
            }
            if stripe.has_chroma() {
                self.block(1, stripe.block(1, (mcu, 0)));
                self.block(2, stripe.block(2, (mcu, 0)));
            }
        }
    }

    fn block(&mut self, component: usize, samples: [[u8; 8]; 8]) {
        let kind = component.min(1);
        let mut natural = [0; 64];
        let coefficients = fdct::eight(&samples);
        let (fours, _) = natural.as_chunks_mut::<4>();
        for (to, four) in fours.iter_mut().zip(coefficients.as_flattened()) {
            *to = four.numbers();
        }
        let mut values = [0; 64];
        let mut nonzero = 0_u64;
        for (k, divider) in self.dividers[kind].iter().enumerate() {
            let value = divider.divide(natural[usize::from(ZIGZAG[k] & 63)]);
            values[k] = value;
            nonzero |= u64::from(value != 0) << k;
        }

        let dc = values[0];
        let difference = dc - self.dc_before[component];
        self.dc_before[component] = dc;
        self.push(DC + kind, 0, difference);

        nonzero &= !1;
        let mut before = 0;
        while nonzero != 0 {
            let k = nonzero.trailing_zeros();
            nonzero &= nonzero - 1;
            let mut run = k - before - 1;
            before = k;
            while run > 15 {
                self.push(AC + kind, 15, 0);
                run -= 16;
            }
            self.push(AC + kind, run, values[(k & 63) as usize]);
        }
        if before != 63 {
            self.push(AC + kind, 0, 0);
        }
    }

    /// A run of zeros and a number of as many bits as it takes.
    #[inline(always)]
    fn push(&mut self, code: usize, run: u32, number: i32) {
        let size = 32 - number.unsigned_abs().leading_zeros();
        // One less if negative (T.81 F.1.2.1): the first bit tells the sign.
        let bits = (number + (number >> 31)) as u32 & ((1 << size) - 1);
        let symbol = run << 4 | size;
        self.counts[code & 3][(symbol & 0xFF) as usize] += 1;
        self.tokens.push((code as u32) << 24 | symbol << 16 | bits);
    }

    /// Code, symbol, what follows it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, u8, u32)> {
        self.tokens
            .iter()
            .map(|token| ((token >> 24) as usize, (token >> 16) as u8, token & 0xFFFF))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_is_exact() {
        for step in 1..=255 {
            let divider = Divider::new(step);
            let by = i32::from(step) * 8;
            for number in (-32_000_i32..32_000).step_by(7) {
                let exact = (number.abs() + by / 2) / by * number.signum();
                assert_eq!(divider.divide(number), exact, "{number} / {by}");
            }
        }
    }
}
