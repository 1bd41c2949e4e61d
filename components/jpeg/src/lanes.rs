//! Four numbers at a time: a vector register in Wasm, an array elsewhere. Both wrap at 32 bits, so
//! the same kernels give the same results.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) use array::Four;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use vector::Four;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{
        i16x8_narrow_i32x4, i32x4, i32x4_add, i32x4_extract_lane, i32x4_mul, i32x4_shl, i32x4_shr,
        i32x4_shuffle, i32x4_splat, i32x4_sub, i64x2_extract_lane, u8x16_narrow_i16x8, v128,
    };

    /// Four numbers.
    #[derive(Clone, Copy)]
    pub(crate) struct Four(v128);

    impl Four {
        #[inline(always)]
        pub(crate) fn new([a, b, c, d]: [i32; 4]) -> Self {
            Self(i32x4(a, b, c, d))
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(i32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub(crate) fn minus(self, other: Self) -> Self {
            Self(i32x4_sub(self.0, other.0))
        }

        /// A number added to all.
        #[inline(always)]
        pub(crate) fn raised(self, by: i32) -> Self {
            Self(i32x4_add(self.0, i32x4_splat(by)))
        }

        #[inline(always)]
        pub(crate) fn times(self, by: i32) -> Self {
            Self(i32x4_mul(self.0, i32x4_splat(by)))
        }

        #[inline(always)]
        pub(crate) fn left(self, by: u32) -> Self {
            Self(i32x4_shl(self.0, by))
        }

        #[inline(always)]
        pub(crate) fn right(self, by: u32) -> Self {
            Self(i32x4_shr(self.0, by))
        }

        /// Rows become columns.
        #[inline(always)]
        pub(crate) fn transposed([a, b, c, d]: [Self; 4]) -> [Self; 4] {
            let ab = i32x4_shuffle::<0, 4, 1, 5>(a.0, b.0);
            let ab2 = i32x4_shuffle::<2, 6, 3, 7>(a.0, b.0);
            let cd = i32x4_shuffle::<0, 4, 1, 5>(c.0, d.0);
            let cd2 = i32x4_shuffle::<2, 6, 3, 7>(c.0, d.0);
            [
                Self(i32x4_shuffle::<0, 1, 4, 5>(ab, cd)),
                Self(i32x4_shuffle::<2, 3, 6, 7>(ab, cd)),
                Self(i32x4_shuffle::<0, 1, 4, 5>(ab2, cd2)),
                Self(i32x4_shuffle::<2, 3, 6, 7>(ab2, cd2)),
            ]
        }

        /// The numbers.
        #[inline(always)]
        pub(crate) fn numbers(self) -> [i32; 4] {
            [
                i32x4_extract_lane::<0>(self.0),
                i32x4_extract_lane::<1>(self.0),
                i32x4_extract_lane::<2>(self.0),
                i32x4_extract_lane::<3>(self.0),
            ]
        }

        /// Clamped to bytes.
        #[inline(always)]
        pub(crate) fn bytes(self) -> [u8; 4] {
            let words = i16x8_narrow_i32x4(self.0, self.0);
            i32x4_extract_lane::<0>(u8x16_narrow_i16x8(words, words)).to_le_bytes()
        }

        /// Clamped to bytes, with four more.
        #[inline(always)]
        pub(crate) fn bytes_with(self, others: Self) -> [u8; 8] {
            let words = i16x8_narrow_i32x4(self.0, others.0);
            i64x2_extract_lane::<0>(u8x16_narrow_i16x8(words, words)).to_le_bytes()
        }
    }
}

/// Compiled everywhere, so that what the vectors are compared with is the same text.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    /// Four numbers.
    #[derive(Clone, Copy)]
    pub(crate) struct Four([i32; 4]);

    impl Four {
        #[inline(always)]
        pub(crate) fn new(numbers: [i32; 4]) -> Self {
            Self(numbers)
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            let [a, b, c, d] = self.0;
            let [e, f, g, h] = other.0;
            Self([
                a.wrapping_add(e),
                b.wrapping_add(f),
                c.wrapping_add(g),
                d.wrapping_add(h),
            ])
        }

        #[inline(always)]
        pub(crate) fn minus(self, other: Self) -> Self {
            let [a, b, c, d] = self.0;
            let [e, f, g, h] = other.0;
            Self([
                a.wrapping_sub(e),
                b.wrapping_sub(f),
                c.wrapping_sub(g),
                d.wrapping_sub(h),
            ])
        }

        /// A number added to all.
        #[inline(always)]
        pub(crate) fn raised(self, by: i32) -> Self {
            Self(self.0.map(|n| n.wrapping_add(by)))
        }

        #[inline(always)]
        pub(crate) fn times(self, by: i32) -> Self {
            Self(self.0.map(|n| n.wrapping_mul(by)))
        }

        #[inline(always)]
        pub(crate) fn left(self, by: u32) -> Self {
            Self(self.0.map(|n| n.wrapping_shl(by)))
        }

        #[inline(always)]
        pub(crate) fn right(self, by: u32) -> Self {
            Self(self.0.map(|n| n.wrapping_shr(by)))
        }

        /// Rows become columns.
        #[inline(always)]
        pub(crate) fn transposed(rows: [Self; 4]) -> [Self; 4] {
            let [a, b, c, d] = rows.map(|row| row.0);
            let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (a, b);
            let ([c0, c1, c2, c3], [d0, d1, d2, d3]) = (c, d);
            [
                Self([a0, b0, c0, d0]),
                Self([a1, b1, c1, d1]),
                Self([a2, b2, c2, d2]),
                Self([a3, b3, c3, d3]),
            ]
        }

        /// The numbers.
        #[inline(always)]
        pub(crate) fn numbers(self) -> [i32; 4] {
            self.0
        }

        /// Clamped to bytes.
        #[inline(always)]
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a byte"
        )]
        pub(crate) fn bytes(self) -> [u8; 4] {
            self.0.map(|n| n.clamp(0, 255) as u8)
        }

        /// Clamped to bytes, with four more.
        #[inline(always)]
        pub(crate) fn bytes_with(self, others: Self) -> [u8; 8] {
            let ([a, b, c, d], [e, f, g, h]) = (self.bytes(), others.bytes());
            [a, b, c, d, e, f, g, h]
        }
    }
}
