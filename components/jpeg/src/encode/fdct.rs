//! The forward transform of Loeffler, Ligtenberg and Moschytz, with the rounding of libjpeg's
//! `jfdctint`: results are eight times too large.

use crate::lanes::Four;

const FRACTION: u32 = 13;
const KEPT: u32 = 2;

/// Coefficients of 8 x 8 samples, as two halves of each row.
#[inline(always)]
pub(super) fn eight(samples: &[[u8; 8]; 8]) -> [[Four; 2]; 8] {
    let half = |row: [u8; 8], at: usize| {
        let [a, b, c, d, e, f, g, h] = row.map(|sample| i32::from(sample) - 128);
        Four::new(if at == 0 { [a, b, c, d] } else { [e, f, g, h] })
    };
    let left = columns_of(
        samples.map(|row| half(row, 0)),
        samples.map(|row| half(row, 1)),
    );
    let [[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]] = left;
    // Each of the two holds four columns: rows of the transform along them.
    let first = pass([a, b, c, d, e, f, g, h], true);
    let second = pass([i, j, k, l, m, n, o, p], true);
    // Now transform across: transpose back.
    let [a, b, c, d, e, f, g, h] = first;
    let [i, j, k, l, m, n, o, p] = second;
    let [r0, r1, r2, r3] = Four::transposed([a, b, c, d]);
    let [s0, s1, s2, s3] = Four::transposed([e, f, g, h]);
    let [r4, r5, r6, r7] = Four::transposed([i, j, k, l]);
    let [s4, s5, s6, s7] = Four::transposed([m, n, o, p]);
    let left = pass([r0, r1, r2, r3, r4, r5, r6, r7], false);
    let right = pass([s0, s1, s2, s3, s4, s5, s6, s7], false);
    let [l0, l1, l2, l3, l4, l5, l6, l7] = left;
    let [t0, t1, t2, t3, t4, t5, t6, t7] = right;
    [
        [l0, t0],
        [l1, t1],
        [l2, t2],
        [l3, t3],
        [l4, t4],
        [l5, t5],
        [l6, t6],
        [l7, t7],
    ]
}

/// Rows to columns: of the first four rows, and of the last four, the eight samples along a row.
#[inline(always)]
fn columns_of(left: [Four; 8], right: [Four; 8]) -> [[Four; 8]; 2] {
    let [a, b, c, d, e, f, g, h] = left;
    let [i, j, k, l, m, n, o, p] = right;
    let [x0, x1, x2, x3] = Four::transposed([a, b, c, d]);
    let [x4, x5, x6, x7] = Four::transposed([i, j, k, l]);
    let [y0, y1, y2, y3] = Four::transposed([e, f, g, h]);
    let [y4, y5, y6, y7] = Four::transposed([m, n, o, p]);
    [
        [x0, x1, x2, x3, x4, x5, x6, x7],
        [y0, y1, y2, y3, y4, y5, y6, y7],
    ]
}

/// Along four lanes. The first pass keeps [`KEPT`] bits more, the second drops them.
#[inline(always)]
fn pass([x0, x1, x2, x3, x4, x5, x6, x7]: [Four; 8], is_first: bool) -> [Four; 8] {
    let out = if is_first {
        FRACTION - KEPT
    } else {
        FRACTION + KEPT
    };
    let rounded = |x: Four| x.raised(1 << (out - 1)).right(out);
    let plain = |x: Four| {
        if is_first {
            x.left(KEPT)
        } else {
            x.raised(1 << (KEPT - 1)).right(KEPT)
        }
    };
    let (t0, t7) = (x0.plus(x7), x0.minus(x7));
    let (t1, t6) = (x1.plus(x6), x1.minus(x6));
    let (t2, t5) = (x2.plus(x5), x2.minus(x5));
    let (t3, t4) = (x3.plus(x4), x3.minus(x4));

    let (e0, e3) = (t0.plus(t3), t0.minus(t3));
    let (e1, e2) = (t1.plus(t2), t1.minus(t2));
    let z1 = e2.plus(e3).times(4_433);

    let (z2, z3, z4) = (t5.plus(t6), t4.plus(t6), t5.plus(t7));
    let z5 = z3.plus(z4).times(9_633);
    let z0 = t4.plus(t7).times(-7_373);
    let z2 = z2.times(-20_995);
    let z3 = z3.times(-16_069).plus(z5);
    let z4 = z4.times(-3_196).plus(z5);
    [
        plain(e0.plus(e1)),
        rounded(t7.times(12_299).plus(z0).plus(z4)),
        rounded(z1.plus(e3.times(6_270))),
        rounded(t6.times(25_172).plus(z2).plus(z3)),
        plain(e0.minus(e1)),
        rounded(t5.times(16_819).plus(z2).plus(z4)),
        rounded(z1.minus(e2.times(15_137))),
        rounded(t4.times(2_446).plus(z0).plus(z3)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn within_one_of_the_definition() {
        for seed in 0..50_u32 {
            let samples: [[u8; 8]; 8] = std::array::from_fn(|y| {
                std::array::from_fn(|x| {
                    (seed * 37 + (x as u32) * (seed % 9) * 5 + (y * y * 3) as u32 + (x * y) as u32)
                        as u8
                })
            });
            let got = eight(&samples);
            for v in 0..8 {
                let row: Vec<i32> = got[v].iter().flat_map(|half| half.numbers()).collect();
                for (u, got) in row.iter().enumerate() {
                    let factor = |k: usize| if k == 0 { 0.5_f64.sqrt() } else { 1.0 };
                    let mut sum = 0.0;
                    for (y, row) in samples.iter().enumerate() {
                        for (x, sample) in row.iter().enumerate() {
                            let wave = |k: usize, x: usize| {
                                ((2 * x + 1) as f64 * k as f64 * PI / 16.0).cos()
                            };
                            sum += (f64::from(*sample) - 128.0) * wave(u, x) * wave(v, y);
                        }
                    }
                    let exact = sum * factor(u) * factor(v) / 4.0 * 8.0;
                    assert!(
                        (f64::from(*got) - exact).abs() < 2.0,
                        "{u} {v}: {got} {exact}"
                    );
                }
            }
        }
    }
}
