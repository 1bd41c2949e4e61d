//! Step: rounded corners, smooth at their edge.

use super::colour;
use super::ground::with_alpha;
use super::picture::Picture;
use crate::Options;
use lockgate_image_options::Radius;

/// Lines across each pixel along which the edge is measured.
const LINES: u32 = 8;

/// The picture with the corners of `radius`.
pub(super) fn round_corners(picture: Picture, options: &Options) -> Picture {
    let (half_w, half_h) = (
        f64::from(picture.width) / 2.0,
        f64::from(picture.height) / 2.0,
    );
    let (across, down) = match options.radius {
        None => return picture,
        Some(Radius::Max) => (half_w, half_h),
        Some(Radius::Pixels(pixels)) => {
            let radius = f64::from(pixels).min(half_w).min(half_h);
            (radius, radius)
        }
    };
    let mut picture = with_alpha(colour::to_rgb(picture));
    let channels = picture.model.channels();
    let (row_bytes, height) = (picture.row_bytes(), picture.height);
    for (y, row) in (0..height).zip(picture.pixels.chunks_exact_mut(row_bytes)) {
        // The lower corners mirror the upper ones.
        let edges = edges(y.min(height - 1 - y), across, down);
        for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
            if !fade(pixel, covered(&edges, x)) {
                break;
            }
        }
        for (x, pixel) in row.chunks_exact_mut(channels).rev().enumerate() {
            if !fade(pixel, covered(&edges, x)) {
                break;
            }
        }
    }
    picture
}

/// Where the corner ends on each line across row `y`, in pixels from the side.
fn edges(y: u32, across: f64, down: f64) -> [f64; LINES as usize] {
    let mut edges = [0.0; LINES as usize];
    for (line, edge) in (0..LINES).zip(&mut edges) {
        let at = f64::from(y) + (f64::from(line) + 0.5) / f64::from(LINES);
        if at < down {
            let part = (down - at) / down;
            *edge = across - across * (1.0 - part * part).max(0.0).sqrt();
        }
    }
    edges
}

/// How much of the pixel `x` lies within, in 256ths.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "at most 256; sides of pictures are exact"
)]
fn covered(edges: &[f64; LINES as usize], x: usize) -> u32 {
    let end = x as f64 + 1.0;
    let sum: f64 = edges.iter().map(|edge| (end - edge).clamp(0.0, 1.0)).sum();
    (sum / f64::from(LINES) * 256.0).round() as u32
}

/// Takes away what is not covered; whether there was something.
#[allow(clippy::cast_possible_truncation, reason = "a part of a byte")]
fn fade(pixel: &mut [u8], covered: u32) -> bool {
    if let Some(alpha) = pixel.last_mut() {
        *alpha = ((u32::from(*alpha) * covered + 128) >> 8) as u8;
    }
    covered < 256
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;

    fn rounded(width: u32, height: u32, text: &str) -> Vec<u8> {
        let picture = Picture {
            model: Model::Grey,
            width,
            height,
            pixels: vec![9; (width * height) as usize],
        };
        let picture = round_corners(picture, &Options::parse(text).unwrap());
        picture
            .pixels
            .chunks_exact(2)
            .map(|pixel| pixel[1])
            .collect()
    }

    #[test]
    fn a_circle_has_its_area_and_is_symmetric() {
        let alpha = rounded(101, 101, "radius=max");
        let area: f64 = alpha.iter().map(|a| f64::from(*a) / 255.0).sum();
        let expected = core::f64::consts::PI * 50.5 * 50.5;
        assert!((area / expected - 1.0).abs() < 0.002, "{area} {expected}");
        for y in 0..101 {
            for x in 0..101 {
                assert_eq!(alpha[y * 101 + x], alpha[y * 101 + 100 - x]);
                assert_eq!(alpha[y * 101 + x], alpha[(100 - y) * 101 + x]);
            }
        }
    }

    #[test]
    fn only_corners_are_touched() {
        let alpha = rounded(20, 10, "radius=3");
        assert!(alpha[0] < 20 && alpha[1] < 255);
        assert!(alpha[3..17].iter().all(|a| *a == 255));
        assert!(alpha[20 * 4..20 * 5].iter().all(|a| *a == 255));
        let small = rounded(1, 1, "radius=100000");
        assert!(small[0] > 150);
    }
}
