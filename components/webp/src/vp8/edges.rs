//! The arithmetic of the loop filters (RFC 6386, section 15) on sixteen places of an edge at once.
//!
//! Pixels are named from the edge outwards: `p0` to `p3` before it, `q0` to `q3` behind it.

use super::header::Strength;
use crate::simd::V;

/// Limits in every lane.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    edge: V,
    interior: V,
    hev: V,
}

impl Limits {
    /// Of edges between macroblocks.
    pub(crate) fn outer(strength: Strength) -> Self {
        Self::new(strength.limit.saturating_add(4), strength)
    }

    /// Of edges within one.
    pub(crate) fn inner(strength: Strength) -> Self {
        Self::new(strength.limit, strength)
    }

    fn new(edge: u8, strength: Strength) -> Self {
        Self {
            edge: V::splat_u8(edge),
            interior: V::splat_u8(strength.interior),
            hev: V::splat_u8(strength.hev),
        }
    }

    /// Where `2 |p0 - q0| + |p1 - q1| / 2` is within the edge limit, section 15.2.
    #[inline(always)]
    fn smooth_edge(&self, [p1, p0, q0, q1]: [V; 4]) -> V {
        let far = p1.abs_diff_u8(q1).shr_u8::<1>();
        let near = p0.abs_diff_u8(q0);
        within(near.add_sat_u8(near).add_sat_u8(far), self.edge)
    }

    /// Where the filter works at all, section 15.3.
    #[inline(always)]
    fn smooth(&self, [p3, p2, p1, p0, q0, q1, q2, q3]: [V; 8]) -> V {
        let mut most = V::zero();
        for (a, b) in [(p3, p2), (p2, p1), (p1, p0), (q1, q0), (q2, q1), (q3, q2)] {
            most = max_u8(most, a.abs_diff_u8(b));
        }
        within(most, self.interior).and(self.smooth_edge([p1, p0, q0, q1]))
    }

    /// Where the variance beside the edge is high.
    #[inline(always)]
    fn high_variance(&self, [p1, p0, q0, q1]: [V; 4]) -> V {
        let most = max_u8(p1.abs_diff_u8(p0), q1.abs_diff_u8(q0));
        within(most, self.hev).xor(V::splat_u8(255))
    }
}

/// `a <= b`.
#[inline(always)]
fn within(a: V, b: V) -> V {
    a.sub_sat_u8(b).eq_u8(V::zero())
}

#[inline(always)]
fn max_u8(a: V, b: V) -> V {
    a.sub_sat_u8(b).add_sat_u8(b)
}

/// Between bytes and signed numbers about the middle.
#[inline(always)]
fn flip(v: V) -> V {
    v.xor(V::splat_u8(0x80))
}

/// `clamp(clamp(p1 - q1) + 3 (q0 - p0))`; the outer taps only where `outer` says.
#[inline(always)]
fn difference([p1, p0, q0, q1]: [V; 4], outer: V) -> V {
    let step = q0.sub_sat_i8(p0);
    p1.sub_sat_i8(q1)
        .and(outer)
        .add_sat_i8(step)
        .add_sat_i8(step)
        .add_sat_i8(step)
}

/// What is added to `p0` and taken from `q0`.
#[inline(always)]
fn both_sides(by: V) -> (V, V) {
    (
        by.add_sat_i8(V::splat_u8(3)).shr_i8::<3>(),
        by.add_sat_i8(V::splat_u8(4)).shr_i8::<3>(),
    )
}

/// The simple filter, section 15.2: `p1 p0 q0 q1`.
#[inline(always)]
pub(crate) fn simple(edge: [V; 4], limits: &Limits) -> [V; 4] {
    let mask = limits.smooth_edge(edge);
    let [p1, p0, q0, q1] = edge.map(flip);
    let by = difference([p1, p0, q0, q1], V::splat_u8(255)).and(mask);
    let (add, sub) = both_sides(by);
    [p1, p0.add_sat_i8(add), q0.sub_sat_i8(sub), q1].map(flip)
}

/// The normal filter between macroblocks, section 15.3: `p3 ... q3`.
#[inline(always)]
pub(crate) fn outer(edge: [V; 8], limits: &Limits) -> [V; 8] {
    let mask = limits.smooth(edge);
    let [p3, p2, p1, p0, q0, q1, q2, q3] = edge;
    let high = limits.high_variance([p1, p0, q0, q1]);
    let [p2, p1, p0, q0, q1, q2] = [p2, p1, p0, q0, q1, q2].map(flip);
    let by = difference([p1, p0, q0, q1], V::splat_u8(255)).and(mask);

    let (add, sub) = both_sides(by.and(high));
    let (p0, q0) = (p0.add_sat_i8(add), q0.sub_sat_i8(sub));

    let by = by.and_not(high);
    let (low, high) = (by.widen_low_i8(), by.widen_high_i8());
    let nine = V::splat_i16(9);
    let (low, high) = (low.mul_i16(nine), high.mul_i16(nine));
    let half = V::splat_i16(63);
    let (low_1, high_1) = (low.add_i16(half), high.add_i16(half));
    let (low_2, high_2) = (low_1.add_i16(low), high_1.add_i16(high));
    let (low_3, high_3) = (low_2.add_i16(low), high_2.add_i16(high));
    let narrow = |low: V, high: V| low.shr_i16::<7>().narrow_i16_to_i8(high.shr_i16::<7>());
    let by_2 = narrow(low_1, high_1);
    let by_1 = narrow(low_2, high_2);
    let by_0 = narrow(low_3, high_3);
    let [p2, p1, p0] = [
        p2.add_sat_i8(by_2),
        p1.add_sat_i8(by_1),
        p0.add_sat_i8(by_0),
    ]
    .map(flip);
    let [q0, q1, q2] = [
        q0.sub_sat_i8(by_0),
        q1.sub_sat_i8(by_1),
        q2.sub_sat_i8(by_2),
    ]
    .map(flip);
    [p3, p2, p1, p0, q0, q1, q2, q3]
}

/// The normal filter within a macroblock, section 15.3: `p3 ... q3`.
#[inline(always)]
pub(crate) fn inner(edge: [V; 8], limits: &Limits) -> [V; 8] {
    let mask = limits.smooth(edge);
    let [p3, p2, p1, p0, q0, q1, q2, q3] = edge;
    let high = limits.high_variance([p1, p0, q0, q1]);
    let [p1, p0, q0, q1] = [p1, p0, q0, q1].map(flip);
    let by = difference([p1, p0, q0, q1], high).and(mask);
    let (add, sub) = both_sides(by);
    let outer = sub.add_sat_i8(V::splat_u8(1)).shr_i8::<1>().and_not(high);
    let [p1, p0] = [p1.add_sat_i8(outer), p0.add_sat_i8(add)].map(flip);
    let [q0, q1] = [q0.sub_sat_i8(sub), q1.sub_sat_i8(outer)].map(flip);
    [p3, p2, p1, p0, q0, q1, q2, q3]
}
