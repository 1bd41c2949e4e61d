//! A row of MCUs: planes of luminance and chrominance, made of pixels, to whole blocks.

use super::{Channels, Pixels};

/// Samples of one row of MCUs. What is past the picture repeats its last column and row.
pub(super) struct Stripe<'a> {
    pixels: Pixels<'a>,
    /// Rows and columns of an MCU, in pixels: 8 or 16.
    side: usize,
    y: usize,
    /// The planes; those of chrominance are empty for grey.
    planes: [Vec<u8>; 3],
    /// Samples of their rows.
    strides: [usize; 3],
    /// Two rows of each channel, of the picture's width and one more.
    rows: [[Vec<u8>; 2]; 3],
}

impl<'a> Stripe<'a> {
    pub(super) fn new(pixels: &Pixels<'a>, subsampled: bool) -> Self {
        let side = if subsampled { 16 } else { 8 };
        let width = pixels.width.div_ceil(side) * side;
        let chroma = match pixels.channels {
            Channels::Grey => 0,
            _ if subsampled => width / 2,
            _ => width,
        };
        let strides = [width, chroma, chroma];
        Self {
            pixels: *pixels,
            side,
            y: 0,
            planes: [
                vec![0; width * side],
                vec![0; chroma * 8],
                vec![0; chroma * 8],
            ],
            strides,
            rows: std::array::from_fn(|_| std::array::from_fn(|_| vec![0; width])),
        }
    }

    /// Fill it with the next row of MCUs, if there is one.
    pub(super) fn next(&mut self) -> bool {
        if self.y >= self.pixels.height {
            return false;
        }
        for pair in 0..self.side / 2 {
            for row in 0..2 {
                let y = (self.y + 2 * pair + row).min(self.pixels.height - 1);
                self.split(y, row);
            }
            self.place(pair);
        }
        self.y += self.side;
        true
    }

    /// MCUs in it.
    pub(super) fn mcus(&self) -> usize {
        self.strides[0] / self.side
    }

    /// Blocks of luminance along a side of an MCU.
    pub(super) fn luma_blocks(&self) -> usize {
        self.side / 8
    }

    pub(super) fn has_chroma(&self) -> bool {
        self.strides[1] != 0
    }

    /// The block of a plane at column and row of blocks.
    #[inline(always)]
    pub(super) fn block(&self, plane: usize, (x, y): (usize, usize)) -> [[u8; 8]; 8] {
        let mut block = [[0; 8]; 8];
        let (Some(samples), Some(stride)) = (self.planes.get(plane), self.strides.get(plane))
        else {
            return block;
        };
        let from = samples.get(y * 8 * stride + x * 8..).unwrap_or_default();
        for (to, from) in block.iter_mut().zip(from.chunks(*stride)) {
            if let Some(row) = from.first_chunk() {
                *to = *row;
            }
        }
        block
    }

    /// Split row `y` of the picture into channels, as `row` of the two.
    fn split(&mut self, y: usize, row: usize) {
        let width = self.pixels.width;
        let count = self.pixels.channels.count();
        let from = self.pixels.samples.get(y * width * count..);
        let from = from.and_then(|rest| rest.get(..width * count));
        let from = from.unwrap_or_default();
        let [ys, bs, rs] = &mut self.rows;
        let (Some(ys), Some(bs), Some(rs)) = (ys.get_mut(row), bs.get_mut(row), rs.get_mut(row))
        else {
            return;
        };
        let (triples, _) = from.as_chunks::<3>();
        let out = ys.iter_mut().zip(bs.iter_mut()).zip(rs.iter_mut());
        match self.pixels.channels {
            Channels::Grey => {
                if let Some(ys) = ys.get_mut(..width) {
                    ys.copy_from_slice(from);
                }
            }
            Channels::YCbCr => {
                for (((y, b), r), pixel) in out.zip(triples) {
                    [*y, *b, *r] = *pixel;
                }
            }
            Channels::Rgb => {
                for (((y, b), r), pixel) in out.zip(triples) {
                    [*y, *b, *r] = ycbcr(*pixel);
                }
            }
        }
        for row in [ys, bs, rs] {
            let last = row.get(width - 1).copied().unwrap_or_default();
            row.iter_mut().skip(width).for_each(|sample| *sample = last);
        }
    }

    /// Put the two rows into the planes, as rows 2 x `pair` and the next.
    fn place(&mut self, pair: usize) {
        let subsampled = self.side == 16;
        for ((plane, stride), rows) in self.planes.iter_mut().zip(self.strides).zip(&self.rows) {
            let is_halved = stride * 2 == self.strides[0] && subsampled;
            let at = if is_halved { pair } else { 2 * pair } * stride;
            let Some(out) = plane.get_mut(at..) else {
                continue;
            };
            let [upper, lower] = rows;
            if is_halved {
                let (upper, _) = upper.as_chunks::<2>();
                let (lower, _) = lower.as_chunks::<2>();
                let mut bias = 1;
                for ((to, [a, b]), [c, d]) in out.iter_mut().zip(upper).zip(lower) {
                    let sum = u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d);
                    // Alternates, as libjpeg's does, so that it has no direction.
                    *to = mean(sum + bias);
                    bias = 3 - bias;
                }
            } else if stride != 0 {
                for (out, row) in out.chunks_mut(stride).zip(rows) {
                    out.copy_from_slice(row);
                }
            }
        }
    }
}

/// A quarter.
#[allow(clippy::cast_possible_truncation, reason = "a mean of four bytes")]
fn mean(sum: u16) -> u8 {
    (sum >> 2) as u8
}

/// Full-range BT.601 (JFIF 1.02, page 3), in 16-bit fixed point.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "means of bytes, weights that add up to one"
)]
fn ycbcr([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(i32::from);
    let half = 1 << 15;
    let grey = (128 << 16) + half - 1;
    [
        19_595 * r + 38_470 * g + 7_471 * b + half,
        -11_059 * r - 21_709 * g + 32_768 * b + grey,
        32_768 * r - 27_439 * g - 5_329 * b + grey,
    ]
    .map(|fixed| (fixed >> 16) as u8)
}
