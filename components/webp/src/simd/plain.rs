//! [`V`] as sixteen bytes.

/// 128 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct V([u8; 16]);

/// Little-endian lanes.
trait Lanes<const N: usize>: Sized {
    fn split(v: V) -> [Self; N];
    fn join(lanes: [Self; N]) -> V;
}

macro_rules! lanes {
    ($($lane:ty, $count:literal, $bytes:literal;)*) => {$(
        impl Lanes<$count> for $lane {
            #[inline(always)]
            fn split(v: V) -> [Self; $count] {
                let mut lanes = [0; $count];
                let (parts, _) = v.0.as_chunks::<$bytes>();
                for (lane, part) in lanes.iter_mut().zip(parts) {
                    *lane = <$lane>::from_le_bytes(*part);
                }
                lanes
            }

            #[inline(always)]
            fn join(lanes: [Self; $count]) -> V {
                let mut bytes = [0; 16];
                let (parts, _) = bytes.as_chunks_mut::<$bytes>();
                for (lane, part) in lanes.iter().zip(parts) {
                    *part = lane.to_le_bytes();
                }
                V(bytes)
            }
        }
    )*};
}

lanes! {
    u8, 16, 1;
    i8, 16, 1;
    u16, 8, 2;
    i16, 8, 2;
    u32, 4, 4;
    i32, 4, 4;
    u64, 2, 8;
}

#[inline(always)]
fn zip<T: Lanes<N> + Copy, const N: usize>(a: V, b: V, f: impl Fn(T, T) -> T) -> V {
    let mut lanes = T::split(a);
    for (lane, other) in lanes.iter_mut().zip(T::split(b)) {
        *lane = f(*lane, other);
    }
    T::join(lanes)
}

#[inline(always)]
fn each<T: Lanes<N> + Copy, const N: usize>(a: V, f: impl Fn(T) -> T) -> V {
    T::join(T::split(a).map(f))
}

/// Lanes of `a` from `start` on and of `b` in turn.
#[inline(always)]
fn interleave<T: Lanes<N> + Copy + Default, const N: usize>(a: V, b: V, start: usize) -> V {
    let mut lanes = [T::default(); N];
    let pairs = T::split(a).into_iter().zip(T::split(b)).skip(start);
    for (pair, (a, b)) in lanes.chunks_exact_mut(2).zip(pairs) {
        if let [first, second] = pair {
            (*first, *second) = (a, b);
        }
    }
    T::join(lanes)
}

/// Lanes from `start` on in another width.
#[inline(always)]
fn widen<
    T: Lanes<N> + Copy,
    U: Lanes<M> + Copy + Default + From<T>,
    const N: usize,
    const M: usize,
>(
    a: V,
    start: usize,
) -> V {
    let mut lanes = [U::default(); M];
    for (lane, from) in lanes.iter_mut().zip(T::split(a).into_iter().skip(start)) {
        *lane = U::from(from);
    }
    U::join(lanes)
}

macro_rules! two {
    ($($name:ident, $lane:ty, $f:expr;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name(self, other: Self) -> Self {
            zip::<$lane, _>(self, other, $f)
        }
    )*};
}

macro_rules! shift {
    ($($name:ident, $lane:ty, $operator:tt;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name<const BY: u32>(self) -> Self {
            each::<$lane, _>(self, |a| a $operator BY)
        }
    )*};
}

macro_rules! interleave {
    ($($low:ident, $high:ident, $lane:ty, $half:literal;)*) => {$(
        #[inline(always)]
        pub(crate) fn $low(self, other: Self) -> Self {
            interleave::<$lane, _>(self, other, 0)
        }

        #[inline(always)]
        pub(crate) fn $high(self, other: Self) -> Self {
            interleave::<$lane, _>(self, other, $half)
        }
    )*};
}

macro_rules! widen {
    ($($low:ident, $high:ident, $from:ty, $to:ty, $half:literal;)*) => {$(
        #[inline(always)]
        pub(crate) fn $low(self) -> Self {
            widen::<$from, $to, _, _>(self, 0)
        }

        #[inline(always)]
        pub(crate) fn $high(self) -> Self {
            widen::<$from, $to, _, _>(self, $half)
        }
    )*};
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "narrowing operations: clamped, or a half that fits"
)]
impl V {
    #[inline(always)]
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    #[inline(always)]
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    #[inline(always)]
    pub(crate) fn splat_u8(value: u8) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    pub(crate) fn splat_i16(value: i16) -> Self {
        i16::join([value; 8])
    }

    #[inline(always)]
    pub(crate) fn splat_i32(value: i32) -> Self {
        i32::join([value; 4])
    }

    two! {
        and, u64, |a, b| a & b;
        or, u64, |a, b| a | b;
        xor, u64, |a, b| a ^ b;
        and_not, u64, |a, b| a & !b;
        add_sat_u8, u8, u8::saturating_add;
        sub_sat_u8, u8, u8::saturating_sub;
        add_sat_i8, i8, i8::saturating_add;
        sub_sat_i8, i8, i8::saturating_sub;
        eq_u8, u8, |a, b| if a == b { 255 } else { 0 };
        add_i16, i16, i16::wrapping_add;
        sub_i16, i16, i16::wrapping_sub;
        mul_i16, i16, i16::wrapping_mul;
        min_i16, i16, |a, b| a.min(b);
        q15_i16, i16, |a, b| ((i32::from(a) * i32::from(b) + 0x4000) >> 15).min(32_767) as i16;
        mulhi_u16, u16, |a, b| ((u32::from(a) * u32::from(b)) >> 16) as u16;
        add_sat_u16, u16, u16::saturating_add;
        sub_sat_u16, u16, u16::saturating_sub;
        add_i32, i32, i32::wrapping_add;
        sub_i32, i32, i32::wrapping_sub;
        mul_i32, i32, i32::wrapping_mul;
    }

    shift! {
        shr_i8, i8, >>;
        shr_u8, u8, >>;
        shl_i16, i16, <<;
        shr_i16, i16, >>;
        shr_u16, u16, >>;
        shr_i32, i32, >>;
    }

    interleave! {
        interleave_low_u8, interleave_high_u8, u8, 8;
        interleave_low_u16, interleave_high_u16, u16, 4;
        interleave_low_u32, interleave_high_u32, u32, 2;
        interleave_low_u64, interleave_high_u64, u64, 1;
    }

    widen! {
        widen_low_u8, widen_high_u8, u8, u16, 8;
        widen_low_i8, widen_high_i8, i8, i16, 8;
        widen_low_i16, widen_high_i16, i16, i32, 4;
    }

    /// Sums of neighbours.
    #[inline(always)]
    pub(crate) fn pair_sums_u8(self) -> Self {
        let mut sums = [0; 8];
        let (pairs, _) = self.0.as_chunks::<2>();
        for (sum, [a, b]) in sums.iter_mut().zip(pairs) {
            *sum = u16::from(*a) + u16::from(*b);
        }
        u16::join(sums)
    }

    /// Products, neighbours added.
    #[inline(always)]
    pub(crate) fn dot_i16(self, other: Self) -> Self {
        let (a, b) = (i16::split(self), i16::split(other));
        let mut sums = [0; 4];
        let ((a, _), (b, _)) = (a.as_chunks::<2>(), b.as_chunks::<2>());
        for (sum, ([a0, a1], [b0, b1])) in sums.iter_mut().zip(a.iter().zip(b)) {
            let (first, second) = (
                i32::from(*a0) * i32::from(*b0),
                i32::from(*a1) * i32::from(*b1),
            );
            *sum = first.wrapping_add(second);
        }
        i32::join(sums)
    }

    #[inline(always)]
    fn narrow<T: Lanes<N> + Copy, U: Lanes<M> + Copy + Default, const N: usize, const M: usize>(
        self,
        other: Self,
        f: impl Fn(T) -> U,
    ) -> Self {
        let mut lanes = [U::default(); M];
        let both = T::split(self).into_iter().chain(T::split(other));
        for (lane, from) in lanes.iter_mut().zip(both) {
            *lane = f(from);
        }
        U::join(lanes)
    }

    #[inline(always)]
    pub(crate) fn narrow_i16_to_u8(self, other: Self) -> Self {
        self.narrow::<i16, u8, _, _>(other, |a| a.clamp(0, 255) as u8)
    }

    #[inline(always)]
    pub(crate) fn narrow_i16_to_i8(self, other: Self) -> Self {
        self.narrow::<i16, i8, _, _>(other, |a| a.clamp(-128, 127) as i8)
    }

    #[inline(always)]
    pub(crate) fn narrow_i32_to_i16(self, other: Self) -> Self {
        self.narrow::<i32, i16, _, _>(other, |a| a.clamp(-32_768, 32_767) as i16)
    }

    /// Sixteen pixels of three channels.
    #[inline(always)]
    pub(crate) fn interleave_3(a: Self, b: Self, c: Self) -> [Self; 3] {
        let mut bytes = [[0; 16]; 3];
        let (pixels, _) = bytes.as_flattened_mut().as_chunks_mut::<3>();
        for (pixel, ((a, b), c)) in pixels.iter_mut().zip(a.0.into_iter().zip(b.0).zip(c.0)) {
            *pixel = [a, b, c];
        }
        bytes.map(Self)
    }
}
