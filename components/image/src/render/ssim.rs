//! Structural similarity of two pictures (Wang, Bovik, Sheikh, Simoncelli 2004), on luma, over
//! squares of eight pixels that overlap by half.

/// The side of a square.
const SIDE: usize = 8;

/// From one square to the next.
const STEP: usize = 4;

/// The constants of the paper for bytes: (0.01 x 255)² and (0.03 x 255)².
const C1: f64 = 6.5025;
const C2: f64 = 58.5225;

/// The mean SSIM, at most 1, of two pictures of `width` pixels a row. Pictures smaller than a
/// square are one.
pub(super) fn similarity(one: &[u8], other: &[u8], width: usize) -> f64 {
    if width == 0 || one.len() != other.len() {
        return 0.0;
    }
    let height = one.len() / width;
    let starts = |side: usize| (0..=side.saturating_sub(SIDE)).step_by(STEP);
    let mut sum = 0.0;
    let mut squares = 0_u32;
    for y in starts(height) {
        for x in starts(width) {
            let rows = |pixels: &[u8]| -> Vec<u32> {
                let rows = pixels.chunks_exact(width).skip(y).take(SIDE);
                rows.flat_map(|row| row.iter().skip(x).take(SIDE))
                    .map(|value| u32::from(*value))
                    .collect()
            };
            sum += square(&rows(one), &rows(other));
            squares += 1;
        }
    }
    sum / f64::from(squares.max(1))
}

fn square(one: &[u32], other: &[u32]) -> f64 {
    let mut sums = [0_u32; 5];
    for (a, b) in one.iter().zip(other) {
        for (sum, value) in sums.iter_mut().zip([*a, *b, a * a, b * b, a * b]) {
            *sum += value;
        }
    }
    let count = u32::try_from(one.len().max(1)).unwrap_or(1);
    let [a, b, aa, bb, ab] = sums.map(|sum| f64::from(sum) / f64::from(count));
    let (var_a, var_b, both) = (aa - a * a, bb - b * b, ab - a * b);
    ((2.0 * a * b + C1) * (2.0 * both + C2)) / ((a * a + b * b + C1) * (var_a + var_b + C2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_is_one_and_noise_is_less() {
        let picture: Vec<u8> = (0..40 * 30).map(|i| (i * 13 % 251) as u8).collect();
        assert!((similarity(&picture, &picture, 40) - 1.0).abs() < 1e-12);
        let noisy: Vec<u8> = picture.iter().map(|v| v ^ 16).collect();
        let found = similarity(&picture, &noisy, 40);
        assert!((0.5..0.999).contains(&found), "{found}");
        assert!((similarity(&[7], &[7], 1) - 1.0).abs() < 1e-12);
    }
}
