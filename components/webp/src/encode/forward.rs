//! The forward transforms: the inverse of RFC 6386, section 14, in 16-bit arithmetic.

use crate::simd::V;

/// Two blocks beside each other: four rows, block A in the low half of each and B in the high one.
pub(super) type Pair = [V; 4];

/// A block of sixteen numbers of 16 bits: rows 0 and 1, rows 2 and 3.
pub(super) type Block = [V; 2];

/// `source - predicted` of two blocks of four rows of four bytes.
#[inline(always)]
pub(super) fn differences(source: [V; 2], predicted: [V; 2]) -> Pair {
    let [a, b] = source;
    let [c, d] = predicted;
    let (upper_a, lower_a) = (
        a.widen_low_u8().sub_i16(c.widen_low_u8()),
        a.widen_high_u8().sub_i16(c.widen_high_u8()),
    );
    let (upper_b, lower_b) = (
        b.widen_low_u8().sub_i16(d.widen_low_u8()),
        b.widen_high_u8().sub_i16(d.widen_high_u8()),
    );
    [
        upper_a.interleave_low_u64(upper_b),
        upper_a.interleave_high_u64(upper_b),
        lower_a.interleave_low_u64(lower_b),
        lower_a.interleave_high_u64(lower_b),
    ]
}

/// Transposes both blocks.
#[inline(always)]
fn transpose([r0, r1, r2, r3]: Pair) -> Pair {
    let (a01, b01) = (r0.interleave_low_u16(r1), r0.interleave_high_u16(r1));
    let (a23, b23) = (r2.interleave_low_u16(r3), r2.interleave_high_u16(r3));
    let (a_low, a_high) = (a01.interleave_low_u32(a23), a01.interleave_high_u32(a23));
    let (b_low, b_high) = (b01.interleave_low_u32(b23), b01.interleave_high_u32(b23));
    [
        a_low.interleave_low_u64(b_low),
        a_low.interleave_high_u64(b_low),
        a_high.interleave_low_u64(b_high),
        a_high.interleave_high_u64(b_high),
    ]
}

/// `(a * x + b * y + round) >> SHIFT` by lanes.
#[inline(always)]
fn turn<const SHIFT: u32>(x: V, y: V, a: i16, b: i16, round: i32) -> V {
    let [a0, a1] = a.to_le_bytes();
    let [b0, b1] = b.to_le_bytes();
    let factors = V::splat_i32(i32::from_le_bytes([a0, a1, b0, b1]));
    let round = V::splat_i32(round);
    let low = x.interleave_low_u16(y).dot_i16(factors).add_i32(round);
    let high = x.interleave_high_u16(y).dot_i16(factors).add_i32(round);
    low.shr_i32::<SHIFT>()
        .narrow_i32_to_i16(high.shr_i32::<SHIFT>())
}

/// The DCT of two blocks of differences, eight times the orthonormal one over four.
#[inline(always)]
pub(super) fn dct(rows: Pair) -> [Block; 2] {
    // Down the columns, three bits more.
    let [r0, r1, r2, r3] = rows;
    let (a0, a1) = (r0.add_i16(r3), r1.add_i16(r2));
    let (a2, a3) = (r1.sub_i16(r2), r0.sub_i16(r3));
    let first = [
        a0.add_i16(a1).shl_i16::<3>(),
        turn::<9>(a2, a3, 2217, 5352, 1812),
        a0.sub_i16(a1).shl_i16::<3>(),
        turn::<9>(a3, a2, 2217, -5352, 937),
    ];
    // Along the rows.
    let [r0, r1, r2, r3] = transpose(first);
    let (a0, a1) = (r0.add_i16(r3), r1.add_i16(r2));
    let (a2, a3) = (r1.sub_i16(r2), r0.sub_i16(r3));
    let seven = V::splat_i16(7);
    let second = [
        a0.add_i16(a1).add_i16(seven).shr_i16::<4>(),
        turn::<16>(a2, a3, 2217, 5352, 51_000),
        a0.sub_i16(a1).add_i16(seven).shr_i16::<4>(),
        turn::<16>(a3, a2, 2217, -5352, 51_000),
    ];
    let [r0, r1, r2, r3] = transpose(second);
    [
        [r0.interleave_low_u64(r1), r2.interleave_low_u64(r3)],
        [r0.interleave_high_u64(r1), r2.interleave_high_u64(r3)],
    ]
}

/// The Walsh-Hadamard transform of the sixteen luma DCs.
pub(super) fn walsh_hadamard(dcs: &[i16; 16]) -> [i16; 16] {
    let mut middle = [0_i32; 16];
    let (rows, _) = dcs.as_chunks::<4>();
    let (sums, _) = middle.as_chunks_mut::<4>();
    for (sums, row) in sums.iter_mut().zip(rows) {
        *sums = butterfly(row.map(i32::from));
    }
    let mut out = [0; 16];
    let [
        m0,
        m1,
        m2,
        m3,
        m4,
        m5,
        m6,
        m7,
        m8,
        m9,
        m10,
        m11,
        m12,
        m13,
        m14,
        m15,
    ] = middle;
    let columns = [
        [m0, m4, m8, m12],
        [m1, m5, m9, m13],
        [m2, m6, m10, m14],
        [m3, m7, m11, m15],
    ]
    .map(butterfly);
    for (at, value) in out.iter_mut().enumerate() {
        let sum = columns
            .get(at & 3)
            .and_then(|column| column.get(at >> 2))
            .copied()
            .unwrap_or(0);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "half of a sum of 16 of 12 bits"
        )]
        let half = (sum >> 1) as i16;
        *value = half;
    }
    out
}

fn butterfly([x0, x1, x2, x3]: [i32; 4]) -> [i32; 4] {
    let (a0, a1) = (x0 + x2, x1 + x3);
    let (a2, a3) = (x1 - x3, x0 - x2);
    [a0 + a1, a3 + a2, a3 - a2, a0 - a1]
}

/// The sum of squared differences of sixteen bytes, in four parts.
#[inline(always)]
pub(super) fn squares(a: V, b: V) -> V {
    let low = a.widen_low_u8().sub_i16(b.widen_low_u8());
    let high = a.widen_high_u8().sub_i16(b.widen_high_u8());
    low.dot_i16(low).add_i32(high.dot_i16(high))
}

/// The sum of four lanes of 32 bits.
#[inline(always)]
pub(super) fn sum(v: V) -> i32 {
    let [a, b, c, d] = v.to_i32s();
    a.wrapping_add(b).wrapping_add(c).wrapping_add(d)
}

/// The numbers of a block.
#[inline(always)]
pub(super) fn numbers([upper, lower]: Block) -> [i16; 16] {
    let mut numbers = [0; 16];
    let bytes = [upper.to_bytes(), lower.to_bytes()];
    let (pairs, _) = bytes.as_flattened().as_chunks::<2>();
    for (number, pair) in numbers.iter_mut().zip(pairs) {
        *number = i16::from_le_bytes(*pair);
    }
    numbers
}

/// A block of these numbers.
#[inline(always)]
pub(super) fn from_numbers(numbers: &[i16; 16]) -> Block {
    let mut bytes = [[0; 16]; 2];
    let (pairs, _) = bytes.as_flattened_mut().as_chunks_mut::<2>();
    for (number, pair) in numbers.iter().zip(pairs) {
        *pair = number.to_le_bytes();
    }
    bytes.map(V::from_bytes)
}

/// The sum of the sizes of a block's numbers.
#[inline(always)]
pub(super) fn size([upper, lower]: Block) -> i32 {
    let absolute = |v: V| {
        let sign = v.shr_i16::<15>();
        v.xor(sign).sub_i16(sign)
    };
    let both = absolute(upper).add_i16(absolute(lower));
    sum(both.dot_i16(V::splat_i16(1)))
}
