//! Decoded samples, each component at its own resolution, and pixels made of them.

use crate::upsample::Upsampler;

/// What the components of a file mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Luminance.
    Grey,
    /// Full-range BT.601, as in JFIF.
    YCbCr,
    /// Red, green, blue.
    Rgb,
    /// Inks. `inverted`: 255 is no ink, as Adobe writes them.
    Cmyk {
        /// 255 is no ink.
        inverted: bool,
    },
    /// Inks of which the first three are converted like RGB to YCbCr.
    Ycck {
        /// 255 is no ink.
        inverted: bool,
    },
    /// Two components, of which nothing is known.
    Other,
}

/// The samples of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Samples of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// From one row to the next; the samples between are of no meaning.
    pub stride: usize,
    /// The rows, and more than `height` of them.
    pub samples: Vec<u8>,
    /// Its resolution by that of the picture, across and down, each as a fraction.
    pub(crate) step: ((usize, usize), (usize, usize)),
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planes {
    /// Width and height, at the scale.
    pub size: (u32, u32),
    /// Width and height of the file.
    pub full_size: (u32, u32),
    /// What the components mean.
    pub colour: Colour,
    /// Whether the file had all of it.
    pub complete: bool,
    /// The components.
    pub planes: Vec<Plane>,
}

impl Plane {
    /// A row; empty behind the last.
    #[must_use]
    pub fn row(&self, y: usize) -> &[u8] {
        self.samples
            .get(y * self.stride..)
            .and_then(|rest| rest.get(..self.width))
            .unwrap_or_default()
    }

    /// How many pixels of the picture a sample is wide and high, where that is a whole number.
    pub(crate) fn factors(&self) -> Option<(usize, usize)> {
        let ((across, across_of), (down, down_of)) = self.step;
        (across_of.is_multiple_of(across) && down_of.is_multiple_of(down))
            .then(|| (across_of / across, down_of / down))
    }
}

impl Planes {
    /// Pixels: rows from the top, components beside one another, no padding.
    ///
    /// A component of half the resolution is interpolated, three quarters of the nearer sample and
    /// one of the next (libjpeg's "fancy upsampling"); others are repeated.
    #[must_use]
    pub fn interleave(&self) -> Vec<u8> {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let count = self.planes.len();
        let mut pixels = vec![0; width * height * count];
        let mut made: Vec<Upsampler> = self.planes.iter().map(|_| Upsampler::default()).collect();
        for (y, out) in pixels.chunks_exact_mut((width * count).max(1)).enumerate() {
            let mut rows = self
                .planes
                .iter()
                .zip(&mut made)
                .map(|(plane, upsampler)| upsampler.row(plane, y, width));
            if count == 3 {
                if let (Some(a), Some(b), Some(c)) = (rows.next(), rows.next(), rows.next()) {
                    let (out, _) = out.as_chunks_mut::<3>();
                    for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
                        *out = [*a, *b, *c];
                    }
                }
                continue;
            }
            for (at, row) in rows.enumerate() {
                for (to, from) in out.iter_mut().skip(at).step_by(count).zip(row) {
                    *to = *from;
                }
            }
        }
        pixels
    }
}

/// Convert pixels of YCCK to CMYK, both as stored: the first three channels are those of RGB as
/// YCbCr, less 255 (libjpeg's `ycck_cmyk_convert`; full-range BT.601).
pub fn ycck_to_cmyk(pixels: &mut [u8]) {
    let (pixels, _) = pixels.as_chunks_mut::<4>();
    for [y, cb, cr, _] in pixels {
        let light = (i32::from(*y) << 16) + (1 << 15);
        let (blue, red) = (i32::from(*cb) - 128, i32::from(*cr) - 128);
        [*y, *cb, *cr] = [
            light + 91_881 * red,
            light - 22_554 * blue - 46_802 * red,
            light + 116_130 * blue,
        ]
        .map(|light| !clamped(light >> 16));
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn clamped(number: i32) -> u8 {
    number.clamp(0, 255) as u8
}
