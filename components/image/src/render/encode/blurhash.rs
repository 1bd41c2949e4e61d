//! BlurHash: a picture in some thirty letters (Wolt; the algorithm as described by its authors in
//! `Algorithm.md` of github.com/woltapp/blurhash).

use pxfm::{f_cos, f_pow};

/// Waves across and down.
const ACROSS: u32 = 4;
const DOWN: u32 = 3;

const DIGITS: &[u8; 83] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/// The hash of `pixels`, rows of `width` pixels of sRGB. Its work is twelve times the pixels.
pub(super) fn blurhash(pixels: &[[u8; 3]], width: usize) -> String {
    let linear: Vec<f64> = (0..=u8::MAX).map(to_linear).collect();
    let light = |channel: u8| {
        linear
            .get(usize::from(channel))
            .copied()
            .unwrap_or_default()
    };
    let width = width.max(1);
    let height = (pixels.len() / width).max(1);
    let waves = |count: u32, length: usize| -> Vec<Vec<f64>> {
        (0..count)
            .map(|wave| {
                let angle =
                    |at: usize| std::f64::consts::PI * f64::from(wave) * at as f64 / length as f64;
                (0..length).map(|at| f_cos(angle(at))).collect()
            })
            .collect()
    };
    let (across, down) = (waves(ACROSS, width), waves(DOWN, height));

    let mut factors = Vec::new();
    for wave_down in &down {
        for wave_across in &across {
            let mut sums = [0.0; 3];
            for (row, by_row) in pixels.chunks_exact(width).zip(wave_down) {
                let mut of_row = [0.0; 3];
                for (pixel, by_column) in row.iter().zip(wave_across) {
                    for (sum, channel) in of_row.iter_mut().zip(pixel) {
                        *sum += by_column * light(*channel);
                    }
                }
                for (sum, part) in sums.iter_mut().zip(of_row) {
                    *sum += part * by_row;
                }
            }
            let twice = if factors.is_empty() { 1.0 } else { 2.0 };
            factors.push(sums.map(|sum| sum * twice / (width * height) as f64));
        }
    }
    letters(&factors)
}

fn letters(factors: &[[f64; 3]]) -> String {
    let mut hash = String::new();
    put(&mut hash, (ACROSS - 1) + (DOWN - 1) * 9, 1);
    let Some((mean, waves)) = factors.split_first() else {
        return hash;
    };
    let largest = waves
        .iter()
        .flatten()
        .fold(0.0_f64, |most, factor| most.max(factor.abs()));
    let scale = whole(largest * 166.0 - 0.5, 82);
    put(&mut hash, scale, 1);
    let scale = f64::from(scale + 1) / 166.0;
    let [red, green, blue] = mean.map(from_linear);
    put(&mut hash, (red << 16) | (green << 8) | blue, 4);
    for factor in waves {
        let [red, green, blue] = factor.map(|channel| {
            let share = channel / scale;
            let root = share.abs().sqrt().copysign(share);
            whole(root * 9.0 + 9.5, 18)
        });
        put(&mut hash, (red * 19 + green) * 19 + blue, 2);
    }
    hash
}

/// `number` in so many digits of base 83.
fn put(hash: &mut String, number: u32, digits: u32) {
    for place in (0..digits).rev() {
        let digit = (number / 83_u32.pow(place)) % 83;
        let letter = DIGITS.get(digit as usize).copied().unwrap_or(b'0');
        hash.push(char::from(letter));
    }
}

/// The whole part, 0 to `most`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped"
)]
fn whole(number: f64, most: u32) -> u32 {
    number.floor().clamp(0.0, f64::from(most)) as u32
}

fn to_linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 {
        value / 12.92
    } else {
        f_pow((value + 0.055) / 1.055, 2.4)
    }
}

fn from_linear(light: f64) -> u32 {
    let light = light.clamp(0.0, 1.0);
    let value = if light <= 0.003_130_8 {
        light * 12.92
    } else {
        1.055 * f_pow(light, 1.0 / 2.4) - 0.055
    };
    whole(value * 255.0 + 0.5, 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u32; 3]) -> String {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels: Vec<[u8; 3]> = places
            .map(|(x, y)| colour(x, y).map(|channel| channel as u8))
            .collect();
        blurhash(&pixels, width as usize)
    }

    /// From the authors' encoder in C (by the PyPI package `blurhash-python` 1.2), 4 x 3. Theirs in
    /// TypeScript takes the largest factor without its sign, which cuts off dark waves.
    #[test]
    fn the_hashes_are_those_of_the_reference() {
        let smooth = of(20, 15, |x, y| [x * 12, y * 17, x * y]);
        assert_eq!(smooth, "LrF$tD2*wzbtqJWHjre:gLfifPfk");
        assert_eq!(of(8, 8, |_, _| [255; 3]), "LfTSUA~qfQ~q~qt7fQt7fQfQfQfQ");
        let rough = of(7, 3, |x, y| [x * 37 + y * 91, x * x * 11, y * 80 + x]);
        assert_eq!(rough, "LVGQhXr3Q?-V}$AD9{X4SE6ejua^");
    }
}
