//! Inverse discrete cosine transforms of 8 x 8 coefficients to 8 x 8, 4 x 4, 2 x 2 and 1 x 1
//! samples, in fixed point.
//!
//! The full one is that of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), with the rounding of
//! libjpeg's `jidctint`. The reduced ones transform the lowest frequencies only, which is a sharp
//! low-pass filter; libjpeg-turbo's average squares of the full transform instead.

use crate::lanes::Four;

/// Fraction bits of constants.
const FRACTION: u32 = 13;

/// Fraction bits that are kept from the first pass to the second.
const KEPT: u32 = 2;

/// What the first pass shifts out.
const FIRST: u32 = FRACTION - KEPT;

/// What the second pass shifts out: the transforms of both passes are eight times too large.
const SECOND: u32 = FRACTION + KEPT + 3;

/// Half of what is shifted out, to round.
const FIRST_HALF: i32 = 1 << (FIRST - 1);

/// The same, and the level that is stored as 0.
const SECOND_HALF: i32 = (128 << SECOND) + (1 << (SECOND - 1));

/// One sample, from the lowest coefficient.
#[inline(always)]
pub(crate) fn one(dc: i32) -> u8 {
    byte(rounded(dc))
}

/// 2 x 2 from the lowest 2 x 2 coefficients, row by row.
#[inline(always)]
pub(crate) fn two([a, b, c, d]: [i32; 4]) -> [[u8; 2]; 2] {
    let (sum, difference) = (a.wrapping_add(b), a.wrapping_sub(b));
    let (sum_2, difference_2) = (c.wrapping_add(d), c.wrapping_sub(d));
    [
        [
            one(sum.wrapping_add(sum_2)),
            one(difference.wrapping_add(difference_2)),
        ],
        [
            one(sum.wrapping_sub(sum_2)),
            one(difference.wrapping_sub(difference_2)),
        ],
    ]
}

/// 4 x 4 from the lowest 4 x 4 coefficients, row by row.
#[inline(always)]
pub(crate) fn four(rows: [[i32; 4]; 4]) -> [[u8; 4]; 4] {
    let columns = pass_of_four(rows.map(Four::new), FIRST_HALF).map(|row| row.right(FIRST));
    let rows = pass_of_four(Four::transposed(columns), SECOND_HALF).map(|row| row.right(SECOND));
    Four::transposed(rows).map(Four::bytes)
}

/// 8 x 8, row by row.
#[inline(always)]
pub(crate) fn eight(coefficients: &[[i32; 8]; 8]) -> [[u8; 8]; 8] {
    let left = coefficients.map(|[a, b, c, d, ..]| Four::new([a, b, c, d]));
    let right = coefficients.map(|[.., a, b, c, d]| Four::new([a, b, c, d]));
    let left = pass_of_eight(left, FIRST_HALF).map(|row| row.right(FIRST));
    let right = pass_of_eight(right, FIRST_HALF).map(|row| row.right(FIRST));

    let [l0, l1, l2, l3, l4, l5, l6, l7] = left;
    let [r0, r1, r2, r3, r4, r5, r6, r7] = right;
    let half = |left: [Four; 4], right: [Four; 4]| {
        let [a, b, c, d] = Four::transposed(left);
        let [e, f, g, h] = Four::transposed(right);
        let rows = pass_of_eight([a, b, c, d, e, f, g, h], SECOND_HALF);
        let [a, b, c, d, e, f, g, h] = rows.map(|row| row.right(SECOND));
        let [a, b, c, d] = Four::transposed([a, b, c, d]);
        let [e, f, g, h] = Four::transposed([e, f, g, h]);
        [
            a.bytes_with(e),
            b.bytes_with(f),
            c.bytes_with(g),
            d.bytes_with(h),
        ]
    };
    let [a, b, c, d] = half([l0, l1, l2, l3], [r0, r1, r2, r3]);
    let [e, f, g, h] = half([l4, l5, l6, l7], [r4, r5, r6, r7]);
    [a, b, c, d, e, f, g, h]
}

/// A transform of four along four lanes; the result has [`FRACTION`] more bits, and `half` added.
#[inline(always)]
fn pass_of_four([x0, x1, x2, x3]: [Four; 4], half: i32) -> [Four; 4] {
    // cos and sin of pi/8, times the square root of 2.
    const COSINE: i32 = 10_703;
    const SINE: i32 = 4_433;
    let even = x0.plus(x2).left(FRACTION).raised(half);
    let even_2 = x0.minus(x2).left(FRACTION).raised(half);
    let odd = x1.times(COSINE).plus(x3.times(SINE));
    let odd_2 = x1.times(SINE).minus(x3.times(COSINE));
    [
        even.plus(odd),
        even_2.plus(odd_2),
        even_2.minus(odd_2),
        even.minus(odd),
    ]
}

/// A transform of eight along four lanes; as [`pass_of_four`]. The names are those of the paper's
/// figure 1 as libjpeg has them.
#[inline(always)]
fn pass_of_eight([x0, x1, x2, x3, x4, x5, x6, x7]: [Four; 8], half: i32) -> [Four; 8] {
    // Even part: a rotation by pi/8 of x2 and x6.
    let z1 = x2.plus(x6).times(4_433);
    let t2 = z1.minus(x6.times(15_137));
    let t3 = z1.plus(x2.times(6_270));
    let t0 = x0.plus(x4).left(FRACTION).raised(half);
    let t1 = x0.minus(x4).left(FRACTION).raised(half);
    let (e0, e3) = (t0.plus(t3), t0.minus(t3));
    let (e1, e2) = (t1.plus(t2), t1.minus(t2));

    // Odd part.
    let z1 = x7.plus(x1).times(-7_373);
    let z2 = x5.plus(x3).times(-20_995);
    let z3 = x7.plus(x3);
    let z4 = x5.plus(x1);
    let z5 = z3.plus(z4).times(9_633);
    let z3 = z3.times(-16_069).plus(z5);
    let z4 = z4.times(-3_196).plus(z5);
    let o0 = x7.times(2_446).plus(z1).plus(z3);
    let o1 = x5.times(16_819).plus(z2).plus(z4);
    let o2 = x3.times(25_172).plus(z2).plus(z3);
    let o3 = x1.times(12_299).plus(z1).plus(z4);
    [
        e0.plus(o3),
        e1.plus(o2),
        e2.plus(o1),
        e3.plus(o0),
        e3.minus(o0),
        e2.minus(o1),
        e1.minus(o2),
        e0.minus(o3),
    ]
}

/// An eighth, rounded, and the level that is stored as 0.
#[inline(always)]
fn rounded(sum: i32) -> i32 {
    (sum.wrapping_add(4) >> 3).wrapping_add(128)
}

#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(number: i32) -> u8 {
    number.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// Coefficients as a file may have them, from a small generator.
    fn coefficients(seed: u32) -> [[i32; 8]; 8] {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let mut block = [[0; 8]; 8];
        for (v, row) in block.iter_mut().enumerate() {
            for (u, c) in row.iter_mut().enumerate() {
                let range = 700 / (1 + u + v) as u32;
                if next() % 3 != 0 {
                    *c = (next() % range) as i32 - range as i32 / 2;
                }
            }
        }
        block
    }

    /// The transform of the lowest `n` x `n` coefficients, by its definition.
    fn defined(block: &[[i32; 8]; 8], n: usize) -> Vec<f64> {
        let factor = |k: usize| if k == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let wave = |k: usize, x: usize| {
            factor(k) * ((2 * x + 1) as f64 * k as f64 * PI / (2 * n) as f64).cos()
        };
        let mut samples = Vec::new();
        for y in 0..n {
            for x in 0..n {
                let mut sum = 0.0;
                for (v, row) in block.iter().enumerate().take(n) {
                    for (u, c) in row.iter().enumerate().take(n) {
                        sum += f64::from(*c) * wave(u, x) * wave(v, y);
                    }
                }
                samples.push((sum / 4.0 + 128.0).clamp(0.0, 255.0));
            }
        }
        samples
    }

    fn lowest<const N: usize>(block: &[[i32; 8]; 8]) -> [[i32; N]; N] {
        std::array::from_fn(|v| std::array::from_fn(|u| block[v][u]))
    }

    #[test]
    fn within_one_of_the_definition() {
        for seed in 0..500 {
            let block = coefficients(seed);
            let [[a, b], [c, d]] = lowest::<2>(&block);
            for (n, got) in [
                (8, eight(&block).as_flattened().to_vec()),
                (4, four(lowest(&block)).as_flattened().to_vec()),
                (2, two([a, b, c, d]).as_flattened().to_vec()),
                (1, vec![one(block[0][0])]),
            ] {
                for (at, (got, exact)) in got.iter().zip(defined(&block, n)).enumerate() {
                    let apart = (f64::from(*got) - exact).abs();
                    assert!(apart < 0.6, "{n}, {at}: {got} is not {exact}");
                }
            }
        }
    }

    #[test]
    fn flat_blocks_are_flat() {
        for dc in -1100..1100 {
            let level = one(dc);
            let mut block = [[0; 8]; 8];
            block[0][0] = dc;
            assert_eq!(eight(&block), [[level; 8]; 8]);
            assert_eq!(four(lowest(&block)), [[level; 4]; 4]);
            assert_eq!(two([dc, 0, 0, 0]), [[level; 2]; 2]);
        }
    }

    #[test]
    fn no_number_is_too_large() {
        let block = [[
            i32::MIN,
            i32::MAX,
            1 << 30,
            -1,
            i32::MAX,
            i32::MIN,
            7,
            1 << 25,
        ]; 8];
        let _ = eight(&block);
        let _ = four(lowest(&block));
        let _ = two([i32::MIN, i32::MIN, i32::MAX, 1]);
        let _ = one(i32::MAX);
    }
}
