//! Three-dimensional vectors, also used as linear RGB colours.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// A point, a direction or a linear colour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct V3 {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) z: f32,
}

/// Shorthand for a vector.
pub(super) const fn v3(x: f32, y: f32, z: f32) -> V3 {
    V3 { x, y, z }
}

impl V3 {
    pub(super) const ZERO: Self = v3(0.0, 0.0, 0.0);
    pub(super) const UP: Self = v3(0.0, 1.0, 0.0);

    /// The same number three times: a grey.
    pub(super) const fn all(n: f32) -> Self {
        v3(n, n, n)
    }

    pub(super) fn dot(self, o: Self) -> f32 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }

    pub(super) fn cross(self, o: Self) -> Self {
        v3(
            self.y * o.z - self.z * o.y,
            self.z * o.x - self.x * o.z,
            self.x * o.y - self.y * o.x,
        )
    }

    pub(super) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    pub(super) fn unit(self) -> Self {
        self * (1.0 / self.length().max(1e-9))
    }

    /// Component by component: colours that filter one another.
    pub(super) fn times(self, o: Self) -> Self {
        v3(self.x * o.x, self.y * o.y, self.z * o.z)
    }

    pub(super) fn map(self, f: impl Fn(f32) -> f32) -> Self {
        v3(f(self.x), f(self.y), f(self.z))
    }

    /// From `self` at 0 to `o` at 1.
    pub(super) fn mix(self, o: Self, t: f32) -> Self {
        self + (o - self) * t
    }

    /// Mirrored at a surface with normal `n`.
    pub(super) fn mirrored(self, n: Self) -> Self {
        self - n * (2.0 * self.dot(n))
    }

    /// Turned about the vertical axis, radians.
    pub(super) fn turned(self, angle: f32) -> Self {
        let (s, c) = angle.sin_cos();
        v3(c * self.x + s * self.z, self.y, c * self.z - s * self.x)
    }

    /// A linear colour from sRGB bytes.
    pub(super) fn from_srgb(rgb: [u8; 3]) -> Self {
        let [r, g, b] = rgb.map(|c| (f32::from(c) / 255.0).powf(2.2));
        v3(r, g, b)
    }
}

impl Add for V3 {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        v3(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}

impl AddAssign for V3 {
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

impl Sub for V3 {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        v3(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}

impl Mul<f32> for V3 {
    type Output = Self;
    fn mul(self, n: f32) -> Self {
        v3(self.x * n, self.y * n, self.z * n)
    }
}

impl Neg for V3 {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
