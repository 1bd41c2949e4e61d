//! Segments: parts of the picture with a quantiser of their own. Where a macroblock is busy, errors
//! are hidden, so it is quantised more, and a flat one less (libwebp's "spatial noise shaping").

use super::fixed::{exp2_minus, minus_log2};
use super::quantize::{Quantizer, Rounding};
use crate::vp8::header::steps;
use crate::vp8::tables::AC_STEPS;

/// How far quantisers of segments are apart, of 100: the default of libwebp.
const SHAPING: i32 = 50;
/// Loop filter strength, of 100, likewise.
const FILTER: i32 = 60;
const COUNT: usize = 4;

/// Weights of rate against distortion, and quantisers, of one segment.
#[derive(Clone)]
pub(super) struct Segment {
    /// 0 to 127.
    pub(super) index: i32,
    /// Of the loop filter, 0 to 63.
    pub(super) filter_level: i32,
    pub(super) y1: Quantizer,
    pub(super) y2: Quantizer,
    pub(super) uv: Quantizer,
    pub(super) lambda_whole: i32,
    pub(super) lambda_block: i32,
    pub(super) lambda_chroma: i32,
    /// Between whole macroblocks and blocks.
    pub(super) lambda_mode: i32,
}

/// What the analysis says of a picture.
pub(super) struct Segments {
    pub(super) all: Vec<Segment>,
    /// By macroblock.
    pub(super) map: Vec<u8>,
    /// Added to the index for the steps of chroma: DC and AC.
    pub(super) chroma_deltas: [i32; 2],
}

/// Splits macroblocks of the given `smoothness` (0: busy, to 255: flat) into at most four segments.
///
/// `chroma_spread` is the mean over all macroblocks: colours that vary less are quantised
/// more finely.
pub(super) fn split(smoothness: &[u8], chroma_spread: i32, quality: u8) -> Segments {
    let (centres, map) = cluster(smoothness);
    let least = centres.iter().copied().min().unwrap_or(0);
    let most = centres.iter().copied().max().unwrap_or(0);
    let range = (most - least).max(1);
    #[allow(clippy::cast_possible_truncation, reason = "a few macroblocks' mean")]
    let mean = weighted_mean(&centres, &map) as i32;
    let chroma_ac = ((chroma_spread - 64) * (6 + 4) / (100 - 30) * SHAPING / 100).clamp(-4, 6);
    let chroma_deltas = [(-4 * SHAPING / 100).clamp(-15, 15), chroma_ac];
    let base = compression(quality);
    let all = centres
        .iter()
        .map(|centre| {
            let alpha = (255 * (centre - mean) / range).clamp(-127, 127);
            let beta = (255 * (centre - least) / range).clamp(0, 255);
            segment(base, alpha, beta, chroma_deltas)
        })
        .collect();
    Segments {
        all,
        map,
        chroma_deltas,
    }
}

/// `-log2` of how little of the quality is lost, in 16 bits of fraction: the cube root of a line
/// in two parts, as in libwebp.
fn compression(quality: u8) -> u32 {
    let quality = u32::from(quality.clamp(1, 100));
    let share = if quality < 75 {
        quality * 2 * 65_536 / 300
    } else {
        (2 * quality - 100) * 65_536 / 100
    };
    minus_log2(share) / 3
}

/// `alpha` from -127 (busy) to 127.
fn segment(base: u32, alpha: i32, beta: i32, chroma_deltas: [i32; 2]) -> Segment {
    // The exponent is 1 - 0.9 * SHAPING / 100 * alpha / 128, in 16 bits of fraction.
    let exponent = 65_536 - 58_982 * SHAPING / 100 * alpha / 128;
    #[allow(clippy::cast_possible_truncation, reason = "a product of shares")]
    let power = ((u64::from(base) * u64::from(exponent.max(0).cast_unsigned())) >> 16) as u32;
    let kept = exp2_minus(power).cast_signed();
    let index = ((127 * (65_536 - kept)) >> 16).clamp(0, 127);

    let [uv_dc, uv_ac] = chroma_deltas;
    let steps = steps(index, [0, 0, 0, uv_dc, uv_ac]);
    let rounding = |dc, ac, high| Rounding { dc, ac, high };
    let y1 = Quantizer::new(steps.y1, rounding(96, 110, true));
    let y2 = Quantizer::new(steps.y2, rounding(96, 108, false));
    let uv = Quantizer::new(steps.uv, rounding(110, 115, false));
    let square = |mean: i32| mean * mean;
    let filter_step = usize::try_from(index)
        .ok()
        .and_then(|index| AC_STEPS.get(index))
        .map_or(0, |step| i32::from(*step) >> 2);
    let level = filter_step.min(63) * 5 * FILTER / (256 + beta);
    Segment {
        index,
        filter_level: if level < 2 { 0 } else { level.min(63) },
        lambda_whole: (3 * square(y2.mean)).max(1),
        lambda_block: ((3 * square(y1.mean)) >> 7).max(1),
        lambda_chroma: ((3 * square(uv.mean)) >> 6).max(1),
        lambda_mode: (square(y1.mean) >> 7).max(1),
        y1,
        y2,
        uv,
    }
}

/// Centres of at most four clusters (k-means in one dimension) and each value's cluster.
fn cluster(values: &[u8]) -> (Vec<i32>, Vec<u8>) {
    let mut histogram = [0_u64; 256];
    for value in values {
        if let Some(count) = histogram.get_mut(usize::from(*value)) {
            *count += 1;
        }
    }
    let least = values.iter().copied().min().map_or(0, i32::from);
    let most = values.iter().copied().max().map_or(0, i32::from);
    let mut centres: Vec<i32> = (0..COUNT as i32)
        .map(|i| least + (2 * i + 1) * (most - least) / (2 * COUNT as i32))
        .collect();
    for _ in 0..6 {
        let mut sums = [(0_u64, 0_u64); COUNT];
        for (value, count) in (0_u64..).zip(&histogram) {
            #[allow(clippy::cast_possible_truncation, reason = "a byte")]
            let near = nearest(&centres, value as i32);
            if let Some((sum, total)) = sums.get_mut(near) {
                *sum += value * count;
                *total += count;
            }
        }
        for (centre, (sum, total)) in centres.iter_mut().zip(sums) {
            if let Some(mean) = (sum + total / 2).checked_div(total) {
                *centre = i32::try_from(mean).unwrap_or(0);
            }
        }
    }
    centres.dedup();
    #[allow(clippy::cast_possible_truncation, reason = "at most four clusters")]
    let map = values
        .iter()
        .map(|value| nearest(&centres, i32::from(*value)) as u8)
        .collect();
    (centres, map)
}

fn nearest(centres: &[i32], value: i32) -> usize {
    let by_distance = centres
        .iter()
        .enumerate()
        .min_by_key(|(_, centre)| (value - **centre).abs());
    by_distance.map_or(0, |(at, _)| at)
}

fn weighted_mean(centres: &[i32], map: &[u8]) -> i64 {
    let sum: i64 = map
        .iter()
        .filter_map(|cluster| centres.get(usize::from(*cluster)))
        .map(|centre| i64::from(*centre))
        .sum();
    let count = i64::try_from(map.len()).unwrap_or(1).max(1);
    (sum + count / 2) / count
}
