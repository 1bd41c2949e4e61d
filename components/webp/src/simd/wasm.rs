//! [`V`] as a `v128`.

use core::arch::wasm32::{
    i8x16_add_sat, i8x16_eq, i8x16_narrow_i16x8, i8x16_shr, i8x16_shuffle, i8x16_sub_sat,
    i16x8_add, i16x8_extend_high_i8x16, i16x8_extend_low_i8x16, i16x8_min, i16x8_mul,
    i16x8_narrow_i32x4, i16x8_q15mulr_sat, i16x8_shl, i16x8_shr, i16x8_splat, i16x8_sub, i32x4_add,
    i32x4_dot_i16x8, i32x4_extend_high_i16x8, i32x4_extend_low_i16x8, i32x4_mul, i32x4_shr,
    i32x4_splat, i32x4_sub, u8x16_add_sat, u8x16_narrow_i16x8, u8x16_shr, u8x16_splat,
    u8x16_sub_sat, u16x8_add_sat, u16x8_extadd_pairwise_u8x16, u16x8_extend_high_u8x16,
    u16x8_extend_low_u8x16, u16x8_shr, u16x8_sub_sat, u32x4_extmul_high_u16x8,
    u32x4_extmul_low_u16x8, v128, v128_and, v128_andnot, v128_or, v128_xor,
};

/// 128 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct V(v128);

macro_rules! two {
    ($($name:ident = $instruction:ident;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name(self, other: Self) -> Self {
            Self($instruction(self.0, other.0))
        }
    )*};
}

macro_rules! one {
    ($($name:ident = $instruction:ident;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name(self) -> Self {
            Self($instruction(self.0))
        }
    )*};
}

macro_rules! shift {
    ($($name:ident = $instruction:ident;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name<const BY: u32>(self) -> Self {
            Self($instruction(self.0, BY))
        }
    )*};
}

macro_rules! shuffle {
    ($($name:ident = $($lane:literal)*;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name(self, other: Self) -> Self {
            Self(i8x16_shuffle::<$($lane),*>(self.0, other.0))
        }
    )*};
}

impl V {
    #[inline(always)]
    #[allow(unsafe_code, reason = "plain bits to plain bits of the same size")]
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        // SAFETY: both types are 16 bytes and any bits are a value of either.
        Self(unsafe { core::mem::transmute::<[u8; 16], v128>(bytes) })
    }

    #[inline(always)]
    #[allow(unsafe_code, reason = "plain bits to plain bits of the same size")]
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        // SAFETY: both types are 16 bytes and any bits are a value of either.
        unsafe { core::mem::transmute::<v128, [u8; 16]>(self.0) }
    }

    #[inline(always)]
    pub(crate) fn splat_u8(value: u8) -> Self {
        Self(u8x16_splat(value))
    }

    #[inline(always)]
    pub(crate) fn splat_i16(value: i16) -> Self {
        Self(i16x8_splat(value))
    }

    #[inline(always)]
    pub(crate) fn splat_i32(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    two! {
        and = v128_and;
        or = v128_or;
        xor = v128_xor;
        and_not = v128_andnot;
        add_sat_u8 = u8x16_add_sat;
        sub_sat_u8 = u8x16_sub_sat;
        add_sat_i8 = i8x16_add_sat;
        sub_sat_i8 = i8x16_sub_sat;
        eq_u8 = i8x16_eq;
        add_i16 = i16x8_add;
        sub_i16 = i16x8_sub;
        mul_i16 = i16x8_mul;
        min_i16 = i16x8_min;
        q15_i16 = i16x8_q15mulr_sat;
        add_sat_u16 = u16x8_add_sat;
        sub_sat_u16 = u16x8_sub_sat;
        narrow_i16_to_u8 = u8x16_narrow_i16x8;
        narrow_i16_to_i8 = i8x16_narrow_i16x8;
        narrow_i32_to_i16 = i16x8_narrow_i32x4;
        dot_i16 = i32x4_dot_i16x8;
        add_i32 = i32x4_add;
        sub_i32 = i32x4_sub;
        mul_i32 = i32x4_mul;
    }

    one! {
        widen_low_u8 = u16x8_extend_low_u8x16;
        widen_high_u8 = u16x8_extend_high_u8x16;
        widen_low_i8 = i16x8_extend_low_i8x16;
        widen_high_i8 = i16x8_extend_high_i8x16;
        widen_low_i16 = i32x4_extend_low_i16x8;
        widen_high_i16 = i32x4_extend_high_i16x8;
        pair_sums_u8 = u16x8_extadd_pairwise_u8x16;
    }

    shift! {
        shr_i8 = i8x16_shr;
        shr_u8 = u8x16_shr;
        shl_i16 = i16x8_shl;
        shr_i16 = i16x8_shr;
        shr_u16 = u16x8_shr;
        shr_i32 = i32x4_shr;
    }

    shuffle! {
        interleave_low_u8 = 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23;
        interleave_high_u8 = 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31;
        interleave_low_u16 = 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23;
        interleave_high_u16 = 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31;
        interleave_low_u32 = 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23;
        interleave_high_u32 = 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31;
        interleave_low_u64 = 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23;
        interleave_high_u64 = 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31;
    }

    /// The high half of the product, unsigned.
    #[inline(always)]
    pub(crate) fn mulhi_u16(self, other: Self) -> Self {
        let low = u32x4_extmul_low_u16x8(self.0, other.0);
        let high = u32x4_extmul_high_u16x8(self.0, other.0);
        Self(i8x16_shuffle::<
            2,
            3,
            6,
            7,
            10,
            11,
            14,
            15,
            18,
            19,
            22,
            23,
            26,
            27,
            30,
            31,
        >(low, high))
    }

    /// Sixteen pixels of three channels.
    #[inline(always)]
    pub(crate) fn interleave_3(a: Self, b: Self, c: Self) -> [Self; 3] {
        let ab0 = i8x16_shuffle::<0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5>(a.0, b.0);
        let ab1 = i8x16_shuffle::<21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26>(a.0, b.0);
        let ab2 =
            i8x16_shuffle::<0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0>(a.0, b.0);
        [
            i8x16_shuffle::<0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15>(ab0, c.0),
            i8x16_shuffle::<0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15>(ab1, c.0),
            i8x16_shuffle::<26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31>(ab2, c.0),
        ]
        .map(Self)
    }
}
