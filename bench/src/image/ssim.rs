//! SSIM on luma: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility
//! to Structural Similarity", IEEE Transactions on Image Processing 13(4), 2004. Windows of 11 x 11
//! with a Gaussian of 1.5 pixels, K1 0.01 and K2 0.03, the mean over all windows.
//!
//! The program called `dssim` measures something else, at several scales in another colour space;
//! it is AGPL, so that it is no part of this.

use anyhow::{Result, ensure};

const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// The mean SSIM of two pictures of sRGB values from 0 to 1; 1 where they are equal.
///
/// # Errors
/// When they are smaller than a window.
pub(super) fn of(one: &[[f32; 3]], two: &[[f32; 3]], width: usize, height: usize) -> Result<f64> {
    ensure!(
        width >= WINDOW && height >= WINDOW && one.len() == two.len(),
        "{width} x {height} is too small"
    );
    let (one, two) = (luma(one), luma(two));
    let blurred = |values: Vec<f64>| blur(&values, width);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect();
    let squares = [
        product(&one, &one),
        product(&two, &two),
        product(&one, &two),
    ];
    let [mean_one, mean_two] = [one, two].map(blurred);
    let [square_one, square_two, crossed] = squares.map(blurred);
    let mut sum = 0.0;
    for index in 0..mean_one.len() {
        let (a, b) = (mean_one[index], mean_two[index]);
        let (variance_a, variance_b) = (square_one[index] - a * a, square_two[index] - b * b);
        let covariance = crossed[index] - a * b;
        sum += (2.0 * a * b + C1) * (2.0 * covariance + C2)
            / ((a * a + b * b + C1) * (variance_a + variance_b + C2));
    }
    Ok(sum / mean_one.len() as f64)
}

/// BT.601.
fn luma(pixels: &[[f32; 3]]) -> Vec<f64> {
    let of = |pixel: &[f32; 3]| {
        let [r, g, b] = pixel.map(f64::from);
        0.299 * r + 0.587 * g + 0.114 * b
    };
    pixels.iter().map(of).collect()
}

/// The Gaussian means of all windows that lie within.
fn blur(values: &[f64], width: usize) -> Vec<f64> {
    let kernel = kernel();
    let mut across = Vec::with_capacity(values.len());
    for row in values.chunks_exact(width) {
        across.extend(row.windows(WINDOW).map(|window| dot(window, &kernel)));
    }
    let width = width - WINDOW + 1;
    let height = values.len() / (width + WINDOW - 1);
    let mut both = Vec::with_capacity(across.len());
    for y in 0..=height - WINDOW {
        for x in 0..width {
            let column = kernel.iter().enumerate();
            both.push(column.map(|(k, w)| w * across[(y + k) * width + x]).sum());
        }
    }
    both
}

fn dot(window: &[f64], kernel: &[f64; WINDOW]) -> f64 {
    window.iter().zip(kernel).map(|(a, b)| a * b).sum()
}

fn kernel() -> [f64; WINDOW] {
    let mut kernel = [0.0; WINDOW];
    for (index, weight) in kernel.iter_mut().enumerate() {
        let distance = index as f64 - (WINDOW / 2) as f64;
        *weight = (-distance * distance / (2.0 * SIGMA * SIGMA)).exp();
    }
    let sum: f64 = kernel.iter().sum();
    kernel.map(|weight| weight / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_pictures_differ_by_their_means_alone() {
        let flat = |value: f32| vec![[value; 3]; 20 * 15];
        let found = of(&flat(0.25), &flat(0.75), 20, 15).unwrap();
        let (a, b) = (0.25f64, 0.75f64);
        let expected = (2.0 * a * b + C1) / (a * a + b * b + C1);
        assert!((found - expected).abs() < 1e-6, "{found}");
    }

    #[test]
    fn a_window_is_a_mean() {
        assert!((kernel().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(of(&[[0.0; 3]; 100], &[[0.0; 3]; 100], 10, 10).is_err());
    }
}
