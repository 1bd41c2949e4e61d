//! A Gaussian of whole numbers, cut off where it is small, as libvips makes it; and its
//! convolution with rows, first across and then down.
//!
//! Such a mask is a staircase of few steps (values of 1 to 20): moving it by a pixel changes its
//! sum by what the steps take in and let go, so the work does not grow with its width.

#![allow(
    clippy::indexing_slicing,
    reason = "the inner loops of a filter; every slice is cut from a row that is padded for it"
)]

/// The largest value of a mask.
const PEAK: f64 = 20.0;

/// Half of a symmetric mask.
pub(super) struct Mask {
    /// The value at each distance from the middle.
    half: Vec<i32>,
    /// Where the staircase steps down: the last distance before it, and by how much.
    steps: Vec<(usize, i32)>,
    /// Of all values.
    sum: i64,
}

/// A sample of a row.
pub(super) trait Sample: Copy + Into<i32> {
    /// From a mean of samples.
    fn of(mean: i64) -> Self;
}

impl Sample for u8 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean of bytes"
    )]
    fn of(mean: i64) -> Self {
        mean as Self
    }
}

impl Sample for u16 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean of samples"
    )]
    fn of(mean: i64) -> Self {
        mean as Self
    }
}

impl Mask {
    /// Of `sigma` pixels (at most 100), as far as the Gaussian is at least `least` of its peak.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "values of at most 20; the radius is below twice sigma"
    )]
    pub(super) fn new(sigma: f64, least: f64) -> Self {
        let height = |distance: f64| libm::exp(-distance * distance / (2.0 * sigma * sigma));
        let mut half = Vec::new();
        for distance in 0..1000_u32 {
            let height = height(f64::from(distance));
            let value = (height * PEAK).round() as i32;
            if height < least || value == 0 {
                break;
            }
            half.push(value);
        }
        let next = half.iter().skip(1).copied().chain([0]);
        let steps = half
            .iter()
            .zip(next)
            .enumerate()
            .filter(|(_, (value, next))| *value != next)
            .map(|(distance, (value, next))| (distance, value - next))
            .collect();
        let sum = half.iter().map(|v| i64::from(*v)).sum::<i64>() * 2 - i64::from(half[0]);
        Self { half, steps, sum }
    }

    fn radius(&self) -> usize {
        self.half.len() - 1
    }

    /// The mean of what a sum of weighted samples says, rounded.
    fn mean(&self, sum: i32) -> i64 {
        // Exact for sums below 2^31: see the test.
        (i64::from(sum) + self.sum / 2) / self.sum
    }

    /// Rows of `width` pixels of `N` channels each: every sample becomes the weighted mean of
    /// those around it. Beyond the edge lies the edge.
    pub(super) fn blur<T: Sample, const N: usize>(&self, samples: &mut [T], width: usize) {
        if self.radius() == 0 || width == 0 {
            return;
        }
        self.across::<T, N>(samples, width);
        self.down(samples, width * N);
    }

    fn across<T: Sample, const N: usize>(&self, samples: &mut [T], width: usize) {
        let radius = self.radius();
        let row = width * N;
        let mut padded = vec![0_i32; row + 2 * radius * N];
        let mut change = vec![0_i32; row];
        for samples in samples.chunks_exact_mut(row) {
            for (at, cell) in padded.chunks_exact_mut(N).enumerate() {
                let x = at.saturating_sub(radius).min(width - 1);
                for (cell, sample) in cell.iter_mut().zip(&samples[x * N..]) {
                    *cell = (*sample).into();
                }
            }
            let mut sums = [0_i32; N];
            for (at, cell) in padded.chunks_exact(N).take(2 * radius + 1).enumerate() {
                for (sum, value) in sums.iter_mut().zip(cell) {
                    *sum += value * self.half[at.abs_diff(radius)];
                }
            }
            // What the sum gains from each pixel to the next.
            let moves = row - N;
            change.fill(0);
            for (distance, step) in &self.steps {
                let gained = &padded[(radius + distance + 1) * N..];
                let lost = &padded[(radius - distance) * N..];
                let both = gained.iter().zip(lost);
                for (change, (gained, lost)) in change[..moves].iter_mut().zip(both) {
                    *change += step * (gained - lost);
                }
            }
            for (pixel, change) in samples.chunks_exact_mut(N).zip(change.chunks_exact(N)) {
                for ((sample, sum), change) in pixel.iter_mut().zip(&mut sums).zip(change) {
                    *sample = T::of(self.mean(*sum));
                    *sum += change;
                }
            }
        }
    }

    fn down<T: Sample>(&self, samples: &mut [T], row: usize) {
        let radius = self.radius();
        let height = samples.len() / row;
        if height == 0 {
            return;
        }
        let source = samples.to_vec();
        let at = |y: isize| {
            let y = y.clamp(0, height.cast_signed() - 1).cast_unsigned();
            &source[y * row..(y + 1) * row]
        };
        let mut sums = vec![0_i32; row];
        for (distance, value) in self.half.iter().enumerate() {
            let distance = distance.cast_signed();
            add(&mut sums, at(distance), *value);
            if distance != 0 {
                add(&mut sums, at(-distance), *value);
            }
        }
        debug_assert!(radius < 1000, "bounded by the mask");
        for (y, out) in samples.chunks_exact_mut(row).enumerate() {
            for (out, sum) in out.iter_mut().zip(&sums) {
                *out = T::of(self.mean(*sum));
            }
            let y = y.cast_signed();
            for (distance, step) in &self.steps {
                let distance = distance.cast_signed();
                let (gained, lost) = (at(y + distance + 1), at(y - distance));
                for (sum, (gained, lost)) in sums.iter_mut().zip(gained.iter().zip(lost)) {
                    *sum += step * ((*gained).into() - (*lost).into());
                }
            }
        }
    }
}

fn add<T: Sample>(sums: &mut [i32], row: &[T], value: i32) {
    for (sum, sample) in sums.iter_mut().zip(row) {
        *sum += value * (*sample).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the mask says, without steps.
    fn slow(mask: &Mask, samples: &[u8], width: usize) -> Vec<u8> {
        let height = samples.len() / width;
        let radius = mask.radius() as isize;
        let pass = |source: &[u8], dx: isize, dy: isize| -> Vec<u8> {
            let at = |x: isize, y: isize| {
                let x = x.clamp(0, width as isize - 1) as usize;
                let y = y.clamp(0, height as isize - 1) as usize;
                i64::from(source[y * width + x])
            };
            (0..samples.len())
                .map(|i| {
                    let (x, y) = ((i % width) as isize, (i / width) as isize);
                    let sum: i64 = (-radius..=radius)
                        .map(|d| {
                            i64::from(mask.half[d.unsigned_abs()]) * at(x + d * dx, y + d * dy)
                        })
                        .sum();
                    ((sum + mask.sum / 2) / mask.sum) as u8
                })
                .collect()
        };
        pass(&pass(samples, 1, 0), 0, 1)
    }

    #[test]
    fn steps_give_what_the_mask_says() {
        for (width, height) in [(1, 1), (1, 9), (9, 1), (23, 17), (64, 3)] {
            let samples: Vec<u8> = (0..width * height)
                .map(|i| (i * i * 7 + i * 31) as u8)
                .collect();
            for sigma in [0.3, 0.5, 0.8, 1.0, 2.5, 7.0, 40.0, 100.0] {
                let mask = Mask::new(sigma, 0.2);
                let mut fast = samples.clone();
                mask.blur::<u8, 1>(&mut fast, width);
                assert_eq!(
                    fast,
                    slow(&mask, &samples, width),
                    "{width} x {height}, {sigma}"
                );
            }
        }
    }

    #[test]
    fn channels_do_not_mix_and_flat_stays_flat() {
        let mask = Mask::new(3.0, 0.2);
        let mut samples = [10, 200, 90].repeat(50);
        mask.blur::<u8, 3>(&mut samples, 10);
        assert_eq!(samples, [10, 200, 90].repeat(50));
        let mut wide = vec![32_767_u16; 60];
        Mask::new(10.0, 0.1).blur::<u16, 1>(&mut wide, 6);
        assert_eq!(wide, vec![32_767; 60]);
    }
}
