//! Where coefficients go, and how a block of them becomes samples.

#![allow(
    clippy::indexing_slicing,
    reason = "indexes are masked to the length of their array"
)]

use super::frame::Component;
use crate::idct;
use crate::planes::Plane;

/// The place of each zigzag position in an 8 x 8 block (T.81 figure 5).
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The last zigzag position that a transform to `block` x `block` samples looks at.
pub(super) const fn last_wanted(block: usize) -> usize {
    match block {
        1 => 0,
        2 => 4,
        4 => 24,
        _ => 63,
    }
}

/// The zigzag positions that a transform to `block` x `block` samples looks at, as bits.
pub(super) fn wanted(block: usize) -> u64 {
    (0..64)
        .filter(|k| is_wanted(block, *k))
        .fold(0, |bits, k| bits | 1 << k)
}

fn is_wanted(block: usize, k: usize) -> bool {
    let place = usize::from(ZIGZAG[k & 63]);
    place / 8 < block && place % 8 < block
}

/// By zigzag position: the quantisation step, and the place in a block of `block` x `block`. Those
/// not wanted go to a place behind the others. Positions over 63 are those of broken files.
pub(super) struct Places {
    entries: [(u16, u8); 128],
}

impl Places {
    pub(super) fn new(block: usize, quantisation: &[u16; 64]) -> Self {
        let behind = (block * block) as u8;
        let mut entries = [(0, behind); 128];
        for (k, entry) in entries.iter_mut().enumerate().take(64) {
            if is_wanted(block, k) {
                let place = usize::from(ZIGZAG[k]);
                let place = place / 8 * block + place % 8;
                *entry = (quantisation[k], place as u8);
            }
        }
        Self { entries }
    }

    /// Of a zigzag position below 128: the step and the place, at most 64.
    #[inline(always)]
    pub(super) fn at(&self, k: usize) -> (i32, usize) {
        let (step, place) = self.entries[k & 127];
        (i32::from(step), usize::from(place))
    }
}

/// Write the samples of a block at column and row of blocks.
#[inline(always)]
pub(super) fn put<const N: usize>(plane: &mut Plane, at: (usize, usize), samples: [[u8; N]; N]) {
    let start = at.1 * N * plane.stride + at.0 * N;
    let Some(rest) = plane.samples.get_mut(start..) else {
        return;
    };
    for (row, from) in rest.chunks_mut(plane.stride.max(1)).zip(samples) {
        if let Some(row) = row.first_chunk_mut::<N>() {
            *row = from;
        }
    }
}

/// Transform dequantised coefficients, in rows of `component.block`, and write the samples.
pub(super) fn put_coefficients(
    plane: &mut Plane,
    component: &Component,
    at: (usize, usize),
    coefficients: &[i32; 65],
) {
    match component.block {
        1 => put(plane, at, [[idct::one(coefficients[0])]]),
        2 => {
            let [a, b, c, d, ..] = *coefficients;
            put(plane, at, idct::two([a, b, c, d]));
        }
        4 => {
            let (rows, _) = coefficients.as_chunks::<4>();
            if let Some(rows) = rows.first_chunk::<4>() {
                put(plane, at, idct::four(*rows));
            }
        }
        _ => {
            let (rows, _) = coefficients.as_chunks::<8>();
            if let Some(rows) = rows.first_chunk::<8>() {
                put(plane, at, idct::eight(rows));
            }
        }
    }
}
