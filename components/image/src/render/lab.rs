//! sRGB through CIE Lab (D65) and back, with lightness and chroma made larger or smaller.
//! Plain multiplications and tables, so the same on every machine.

use crate::light::{Curve, Light};

/// Parts of the table of cube roots.
const ROOTS: usize = 4096;

/// White of sRGB (IEC 61966-2-1).
const WHITE: [f32; 3] = [0.950_47, 1.0, 1.088_83];

/// Tables, and the two factors.
pub(super) struct Lab {
    light: Light,
    roots: Vec<f32>,
    lightness: f32,
    chroma: f32,
}

impl Lab {
    /// Lightness times `lightness`, chroma times `chroma`.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "small whole numbers; a table of single precision"
    )]
    pub(super) fn new(lightness: f32, chroma: f32) -> Self {
        // One part more, so that every part has an end.
        let root = |part: usize| curve(part as f64 / ROOTS as f64) as f32;
        Self {
            light: Light::new(Curve::Srgb),
            roots: (0..=ROOTS + 1).map(root).collect(),
            lightness,
            chroma,
        }
    }

    /// A pixel, made lighter and more colourful by the factors.
    pub(super) fn modulated(&self, rgb: [u8; 3]) -> [u8; 3] {
        let [r, g, b] = rgb.map(|byte| f32::from(self.light.amount(byte)) / 65_535.0);
        let x = (0.412_4 * r + 0.357_6 * g + 0.180_5 * b) / WHITE[0];
        let y = 0.212_6 * r + 0.715_2 * g + 0.072_2 * b;
        let z = (0.019_3 * r + 0.119_2 * g + 0.950_5 * b) / WHITE[2];
        let [fx, fy, fz] = [x, y, z].map(|value| self.root(value));

        let lightness = (116.0 * fy - 16.0) * self.lightness;
        let (a, b) = ((fx - fy) * self.chroma, (fy - fz) * self.chroma);
        let fy = (lightness + 16.0) / 116.0;
        let [x, y, z] = [fy + a, fy, fy - b].map(cube);
        let (x, z) = (x * WHITE[0], z * WHITE[2]);

        // IEC 61966-2-1, the inverse of the matrix above.
        let r = 3.240_6 * x - 1.537_2 * y - 0.498_6 * z;
        let g = -0.968_9 * x + 1.875_8 * y + 0.041_5 * z;
        let b = 0.055_7 * x - 0.204 * y + 1.057 * z;
        [r, g, b].map(|light| self.byte(light))
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in the table"
    )]
    fn root(&self, value: f32) -> f32 {
        let at = value.clamp(0.0, 1.0) * ROOTS as f32;
        let part = at as usize;
        let rest = at - part as f32;
        match self.roots.get(part..part + 2) {
            Some([from, to]) => from + (to - from) * rest,
            _ => 1.0,
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 16 bits"
    )]
    fn byte(&self, light: f32) -> u8 {
        self.light
            .byte((light.clamp(0.0, 1.0) * 65_535.0 + 0.5) as u16)
    }
}

/// The function of CIE 15, 8.2.1: a cube root with a straight foot.
fn curve(value: f64) -> f64 {
    if value > 216.0 / 24_389.0 {
        libm::cbrt(value)
    } else {
        (value * 24_389.0 / 27.0 + 16.0) / 116.0
    }
}

/// Its inverse.
fn cube(value: f32) -> f32 {
    if value > 6.0 / 29.0 {
        value * value * value
    } else {
        (value * 116.0 - 16.0) * (27.0 / 24_389.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_of_one_change_nothing() {
        let lab = Lab::new(1.0, 1.0);
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(51) {
                    let made = lab.modulated([red, green, blue]);
                    for (a, b) in [red, green, blue].into_iter().zip(made) {
                        assert!(a.abs_diff(b) <= 1, "{red} {green} {blue}: {made:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_chroma_is_grey_and_no_lightness_black() {
        let [r, g, b] = Lab::new(1.0, 0.0).modulated([200, 40, 90]);
        assert!(r.abs_diff(g) <= 1 && g.abs_diff(b) <= 1);
        assert_eq!(Lab::new(0.0, 0.0).modulated([200, 40, 90]), [0; 3]);
        assert_eq!(Lab::new(10.0, 1.0).modulated([128; 3]), [255; 3]);
    }
}
