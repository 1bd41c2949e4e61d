//! Signed distances to simple bodies, and how to join and cut them. Negative is inside.

use super::vector::{V3, v3};

pub(super) fn length2(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// Distance from the vertical axis.
pub(super) fn radius(p: V3) -> f32 {
    length2(p.x, p.z)
}

pub(super) fn sphere(p: V3, radius: f32) -> f32 {
    p.length() - radius
}

/// A flat rectangle of half sizes `w`, `h` with rounded corners.
pub(super) fn rect(x: f32, y: f32, w: f32, h: f32, round: f32) -> f32 {
    let (dx, dy) = (x.abs() - w + round, y.abs() - h + round);
    dx.max(dy).min(0.0) + length2(dx.max(0.0), dy.max(0.0)) - round
}

/// An upright cylinder from `low` to `high` with rounded edges.
pub(super) fn cylinder(p: V3, r: f32, low: f32, high: f32, round: f32) -> f32 {
    rect(
        radius(p),
        p.y - 0.5 * (low + high),
        r,
        0.5 * (high - low),
        round,
    )
}

/// An upright truncated cone: radius `r1` at `low`, `r2` at `high`, edges rounded.
pub(super) fn cone(p: V3, r1: f32, r2: f32, low: f32, high: f32, round: f32) -> f32 {
    let h = 0.5 * (high - low) - round;
    let (r1, r2) = (r1 - round, r2 - round);
    let (x, y) = (radius(p), p.y - 0.5 * (low + high));
    let (k1x, k1y, k2x, k2y) = (r2, h, r2 - r1, 2.0 * h);
    let edge = if y < 0.0 { r1 } else { r2 };
    let (cax, cay) = (x - x.min(edge), y.abs() - h);
    let t = (((k1x - x) * k2x + (k1y - y) * k2y) / (k2x * k2x + k2y * k2y)).clamp(0.0, 1.0);
    let (cbx, cby) = (x - k1x + k2x * t, y - k1y + k2y * t);
    let sign = if cbx < 0.0 && cay < 0.0 { -1.0 } else { 1.0 };
    sign * (cax * cax + cay * cay).min(cbx * cbx + cby * cby).sqrt() - round
}

/// A box of half sizes `half` with rounded edges.
pub(super) fn block(p: V3, half: V3, round: f32) -> f32 {
    let q = v3(p.x.abs(), p.y.abs(), p.z.abs()) - half + V3::all(round);
    let outside = q.map(|c| c.max(0.0)).length();
    outside + q.x.max(q.y).max(q.z).min(0.0) - round
}

/// A rod from `a` to `b`, radius `ra` at one end and `rb` at the other.
pub(super) fn rod(p: V3, a: V3, b: V3, ra: f32, rb: f32) -> f32 {
    let (pa, ba) = (p - a, b - a);
    let t = (pa.dot(ba) / ba.dot(ba)).clamp(0.0, 1.0);
    (pa - ba * t).length() - (ra + (rb - ra) * t)
}

/// A ring about the z axis.
pub(super) fn ring_z(p: V3, big: f32, small: f32) -> f32 {
    length2(length2(p.x, p.y) - big, p.z) - small
}

/// A ring about the vertical axis.
pub(super) fn ring_y(p: V3, big: f32, small: f32) -> f32 {
    length2(radius(p) - big, p.y) - small
}

/// Both, joined with a fillet of size `k`.
pub(super) fn join(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// What is in both, the edge rounded by `k`. `common(a, -b, k)` cuts `b` out of `a`.
pub(super) fn common(a: f32, b: f32, k: f32) -> f32 {
    -join(-a, -b, k)
}

/// The nearest of several parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearest {
    pub(super) distance: f32,
    pub(super) part: u8,
}

impl Nearest {
    pub(super) fn new(distance: f32, part: u8) -> Self {
        Self { distance, part }
    }

    pub(super) fn or(self, distance: f32, part: u8) -> Self {
        if distance < self.distance {
            Self { distance, part }
        } else {
            self
        }
    }
}
