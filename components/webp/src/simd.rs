//! 128 bits at a time: Wasm's own instructions, or the same in plain arithmetic.
//!
//! [`V`] has no lanes of its own; the last part of an operation's name says what it takes them
//! for. Both forms give the same bits, always: there is no relaxed operation among them. The plain
//! form is what native tests and fuzzing run; the tests below hold each operation against its
//! definition, whichever form they are built with.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use wasm::V;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod plain;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) use plain::V;

impl V {
    /// All bits zero.
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self::splat_u8(0)
    }

    /// The first sixteen bytes of `bytes`; zeros where there are fewer.
    #[inline(always)]
    pub(crate) fn load(bytes: &[u8]) -> Self {
        match bytes.first_chunk::<16>() {
            Some(chunk) => Self::from_bytes(*chunk),
            None => Self::load_short(bytes),
        }
    }

    #[cold]
    fn load_short(bytes: &[u8]) -> Self {
        let mut chunk = [0; 16];
        for (to, from) in chunk.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self::from_bytes(chunk)
    }

    /// Eight bytes in the low half.
    #[inline(always)]
    pub(crate) fn low(bytes: [u8; 8]) -> Self {
        Self::halves(bytes, [0; 8])
    }

    /// Eight bytes in the low half, eight in the high one.
    #[inline(always)]
    pub(crate) fn halves(low: [u8; 8], high: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = low;
        let [i, j, k, l, m, n, o, p] = high;
        Self::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// Writes over the first sixteen bytes of `bytes`, or over as many as there are.
    #[inline(always)]
    pub(crate) fn store(self, bytes: &mut [u8]) {
        if let Some(chunk) = bytes.first_chunk_mut::<16>() {
            *chunk = self.to_bytes();
        } else {
            for (to, from) in bytes.iter_mut().zip(self.to_bytes()) {
                *to = from;
            }
        }
    }

    /// The low and the high half.
    #[inline(always)]
    pub(crate) fn to_halves(self) -> ([u8; 8], [u8; 8]) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = self.to_bytes();
        ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p])
    }

    /// `|a - b|`.
    #[inline(always)]
    pub(crate) fn abs_diff_u8(self, other: Self) -> Self {
        self.sub_sat_u8(other).or(other.sub_sat_u8(self))
    }

    /// Four lanes of 32 bits from a row of numbers.
    #[inline(always)]
    pub(crate) fn from_i32s([a, b, c, d]: [i32; 4]) -> Self {
        let ([a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]) = (
            a.to_le_bytes(),
            b.to_le_bytes(),
            c.to_le_bytes(),
            d.to_le_bytes(),
        );
        Self::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// The four lanes of 32 bits.
    #[inline(always)]
    pub(crate) fn to_i32s(self) -> [i32; 4] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = self.to_bytes();
        [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]].map(i32::from_le_bytes)
    }
}

/// Transposes four rows of four 32-bit lanes.
#[inline(always)]
pub(crate) fn transpose_4x4_u32([a, b, c, d]: [V; 4]) -> [V; 4] {
    let (ac_low, ac_high) = (a.interleave_low_u32(c), a.interleave_high_u32(c));
    let (bd_low, bd_high) = (b.interleave_low_u32(d), b.interleave_high_u32(d));
    [
        ac_low.interleave_low_u32(bd_low),
        ac_low.interleave_high_u32(bd_low),
        ac_high.interleave_low_u32(bd_high),
        ac_high.interleave_high_u32(bd_high),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<V> {
        let mut seed = 1_u32;
        let mut vectors = vec![
            V::zero(),
            V::splat_u8(255),
            V::splat_u8(128),
            V::splat_u8(127),
        ];
        for _ in 0..60 {
            let mut bytes = [0; 16];
            for byte in &mut bytes {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (seed >> 24) as u8;
            }
            vectors.push(V::from_bytes(bytes));
        }
        vectors
    }

    fn i16s(v: V) -> [i16; 8] {
        let bytes = v.to_bytes();
        std::array::from_fn(|i| i16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]))
    }

    #[test]
    fn bytes_saturate() {
        for a in samples() {
            for b in samples() {
                let (x, y) = (a.to_bytes(), b.to_bytes());
                for i in 0..16 {
                    let (u, v) = (i32::from(x[i]), i32::from(y[i]));
                    let (s, t) = (i32::from(x[i] as i8), i32::from(y[i] as i8));
                    let is = |got: V, expected: i32| assert_eq!(got.to_bytes()[i], expected as u8);
                    is(a.add_sat_u8(b), (u + v).min(255));
                    is(a.sub_sat_u8(b), (u - v).max(0));
                    is(a.abs_diff_u8(b), (u - v).abs());
                    is(a.add_sat_i8(b), (s + t).clamp(-128, 127));
                    is(a.sub_sat_i8(b), (s - t).clamp(-128, 127));
                    is(a.eq_u8(b), if u == v { 255 } else { 0 });
                    is(a.and(b), u & v);
                    is(a.or(b), u | v);
                    is(a.xor(b), u ^ v);
                    is(a.and_not(b), u & !v);
                    is(a.shr_i8::<3>(), s >> 3);
                    is(a.shr_u8::<1>(), u >> 1);
                }
            }
        }
    }

    #[test]
    fn words_are_words() {
        for a in samples() {
            for b in samples() {
                let (x, y) = (i16s(a), i16s(b));
                for i in 0..8 {
                    let (s, t) = (i32::from(x[i]), i32::from(y[i]));
                    let is = |got: V, expected: i32| assert_eq!(i16s(got)[i], expected as i16);
                    is(a.add_i16(b), s + t);
                    is(a.sub_i16(b), s - t);
                    is(a.mul_i16(b), s.wrapping_mul(t));
                    is(a.shr_i16::<3>(), s >> 3);
                    is(a.shl_i16::<3>(), s << 3);
                    is(a.q15_i16(b), ((s * t + 0x4000) >> 15).min(32_767));
                    is(
                        a.mulhi_u16(b),
                        (((s & 0xFFFF) as u32 * (t & 0xFFFF) as u32) >> 16) as i32,
                    );
                    is(a.add_sat_u16(b), ((s & 0xFFFF) + (t & 0xFFFF)).min(65_535));
                    is(a.sub_sat_u16(b), ((s & 0xFFFF) - (t & 0xFFFF)).max(0));
                    is(a.shr_u16::<6>(), (s & 0xFFFF) >> 6);
                    let (high, low) = (a.narrow_i16_to_u8(b), a.narrow_i16_to_i8(b));
                    assert_eq!(i32::from(high.to_bytes()[i]), s.clamp(0, 255));
                    assert_eq!(i32::from(high.to_bytes()[8 + i]), t.clamp(0, 255));
                    assert_eq!(i32::from(low.to_bytes()[i] as i8), s.clamp(-128, 127));
                }
                for i in 0..4 {
                    let dot = i32::from(x[2 * i]) * i32::from(y[2 * i])
                        + i32::from(x[2 * i + 1]) * i32::from(y[2 * i + 1]);
                    assert_eq!(a.dot_i16(b).to_i32s()[i], dot);
                    assert_eq!(
                        a.mul_i32(b).to_i32s()[i],
                        a.to_i32s()[i].wrapping_mul(b.to_i32s()[i])
                    );
                }
                let bytes = (a.to_bytes(), b.to_bytes());
                for i in 0..8 {
                    assert_eq!(a.interleave_low_u8(b).to_bytes()[2 * i], bytes.0[i]);
                    assert_eq!(
                        a.interleave_high_u8(b).to_bytes()[2 * i + 1],
                        bytes.1[8 + i]
                    );
                    assert_eq!(i16s(a.widen_low_u8())[i], i16::from(bytes.0[i]));
                    assert_eq!(i16s(a.widen_high_i8())[i], i16::from(bytes.0[8 + i] as i8));
                    let pair = i16::from(bytes.0[2 * i]) + i16::from(bytes.0[2 * i + 1]);
                    assert_eq!(i16s(a.pair_sums_u8())[i], pair);
                }
                assert_eq!(i16s(a.interleave_low_u16(b))[1], y[0]);
                assert_eq!(i16s(a.interleave_high_u16(b))[0], x[4]);
                assert_eq!(a.interleave_low_u64(b).to_halves().1, b.to_halves().0);
                assert_eq!(a.interleave_high_u64(b).to_halves().0, a.to_halves().1);
            }
        }
    }

    #[test]
    fn three_channels_interleave() {
        let row = |start: u8| V::from_bytes(std::array::from_fn(|i| start + i as u8));
        let pixels = V::interleave_3(row(0), row(100), row(200));
        let bytes = pixels.map(V::to_bytes).concat();
        for (i, pixel) in bytes.chunks_exact(3).enumerate() {
            assert_eq!(pixel, [i as u8, 100 + i as u8, 200 + i as u8]);
        }
    }
}
