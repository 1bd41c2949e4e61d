//! Reduction by a whole factor while rows arrive: each output pixel is the mean of a square.
//!
//! Colours are weighted with their alpha, so that what lies hidden under transparent pixels
//! does not bleed into the edge.

use crate::{Bucket, Model};

/// Takes rows from the top and keeps their reduced form.
pub(crate) struct Shrink {
    model: Model,
    divisor: usize,
    /// For each output pixel of the current row: the sums of its channels, then their weight.
    sums: Vec<Sum>,
    rows_summed: usize,
    pixels: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    /// Colours times weight; 64 x 255 x 255 is well within a u32.
    channels: [u32; 4],
    weight: u32,
    count: u32,
}

impl Shrink {
    /// For pictures of `size` pixels of `model`.
    pub(crate) fn new(size: (u32, u32), model: Model, bucket: Bucket) -> Self {
        let (width, height) = bucket.scaled(size);
        let (width, height) = (width as usize, height as usize);
        let divisor = bucket.divisor() as usize;
        Self {
            model,
            divisor,
            sums: vec![Sum::default(); if divisor == 1 { 0 } else { width }],
            rows_summed: 0,
            pixels: Vec::with_capacity(width * height * model.channels()),
        }
    }

    /// The next row of the source.
    pub(crate) fn push_row(&mut self, row: &[u8]) {
        if self.divisor == 1 {
            self.pixels.extend_from_slice(row);
            return;
        }
        match self.model {
            Model::Grey => self.sum::<1, false>(row),
            Model::GreyAlpha => self.sum::<2, true>(row),
            Model::Rgb | Model::YCbCr => self.sum::<3, false>(row),
            Model::Rgba => self.sum::<4, true>(row),
            Model::Cmyk => self.sum::<4, false>(row),
        }
        self.rows_summed += 1;
        if self.rows_summed == self.divisor {
            self.emit();
        }
    }

    /// The reduced pixels.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.rows_summed > 0 {
            self.emit();
        }
        self.pixels
    }

    fn sum<const CHANNELS: usize, const ALPHA: bool>(&mut self, row: &[u8]) {
        for (sum, square) in self
            .sums
            .iter_mut()
            .zip(row.chunks(CHANNELS * self.divisor))
        {
            let (pixels, _) = square.as_chunks::<CHANNELS>();
            for pixel in pixels {
                let (colours, weight) = match pixel.split_last() {
                    Some((alpha, colours)) if ALPHA => (colours, u32::from(*alpha)),
                    _ => (pixel.as_slice(), 1),
                };
                for (total, colour) in sum.channels.iter_mut().zip(colours) {
                    *total += u32::from(*colour) * weight;
                }
                sum.weight += weight;
                sum.count += 1;
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
    fn emit(&mut self) {
        let alpha = self.model.has_alpha();
        let colours = self.model.channels() - usize::from(alpha);
        for sum in &mut self.sums {
            let weight = sum.weight.max(1);
            for total in sum.channels.iter().take(colours) {
                self.pixels.push(((total + weight / 2) / weight) as u8);
            }
            if alpha {
                let count = sum.count.max(1);
                self.pixels.push(((sum.weight + count / 2) / count) as u8);
            }
            *sum = Sum::default();
        }
        self.rows_summed = 0;
    }
}

/// Pixels that are all there, reduced.
pub(crate) fn whole(pixels: Vec<u8>, size: (u32, u32), model: Model, bucket: Bucket) -> Vec<u8> {
    if bucket == Bucket::Full {
        return pixels;
    }
    let row_bytes = size.0 as usize * model.channels();
    let mut shrink = Shrink::new(size, model, bucket);
    for row in pixels.chunks_exact(row_bytes.max(1)) {
        shrink.push_row(row);
    }
    shrink.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_their_mean_and_edges_too() {
        let mut shrink = Shrink::new((3, 3), Model::Grey, Bucket::Half);
        for row in [[0, 10, 7], [20, 30, 9], [50, 60, 70]] {
            shrink.push_row(&row);
        }
        assert_eq!(shrink.finish(), [15, 8, 55, 70]);
    }

    #[test]
    fn hidden_colours_do_not_bleed() {
        let mut shrink = Shrink::new((2, 2), Model::Rgba, Bucket::Half);
        shrink.push_row(&[255, 0, 0, 255, 0, 255, 0, 0]);
        shrink.push_row(&[255, 0, 0, 255, 0, 255, 0, 0]);
        assert_eq!(shrink.finish(), [255, 0, 0, 128]);
    }

    #[test]
    fn full_is_untouched() {
        let mut shrink = Shrink::new((2, 1), Model::GreyAlpha, Bucket::Full);
        shrink.push_row(&[1, 2, 3, 4]);
        assert_eq!(shrink.finish(), [1, 2, 3, 4]);
    }
}
