//! Rows of a plane at the picture's resolution.

use crate::Plane;

/// Makes rows of one plane; holds what it makes them in.
#[derive(Default)]
pub(crate) struct Upsampler {
    /// Of two rows, three times the nearer and once the farther.
    sums: Vec<u16>,
    made: Vec<u8>,
}

impl Upsampler {
    /// Row `y` of the picture, of `width` samples or more.
    pub(crate) fn row<'a>(&'a mut self, plane: &'a Plane, y: usize, width: usize) -> &'a [u8] {
        match plane.factors() {
            Some((1, 1)) => return plane.row(y),
            Some((2, 1)) => {
                self.made.clear();
                twice_as_wide(plane.row(y), &mut self.made);
            }
            Some((1, 2)) => {
                let (near, far) = neighbours(plane, y);
                self.made.clear();
                // The rounding alternates, so that it has no direction.
                let half = if y.is_multiple_of(2) { 1 } else { 2 };
                let blend = near
                    .iter()
                    .zip(far)
                    .map(|(near, far)| byte((3 * u16::from(*near) + u16::from(*far) + half) >> 2));
                self.made.extend(blend);
            }
            Some((2, 2)) => {
                let (near, far) = neighbours(plane, y);
                self.sums.clear();
                let sums = near.iter().zip(far);
                self.sums
                    .extend(sums.map(|(near, far)| 3 * u16::from(*near) + u16::from(*far)));
                self.made.clear();
                twice_as_wide_of_sums(&self.sums, &mut self.made);
            }
            _ => {
                let ((across, across_of), (down, down_of)) = plane.step;
                let row = plane.row(y * down / down_of.max(1));
                self.made.clear();
                self.made.extend((0..width).map(|x| {
                    let x = x * across / across_of.max(1);
                    row.get(x).copied().unwrap_or_default()
                }));
            }
        }
        &self.made
    }
}

/// The row that picture row `y` lies in, and the one that is next to it on the other side.
fn neighbours(plane: &Plane, y: usize) -> (&[u8], &[u8]) {
    let last = plane.height.saturating_sub(1);
    let near = (y / 2).min(last);
    let far = if y.is_multiple_of(2) {
        near.saturating_sub(1)
    } else {
        (near + 1).min(last)
    };
    (plane.row(near), plane.row(far))
}

fn twice_as_wide(row: &[u8], out: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (row.first(), row.last()) else {
        return;
    };
    out.push(*first);
    for pair in row.windows(2) {
        if let [a, b] = pair {
            let (a, b) = (u16::from(*a), u16::from(*b));
            out.extend([byte((3 * a + b + 2) >> 2), byte((3 * b + a + 1) >> 2)]);
        }
    }
    out.push(*last);
}

/// Of sums that are four times a sample.
fn twice_as_wide_of_sums(row: &[u16], out: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (row.first(), row.last()) else {
        return;
    };
    out.push(byte((4 * first + 8) >> 4));
    for pair in row.windows(2) {
        if let [a, b] = pair {
            out.extend([byte((3 * a + b + 7) >> 4), byte((3 * b + a + 8) >> 4)]);
        }
    }
    out.push(byte((4 * last + 7) >> 4));
}

#[allow(clippy::cast_possible_truncation, reason = "a mean of bytes")]
fn byte(mean: u16) -> u8 {
    mean as u8
}
