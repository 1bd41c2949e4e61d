//! How far two pictures are apart, and both side by side to be looked at.

use std::path::Path;

use image::{Rgba, RgbaImage, imageops};

/// How far two pictures are apart, in steps of 255 in a channel, colours weighted by alpha.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) same_size: bool,
    pub(crate) mean: f64,
    /// 99 of 100 channels differ by no more.
    pub(crate) most: u8,
    pub(crate) largest: u8,
}

/// Compares what both have; pictures of unequal sizes in their common upper left part.
pub(crate) fn difference(one: &RgbaImage, other: &RgbaImage) -> Difference {
    let (width, height) = (
        one.width().min(other.width()),
        one.height().min(other.height()),
    );
    let mut apart = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (a, b) = (
                weighted(one.get_pixel(x, y)),
                weighted(other.get_pixel(x, y)),
            );
            apart.extend(a.into_iter().zip(b).map(|(a, b)| a.abs_diff(b)));
        }
    }
    apart.sort_unstable();
    let sum: f64 = apart.iter().map(|value| f64::from(*value)).sum();
    Difference {
        same_size: one.dimensions() == other.dimensions(),
        mean: sum / apart.len() as f64,
        most: apart[(apart.len() - 1) * 99 / 100],
        largest: apart[apart.len() - 1],
    }
}

fn weighted(Rgba([r, g, b, a]): &Rgba<u8>) -> [u8; 4] {
    let by_alpha = |channel: u8| ((u32::from(channel) * u32::from(*a) + 127) / 255) as u8;
    [by_alpha(*r), by_alpha(*g), by_alpha(*b), *a]
}

/// Pairs of pictures in rows: ours, theirs, eight times their difference.
#[derive(Default)]
pub(crate) struct Sheet {
    rows: Vec<[RgbaImage; 3]>,
}

impl Sheet {
    pub(crate) fn add(&mut self, ours: &RgbaImage, theirs: &RgbaImage) {
        let both = RgbaImage::from_fn(ours.width(), ours.height(), |x, y| {
            let other = theirs.get_pixel_checked(x, y).unwrap_or(&Rgba([0; 4]));
            let (a, b) = (weighted(ours.get_pixel(x, y)), weighted(other));
            let apart = |at: usize| a[at].abs_diff(b[at]).saturating_mul(8);
            let alpha = apart(3);
            Rgba([apart(0).max(alpha), apart(1).max(alpha), apart(2), 255])
        });
        self.rows.push([ours.clone(), theirs.clone(), both]);
    }

    /// As one PNG on a checked ground.
    pub(crate) fn save(&self, path: &Path) {
        const GAP: u32 = 4;
        // Pairs flow in columns, so that the sheet is about as wide as it is high.
        let cell_w = self
            .rows
            .iter()
            .flatten()
            .map(RgbaImage::width)
            .max()
            .unwrap_or(1)
            + GAP;
        let cell_h = self
            .rows
            .iter()
            .flatten()
            .map(RgbaImage::height)
            .max()
            .unwrap_or(1)
            + GAP;
        let across = (self.rows.len() as f64 / 3.0).sqrt().ceil().max(1.0) as u32;
        let down = (self.rows.len() as u32).div_ceil(across).max(1);
        let mut sheet = RgbaImage::from_fn(cell_w * across * 3, cell_h * down, |x, y| {
            let light = (x / 8 + y / 8) % 2 == 0;
            Rgba(if light {
                [225, 225, 225, 255]
            } else {
                [190, 190, 190, 255]
            })
        });
        for (number, row) in self.rows.iter().enumerate() {
            let (column, line) = (number as u32 % across, number as u32 / across);
            for (at, picture) in row.iter().enumerate() {
                let x = (column * 3 + at as u32) * cell_w;
                imageops::overlay(&mut sheet, picture, i64::from(x), i64::from(line * cell_h));
            }
        }
        sheet.save(path).unwrap();
    }
}
