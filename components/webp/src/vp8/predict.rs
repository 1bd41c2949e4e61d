//! Intra prediction (RFC 6386, section 12). Both directions use it.

use super::modes::{BlockMode, Mode};
use crate::simd::V;

/// What lies around a block of `N` x `N` pixels.
pub(crate) struct Around<const N: usize> {
    pub(crate) above: [u8; N],
    pub(crate) left: [u8; N],
    pub(crate) corner: u8,
    /// Whether `above` is of the picture; it is 127 where it is not.
    pub(crate) has_above: bool,
    /// Whether `left` is of the picture; it is 129 where it is not.
    pub(crate) has_left: bool,
}

/// The prediction of a luma macroblock, row by row.
pub(crate) fn luma(mode: Mode, around: &Around<16>, mut row: impl FnMut(usize, V)) {
    let above = V::from_bytes(around.above);
    match mode {
        Mode::Dc => {
            let all = V::splat_u8(dc(around));
            (0..16).for_each(|y| row(y, all));
        }
        Mode::Vertical => (0..16).for_each(|y| row(y, above)),
        Mode::Horizontal => {
            for (y, left) in around.left.iter().enumerate() {
                row(y, V::splat_u8(*left));
            }
        }
        Mode::TrueMotion => {
            let (low, high) = (above.widen_low_u8(), above.widen_high_u8());
            for (y, left) in around.left.iter().enumerate() {
                let by = V::splat_i16(i16::from(*left) - i16::from(around.corner));
                row(y, low.add_i16(by).narrow_i16_to_u8(high.add_i16(by)));
            }
        }
    }
}

/// The prediction of a chroma block, row by row.
pub(crate) fn chroma(mode: Mode, around: &Around<8>, mut row: impl FnMut(usize, [u8; 8])) {
    match mode {
        Mode::Dc => {
            let all = [dc(around); 8];
            (0..8).for_each(|y| row(y, all));
        }
        Mode::Vertical => (0..8).for_each(|y| row(y, around.above)),
        Mode::Horizontal => {
            for (y, left) in around.left.iter().enumerate() {
                row(y, [*left; 8]);
            }
        }
        Mode::TrueMotion => {
            let above = V::low(around.above).widen_low_u8();
            for (y, left) in around.left.iter().enumerate() {
                let by = V::splat_i16(i16::from(*left) - i16::from(around.corner));
                let sum = above.add_i16(by);
                row(y, sum.narrow_i16_to_u8(sum).to_halves().0);
            }
        }
    }
}

/// The mean of what is there of both edges, section 12.2; 128 without any.
#[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
fn dc<const N: usize>(around: &Around<N>) -> u8 {
    let sum = |edge: &[u8; N]| edge.iter().map(|p| u32::from(*p)).sum::<u32>();
    let count = N as u32;
    let mean = match (around.has_above, around.has_left) {
        (true, true) => (sum(&around.above) + sum(&around.left) + count) / (2 * count),
        (true, false) => (sum(&around.above) + count / 2) / count,
        (false, true) => (sum(&around.left) + count / 2) / count,
        (false, false) => 128,
    };
    mean as u8
}

/// What lies around a 4x4 block: the left from below, the corner, eight above.
pub(crate) type Edge = [u8; 13];

/// The prediction of a 4x4 block, section 12.3: four rows of four.
#[inline]
pub(crate) fn block(mode: BlockMode, edge: &Edge) -> [u8; 16] {
    let [l, k, j, i, x, a, b, c, d, e, f, g, h] = edge.map(u32::from);
    #[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
    let two = |a: u32, b: u32| ((a + b + 1) >> 1) as u8;
    #[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
    let three = |a: u32, b: u32, c: u32| ((a + 2 * b + c + 2) >> 2) as u8;
    match mode {
        #[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
        BlockMode::Dc => [((a + b + c + d + i + j + k + l + 4) >> 3) as u8; 16],
        BlockMode::TrueMotion => {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a byte"
            )]
            let row = |left: u32| {
                let by = left.cast_signed() - x.cast_signed();
                [a, b, c, d].map(|above| (above.cast_signed() + by).clamp(0, 255) as u8)
            };
            rows([row(i), row(j), row(k), row(l)])
        }
        BlockMode::Vertical => rows(
            [[
                three(x, a, b),
                three(a, b, c),
                three(b, c, d),
                three(c, d, e),
            ]; 4],
        ),
        BlockMode::Horizontal => rows([
            [three(x, i, j); 4],
            [three(i, j, k); 4],
            [three(j, k, l); 4],
            [three(k, l, l); 4],
        ]),
        BlockMode::LeftDown => {
            let [n, o, p] = [three(a, b, c), three(b, c, d), three(c, d, e)];
            let [q, r, s, t] = [
                three(d, e, f),
                three(e, f, g),
                three(f, g, h),
                three(g, h, h),
            ];
            rows([[n, o, p, q], [o, p, q, r], [p, q, r, s], [q, r, s, t]])
        }
        BlockMode::RightDown => {
            let [n, o, p] = [three(j, k, l), three(i, j, k), three(x, i, j)];
            let [q, r, s, t] = [
                three(a, x, i),
                three(b, a, x),
                three(c, b, a),
                three(d, c, b),
            ];
            rows([[q, r, s, t], [p, q, r, s], [o, p, q, r], [n, o, p, q]])
        }
        BlockMode::VerticalRight => {
            let [n, o, p, q] = [two(x, a), two(a, b), two(b, c), two(c, d)];
            let [r, s, t] = [three(k, j, i), three(j, i, x), three(i, x, a)];
            let [u, v, w] = [three(x, a, b), three(a, b, c), three(b, c, d)];
            rows([[n, o, p, q], [t, u, v, w], [s, n, o, p], [r, t, u, v]])
        }
        BlockMode::VerticalLeft => {
            let [n, o, p, q] = [two(a, b), two(b, c), two(c, d), two(d, e)];
            let [r, s, t, u] = [
                three(a, b, c),
                three(b, c, d),
                three(c, d, e),
                three(d, e, f),
            ];
            let [v, w] = [three(e, f, g), three(f, g, h)];
            rows([[n, o, p, q], [r, s, t, u], [o, p, q, v], [s, t, u, w]])
        }
        BlockMode::HorizontalDown => {
            let [n, o, p, q] = [two(i, x), two(j, i), two(k, j), two(l, k)];
            let [r, s, t] = [three(a, b, c), three(x, a, b), three(i, x, a)];
            let [u, v, w] = [three(j, i, x), three(k, j, i), three(l, k, j)];
            rows([[n, t, s, r], [o, u, n, t], [p, v, o, u], [q, w, p, v]])
        }
        BlockMode::HorizontalUp => {
            let [n, o, p] = [two(i, j), two(j, k), two(k, l)];
            let [q, r, s] = [three(i, j, k), three(j, k, l), three(k, l, l)];
            #[allow(clippy::cast_possible_truncation, reason = "it was a byte")]
            let l = l as u8;
            rows([[n, q, o, r], [o, r, p, s], [p, s, l, l], [l, l, l, l]])
        }
    }
}

#[inline(always)]
fn rows(rows: [[u8; 4]; 4]) -> [u8; 16] {
    let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = rows;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}
