//! How busy macroblocks are: from how their transformed differences spread.

use super::candidate::{predict_chroma, predict_whole};
use super::forward;
use crate::simd::V;
use crate::vp8::modes::Mode;
use crate::vp8::predict::Around;

/// Sizes of coefficients that are told apart, in eighths.
const SIZES: usize = 32;

/// From 0, flat, on: what quantisation would cost most in macroblocks that have few large
/// coefficients beside many small ones.
fn spread<const N: usize>(source: &[V; N], predicted: &[V; N]) -> i32 {
    let mut counts = [0_i32; SIZES];
    let pairs = source
        .as_chunks::<2>()
        .0
        .iter()
        .zip(predicted.as_chunks::<2>().0);
    for (source, predicted) in pairs {
        for block in forward::dct(forward::differences(*source, *predicted)) {
            for number in forward::numbers(block) {
                let size = usize::from(number.unsigned_abs() >> 3).min(SIZES - 1);
                if let Some(count) = counts.get_mut(size) {
                    *count += 1;
                }
            }
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    if most > 1 {
        510 * i32::try_from(last).unwrap_or(0) / most
    } else {
        0
    }
}

/// Smoothness of a macroblock, 0 to 255, and how its chroma spreads.
pub(super) fn smoothness(
    luma: (&[V; 16], &Around<16>),
    chroma: (&[V; 8], &[Around<8>; 2]),
) -> (u8, i32) {
    let modes = [Mode::Dc, Mode::TrueMotion];
    let most = |spreads: [i32; 2]| spreads.into_iter().max().unwrap_or(0);
    let in_luma = most(modes.map(|mode| spread(luma.0, &predict_whole(mode, luma.1))));
    let in_chroma = most(modes.map(|mode| spread(chroma.0, &predict_chroma(mode, chroma.1))));
    let both = (3 * in_luma + in_chroma + 2) >> 2;
    let smooth = u8::try_from((255 - both).clamp(0, 255)).unwrap_or(0);
    (smooth, in_chroma)
}
