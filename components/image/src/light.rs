//! Curves between the bytes of sRGB and amounts of light, in 16 bits. Computed with `libm`, so
//! the same on every machine.

/// How bytes stand for light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Curve {
    /// IEC 61966-2-1.
    Srgb,
    /// A power, as Sharp's `gamma`.
    Power(f64),
}

impl Curve {
    fn light(self, value: f64) -> f64 {
        match self {
            Self::Srgb if value <= 0.040_45 => value / 12.92,
            Self::Srgb => libm::pow((value + 0.055) / 1.055, 2.4),
            Self::Power(exponent) => libm::pow(value, exponent),
        }
    }
}

/// Tables of a curve.
pub(crate) struct Light {
    /// Light of a byte, 0 to 65,535.
    pub(crate) of: Box<[u16; 256]>,
    /// The byte nearest to an amount of light.
    bytes: Vec<u8>,
}

impl Light {
    /// Of `curve`.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 65,535"
    )]
    pub(crate) fn new(curve: Curve) -> Self {
        let amount = |byte: f64| (curve.light(byte / 255.0) * 65_535.0).round().min(65_535.0);
        let mut of = Box::new([0; 256]);
        for (byte, light) in (0_u8..=255).zip(of.iter_mut()) {
            *light = amount(f64::from(byte)) as u16;
        }
        // Each byte ends half-way to the next one.
        let mut bytes = Vec::with_capacity(65_536);
        for byte in 0_u8..255 {
            let end = amount(f64::from(byte) + 0.5) as usize;
            bytes.resize(end.max(bytes.len()), byte);
        }
        bytes.resize(65_536, 255);
        Self { of, bytes }
    }

    /// The byte nearest to `light`.
    pub(crate) fn byte(&self, light: u16) -> u8 {
        self.bytes.get(usize::from(light)).copied().unwrap_or(255)
    }

    /// The light of a byte.
    pub(crate) fn amount(&self, byte: u8) -> u16 {
        self.of.get(usize::from(byte)).copied().unwrap_or(0)
    }

    /// The luminance of an sRGB pixel (IEC 61966-2-1, the row Y), 0 to 65,535.
    #[allow(clippy::cast_possible_truncation, reason = "the weights add up to one")]
    pub(crate) fn luminance(&self, [r, g, b]: [u8; 3]) -> u16 {
        let [r, g, b] = [r, g, b].map(|byte| u32::from(self.amount(byte)));
        // 0.2126, 0.7152, 0.0722 in 15 bits.
        ((r * 6_966 + g * 23_436 + b * 2_366 + (1 << 14)) >> 15) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for curve in [Curve::Srgb, Curve::Power(2.2), Curve::Power(1.0)] {
            let light = Light::new(curve);
            for byte in 0..=255 {
                let lost = matches!(curve, Curve::Power(power) if power > 1.0) && byte < 6;
                assert!(
                    lost || light.byte(light.amount(byte)) == byte,
                    "{curve:?} {byte}"
                );
            }
            assert_eq!((light.amount(0), light.amount(255)), (0, 65_535));
        }
        let light = Light::new(Curve::Srgb);
        assert_eq!(light.luminance([255; 3]), 65_535);
        assert_eq!(light.byte(light.luminance([255, 0, 0])), 127);
    }
}
