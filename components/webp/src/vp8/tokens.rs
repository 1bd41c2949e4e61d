//! Coefficients from tokens (RFC 6386, section 13).

#![allow(
    clippy::indexing_slicing,
    reason = "positions are 0 to 16, contexts 0 to 2, nodes constants: all within the tables"
)]

use super::bool_decoder::BoolDecoder;
use super::tables::{BANDS, CoefficientProbs, ZIGZAG};

/// Extra bits of the four largest categories, section 13.2.
pub(crate) const CATEGORY_PROBS: [&[u8]; 4] = [
    &[173, 148, 140],
    &[176, 155, 140, 135],
    &[180, 157, 141, 134, 130],
    &[254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129],
];

/// What a block's coefficients are.
pub(crate) const AFTER_Y2: usize = 0;
pub(crate) const Y2: usize = 1;
pub(crate) const CHROMA: usize = 2;
pub(crate) const WITH_DC: usize = 3;

/// Reads the coefficients of a block from zigzag position `first` on, times `steps` (DC, AC), into
/// `block` in row order. Gives one past the position of the last one, or `first` without any.
#[inline]
pub(crate) fn read_block(
    bits: &mut BoolDecoder<'_>,
    probs: &CoefficientProbs,
    plane: usize,
    context: usize,
    first: usize,
    steps: [i32; 2],
    block: &mut [i32; 16],
) -> usize {
    let bands = &probs[plane];
    let mut probs = &bands[BANDS[first] as usize][context];
    let mut at = first;
    while at < 16 {
        if !bits.bit(probs[0]) {
            return at;
        }
        while !bits.bit(probs[1]) {
            at += 1;
            if at == 16 {
                return 16;
            }
            probs = &bands[BANDS[at] as usize][0];
        }
        let after = &bands[BANDS[at + 1] as usize];
        let value = if bits.bit(probs[2]) {
            let value = large(bits, probs);
            probs = &after[2];
            value
        } else {
            probs = &after[1];
            1
        };
        // As 16 bits, like everybody's: no valid file has more.
        #[allow(clippy::cast_possible_truncation, reason = "as said")]
        let scaled = (bits.signed(value) * steps[usize::from(at > 0)]) as i16;
        block[usize::from(ZIGZAG[at] & 15)] = i32::from(scaled);
        at += 1;
    }
    16
}

/// A value over 1.
#[inline(never)]
fn large(bits: &mut BoolDecoder<'_>, probs: &[u8; 11]) -> i32 {
    if !bits.bit(probs[3]) {
        return if bits.bit(probs[4]) {
            3 + i32::from(bits.bit(probs[5]))
        } else {
            2
        };
    }
    if !bits.bit(probs[6]) {
        return if bits.bit(probs[7]) {
            7 + 2 * i32::from(bits.bit(165)) + i32::from(bits.bit(145))
        } else {
            5 + i32::from(bits.bit(159))
        };
    }
    let high = usize::from(bits.bit(probs[8]));
    let category = 2 * high + usize::from(bits.bit(probs[9 + high]));
    let extra = CATEGORY_PROBS[category]
        .iter()
        .fold(0, |value, prob| 2 * value + i32::from(bits.bit(*prob)));
    3 + (8 << category) + extra
}
