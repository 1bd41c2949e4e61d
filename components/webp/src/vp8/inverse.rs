//! The inverse transforms (RFC 6386, section 14).

use crate::simd::{V, transpose_4x4_u32};

/// `x * sqrt(2) * sin(pi / 8)`, section 14.3.
const SINE: i32 = 35_468;
/// `x * (sqrt(2) * cos(pi / 8) - 1)`.
const COSINE_LESS_1: i32 = 20_091;

/// The inverse Walsh-Hadamard transform of the luma DCs, section 14.3.
pub(crate) fn walsh_hadamard(block: &[i32; 16]) -> [i32; 16] {
    let rows = load(block);
    let [a, b, c, d] = transpose_4x4_u32(butterfly(rows));
    let three = V::splat_i32(3);
    let columns = butterfly([a.add_i32(three), b, c, d]);
    let [a, b, c, d] = transpose_4x4_u32(columns.map(V::shr_i32::<3>));
    let mut out = [0; 16];
    let (chunks, _) = out.as_chunks_mut::<4>();
    for (chunk, row) in chunks.iter_mut().zip([a, b, c, d]) {
        *chunk = row.to_i32s();
    }
    out
}

fn butterfly([r0, r1, r2, r3]: [V; 4]) -> [V; 4] {
    let (a0, a1) = (r0.add_i32(r3), r1.add_i32(r2));
    let (a2, a3) = (r1.sub_i32(r2), r0.sub_i32(r3));
    [
        a0.add_i32(a1),
        a3.add_i32(a2),
        a0.sub_i32(a1),
        a3.sub_i32(a2),
    ]
}

/// `predicted` (four rows of four) and the inverse DCT of `block`, added and clamped.
#[inline]
pub(crate) fn add_dct(predicted: V, block: &[i32; 16]) -> V {
    add_dct_rows(predicted, load(block))
}

/// The same of four rows of 32-bit numbers.
#[inline(always)]
pub(crate) fn add_dct_rows(predicted: V, rows: [V; 4]) -> V {
    let columns = transpose_4x4_u32(pass(rows));
    let [first, second, third, fourth] = columns;
    let rounded = [first.add_i32(V::splat_i32(4)), second, third, fourth];
    let [a, b, c, d] = transpose_4x4_u32(pass(rounded).map(V::shr_i32::<3>));
    add(predicted, a.narrow_i32_to_i16(b), c.narrow_i32_to_i16(d))
}

/// The same of a block with nothing but a DC.
#[inline]
pub(crate) fn add_dc(predicted: V, dc: i32) -> V {
    #[allow(clippy::cast_possible_truncation, reason = "a DC has 16 bits")]
    let all = V::splat_i16(((dc + 4) >> 3) as i16);
    add(predicted, all, all)
}

#[inline(always)]
fn add(predicted: V, upper: V, lower: V) -> V {
    predicted
        .widen_low_u8()
        .add_i16(upper)
        .narrow_i16_to_u8(predicted.widen_high_u8().add_i16(lower))
}

#[inline(always)]
fn load(block: &[i32; 16]) -> [V; 4] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *block;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]].map(V::from_i32s)
}

/// One dimension of the DCT, on four vectors at once.
#[inline(always)]
fn pass([r0, r1, r2, r3]: [V; 4]) -> [V; 4] {
    let (a, b) = (r0.add_i32(r2), r0.sub_i32(r2));
    let c = sine(r1).sub_i32(cosine(r3));
    let d = cosine(r1).add_i32(sine(r3));
    [a.add_i32(d), b.add_i32(c), b.sub_i32(c), a.sub_i32(d)]
}

#[inline(always)]
fn sine(x: V) -> V {
    x.mul_i32(V::splat_i32(SINE)).shr_i32::<16>()
}

#[inline(always)]
fn cosine(x: V) -> V {
    x.mul_i32(V::splat_i32(COSINE_LESS_1))
        .shr_i32::<16>()
        .add_i32(x)
}
