//! From the planes of AV1 to RGB: ITU-T H.273, section 8.3, in fixed point.

use lockgate_av1::{Layout, Picture, Plane};

/// Sixteen bits behind the point.
const ONE: i64 = 1 << 16;

/// What the samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codes {
    /// H.273, table 4.
    pub(super) matrix: u16,
    /// Values reach from 0 to the largest.
    pub(super) full_range: bool,
}

/// How YCbCr becomes RGB: what Cr adds to red, Cb and Cr to green, Cb to blue.
struct Weights {
    red: i64,
    green: (i64, i64),
    blue: i64,
}

impl Weights {
    /// Of the matrix with the luma shares `red` and `blue`, in ten-thousandths.
    fn new(red: i64, blue: i64) -> Self {
        let green = 10_000 - red - blue;
        let twice = |share: i64| 2 * (10_000 - share);
        Self {
            red: twice(red) * ONE / 10_000,
            green: (
                -twice(blue) * blue * ONE / 10_000 / green,
                -twice(red) * red * ONE / 10_000 / green,
            ),
            blue: twice(blue) * ONE / 10_000,
        }
    }
}

/// Row `y` of `picture`, upsampled: luma and both colours, eight bits of RGB.
pub(super) struct Rows<'a> {
    picture: &'a Picture,
    codes: Codes,
    weights: Weights,
    /// Rows of colour at the width of the picture.
    across: [Vec<i64>; 2],
}

impl<'a> Rows<'a> {
    pub(super) fn new(picture: &'a Picture, codes: Codes) -> Self {
        let weights = match codes.matrix {
            1 => Weights::new(2126, 722),
            4 => Weights::new(3000, 1100),
            7 => Weights::new(2120, 870),
            9 | 10 => Weights::new(2627, 593),
            // BT.601, and what is unspecified.
            _ => Weights::new(2990, 1140),
        };
        Self {
            picture,
            codes,
            weights,
            across: [Vec::new(), Vec::new()],
        }
    }

    /// Put row `y` into `row`, three bytes a pixel.
    pub(super) fn rgb(&mut self, y: usize, row: &mut Vec<u8>) {
        row.clear();
        let [luma, colours @ ..] = self.picture.planes.as_slice() else {
            return;
        };
        let width = self.picture.width as usize;
        for (into, plane) in self.across.iter_mut().zip(colours) {
            upsample(plane, self.picture.layout, (width, y), into);
        }
        let [cb, cr] = &self.across;
        for ((luma, cb), cr) in line(luma, y).iter().zip(cb).zip(cr) {
            row.extend(self.pixel(i64::from(*luma), *cb, *cr));
        }
    }

    /// Put row `y` of a picture without colours into `row`.
    pub(super) fn grey(&self, y: usize, row: &mut Vec<u8>) {
        row.clear();
        if let Some(luma) = self.picture.planes.first() {
            let light = |sample: &u16| byte(self.light(i64::from(*sample)));
            row.extend(line(luma, y).iter().map(light));
        }
    }

    /// Luma of 0 to 255, with [`ONE`].
    fn light(&self, sample: i64) -> i64 {
        let bits = self.picture.bits - 8;
        if self.codes.full_range {
            sample * 255 * ONE / ((256 << bits) - 1)
        } else {
            (sample - (16 << bits)) * 255 * ONE / (219 << bits)
        }
    }

    /// Colour of -128 to 127, with [`ONE`], from a sample with four bits behind the point.
    fn tint(&self, sample: i64) -> i64 {
        let bits = self.picture.bits - 8;
        let range = if self.codes.full_range {
            (256 << bits) - 1
        } else {
            224 << bits
        };
        (sample - (2048 << bits)) * 255 * (ONE / 16) / range
    }

    fn pixel(&self, luma: i64, cb: i64, cr: i64) -> [u8; 3] {
        if self.codes.matrix == 0 {
            // Green, blue and red as they are: with the range of luma.
            return [cr / 16, luma, cb / 16].map(|sample| byte(self.light(sample)));
        }
        let light = self.light(luma);
        let (cb, cr) = (self.tint(cb), self.tint(cr));
        let Weights { red, green, blue } = &self.weights;
        [
            byte(light + ((red * cr) >> 16)),
            byte(light + ((green.0 * cb + green.1 * cr) >> 16)),
            byte(light + ((blue * cb) >> 16)),
        ]
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(fixed: i64) -> u8 {
    ((fixed + ONE / 2) >> 16).clamp(0, 255) as u8
}

fn line(plane: &Plane, y: usize) -> &[u16] {
    let width = plane.width as usize;
    let start = y.min(plane.height.saturating_sub(1) as usize) * width;
    plane.samples.get(start..start + width).unwrap_or_default()
}

/// Row `at.1` of a plane of colour at `at.0` pixels, with four bits behind the point. Halved axes
/// are interpolated; samples lie in the middle of the pixels that they are for.
fn upsample(plane: &Plane, layout: Layout, (width, y): (usize, usize), into: &mut Vec<i64>) {
    into.clear();
    let (near, far) = if layout == Layout::Quarter {
        let near = y / 2;
        let far = if y % 2 == 0 {
            near.saturating_sub(1)
        } else {
            near + 1
        };
        (line(plane, near), line(plane, far))
    } else {
        (line(plane, y), line(plane, y))
    };
    let down = |x: usize| {
        let x = x.min(near.len().saturating_sub(1));
        let sample = |row: &[u16]| row.get(x).copied().map_or(0, i64::from);
        3 * sample(near) + sample(far)
    };
    if layout == Layout::Full {
        into.extend((0..width).map(|x| 4 * down(x)));
        return;
    }
    into.extend((0..width).map(|x| {
        let near = x / 2;
        let far = if x % 2 == 0 {
            near.saturating_sub(1)
        } else {
            near + 1
        };
        3 * down(near) + down(far)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(layout: Layout, bits: u8, planes: [&[u16]; 3], sides: (u32, u32)) -> Picture {
        let chroma = match layout {
            Layout::Quarter => (sides.0.div_ceil(2), sides.1.div_ceil(2)),
            Layout::Half => (sides.0.div_ceil(2), sides.1),
            _ => sides,
        };
        let plane = |(width, height): (u32, u32), samples: &[u16]| Plane {
            width,
            height,
            samples: samples.to_vec(),
        };
        Picture {
            width: sides.0,
            height: sides.1,
            layout,
            bits,
            full_range: true,
            matrix: 6,
            primaries: 1,
            transfer: 13,
            planes: vec![
                plane(sides, planes[0]),
                plane(chroma, planes[1]),
                plane(chroma, planes[2]),
            ],
        }
    }

    fn row(picture: &Picture, matrix: u16, full_range: bool, y: usize) -> Vec<u8> {
        let mut row = Vec::new();
        Rows::new(picture, Codes { matrix, full_range }).rgb(y, &mut row);
        row
    }

    #[test]
    fn the_matrices_are_those_of_h_273() {
        // Red in BT.601, full range: 76, 85, 255.
        let red = picture(Layout::Full, 8, [&[76], &[85], &[255]], (1, 1));
        assert_eq!(row(&red, 6, true, 0), [254, 0, 0]);
        // White and black of television, 10 bits.
        let tv = picture(Layout::Full, 10, [&[940, 64], &[512; 2], &[512; 2]], (2, 1));
        assert_eq!(row(&tv, 1, false, 0), [255, 255, 255, 0, 0, 0]);
        // Identity: green, blue, red.
        let gbr = picture(Layout::Full, 8, [&[10], &[20], &[30]], (1, 1));
        assert_eq!(row(&gbr, 0, true, 0), [30, 10, 20]);
    }

    #[test]
    fn colours_between_samples_are_interpolated() {
        let grey = [128; 16];
        let ramp = picture(
            Layout::Quarter,
            8,
            [&grey, &[128, 168, 128, 168], &[128; 4]],
            (4, 4),
        );
        // Blue rises from left to right by 1.772 for each step of Cb: at 0, 1/4, 3/4 and all of 40.
        let blues: Vec<u8> = row(&ramp, 6, true, 1).chunks(3).map(|p| p[2]).collect();
        assert_eq!(blues, [128, 146, 181, 199]);
    }
}
