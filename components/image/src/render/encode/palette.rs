//! Palettes for GIF and small PNG: exact where the colours are few, else by splitting the space
//! of colours where they differ most (a median cut by variance, after Wu, Graphics Gems II,
//! 1991).

use std::collections::BTreeMap;

/// Colours are counted in cells of this many bits a channel.
const CELL_BITS: u32 = 5;
const CELLS: usize = 1 << (3 * CELL_BITS);

/// A palette, and which of its colours a pixel gets.
pub(super) struct Palette {
    /// The colours.
    pub(super) colours: Vec<[u8; 3]>,
    /// Sorted, where every colour of the picture is in the palette.
    exact: Option<BTreeMap<[u8; 3], u8>>,
    /// The nearest colour to each cell, found when it is first asked for.
    nearest: Vec<Option<u8>>,
    /// How far apart neighbouring colours are, about: what dithering adds at most.
    spread: i32,
}

impl Palette {
    /// The palette of `pixels`, at most `most` colours (1 to 256).
    pub(super) fn new(pixels: impl Iterator<Item = [u8; 3]> + Clone, most: usize) -> Self {
        if let Some(exact) = exact(pixels.clone(), most) {
            return Self {
                colours: exact.keys().copied().collect(),
                exact: Some(exact),
                nearest: Vec::new(),
                spread: 0,
            };
        }
        let mut regions = vec![Region::new(cells(pixels))];
        while regions.len() < most {
            let worst = regions
                .iter()
                .enumerate()
                .max_by(|(_, a), (_, b)| a.error.total_cmp(&b.error))
                .map(|(place, _)| place);
            let Some(place) = worst else { break };
            let Some((low, high)) = regions.swap_remove(place).split() else {
                break;
            };
            regions.extend([low, high]);
        }
        let count: f64 = regions.iter().map(|one| one.count).sum();
        let error: f64 = regions.iter().map(|one| one.error).sum();
        #[allow(clippy::cast_possible_truncation, reason = "a deviation of bytes")]
        let spread = ((error / count.max(1.0) / 3.0).sqrt() * 2.0).ceil() as i32;
        Self {
            colours: regions.iter().map(Region::mean).collect(),
            exact: None,
            nearest: vec![None; CELLS],
            spread,
        }
    }

    /// The place in the palette for a colour at `x`, `y`. Where colours are not exact an ordered
    /// pattern decides between neighbours: it is the same in every frame, so that what stands
    /// still stays still.
    pub(super) fn index(&mut self, colour: [u8; 3], x: usize, y: usize) -> u8 {
        if let Some(exact) = &self.exact {
            return exact.get(&colour).copied().unwrap_or_default();
        }
        let shift = bayer(x, y) * self.spread / 32;
        let moved = colour.map(|channel| {
            let moved = (i32::from(channel) + shift).clamp(0, 255);
            u8::try_from(moved).unwrap_or_default()
        });
        let cell = cell(moved);
        match self.nearest.get(cell).copied().flatten() {
            Some(index) => index,
            None => {
                let index = nearest(&self.colours, middle(moved));
                if let Some(known) = self.nearest.get_mut(cell) {
                    *known = Some(index);
                }
                index
            }
        }
    }
}

/// All colours and their places, if they are few enough.
fn exact(pixels: impl Iterator<Item = [u8; 3]>, most: usize) -> Option<BTreeMap<[u8; 3], u8>> {
    let mut found = BTreeMap::new();
    let mut last = None;
    for pixel in pixels {
        if last.replace(pixel) != Some(pixel) {
            found.insert(pixel, 0);
            if found.len() > most {
                return None;
            }
        }
    }
    for (place, index) in (0..=u8::MAX).zip(found.values_mut()) {
        *index = place;
    }
    Some(found)
}

/// The 8 x 8 threshold matrix of Bayer, -31 to 32.
fn bayer(x: usize, y: usize) -> i32 {
    let mut value = 0;
    for bit in 0..3 {
        let (a, b) = ((x >> bit) & 1, (y >> bit) & 1);
        value = value * 4 + 2 * (a ^ b) + b;
    }
    i32::try_from(value).unwrap_or_default() - 31
}

fn cell([red, green, blue]: [u8; 3]) -> usize {
    let part = |channel: u8| usize::from(channel >> (8 - CELL_BITS));
    (part(red) << (2 * CELL_BITS)) | (part(green) << CELL_BITS) | part(blue)
}

/// The middle of the cell of a colour.
fn middle(colour: [u8; 3]) -> [u8; 3] {
    colour.map(|channel| (channel & !7) | 4)
}

fn nearest(colours: &[[u8; 3]], to: [u8; 3]) -> u8 {
    let far = |colour: &[u8; 3]| -> u32 {
        let apart = colour.iter().zip(to).map(|(a, b)| u32::from(a.abs_diff(b)));
        apart.zip([2, 4, 3]).map(|(d, weight)| d * d * weight).sum()
    };
    let places = (0..=u8::MAX).zip(colours);
    places
        .min_by_key(|(_, colour)| far(colour))
        .map_or(0, |(place, _)| place)
}

/// What is known of the pixels in a cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    count: f64,
    sum: [f64; 3],
    squares: f64,
}

fn cells(pixels: impl Iterator<Item = [u8; 3]>) -> Vec<Cell> {
    let mut all = vec![Cell::default(); CELLS];
    for pixel in pixels {
        if let Some(cell) = all.get_mut(cell(pixel)) {
            cell.count += 1.0;
            for (sum, channel) in cell.sum.iter_mut().zip(pixel) {
                *sum += f64::from(channel);
                cell.squares += f64::from(channel) * f64::from(channel);
            }
        }
    }
    all.retain(|cell| cell.count > 0.0);
    all
}

/// Some of the cells, which become one colour.
struct Region {
    cells: Vec<Cell>,
    count: f64,
    sum: [f64; 3],
    /// The squares of the distances to the mean, summed up.
    error: f64,
}

impl Region {
    fn new(cells: Vec<Cell>) -> Self {
        let mut all = Cell::default();
        for cell in &cells {
            all.count += cell.count;
            all.squares += cell.squares;
            for (sum, part) in all.sum.iter_mut().zip(cell.sum) {
                *sum += part;
            }
        }
        let of_means: f64 = all.sum.iter().map(|sum| sum * sum).sum();
        let error = if cells.len() > 1 {
            (all.squares - of_means / all.count.max(1.0)).max(0.0)
        } else {
            0.0
        };
        Self {
            cells,
            count: all.count,
            sum: all.sum,
            error,
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean of bytes"
    )]
    fn mean(&self) -> [u8; 3] {
        self.sum
            .map(|sum| (sum / self.count.max(1.0)).round() as u8)
    }

    /// In two, across the channel that differs most, at its mean.
    fn split(self) -> Option<(Self, Self)> {
        if self.cells.len() < 2 {
            return None;
        }
        let means = self.sum.map(|sum| sum / self.count);
        let mut widest = (f64::NEG_INFINITY, 0, 0.0);
        for (axis, mean) in means.into_iter().enumerate() {
            let apart = self.cells.iter().map(|cell| {
                let off = cell.at(axis) - mean;
                off * off * cell.count
            });
            let variance: f64 = apart.sum();
            if variance > widest.0 {
                widest = (variance, axis, mean);
            }
        }
        let (_, axis, mean) = widest;
        let (low, high): (Vec<Cell>, Vec<Cell>) = self
            .cells
            .into_iter()
            .partition(|cell| cell.at(axis) <= mean);
        if low.is_empty() || high.is_empty() {
            // Cells of one colour: nothing is gained by a split.
            return None;
        }
        Some((Self::new(low), Self::new(high)))
    }
}

impl Cell {
    fn at(&self, axis: usize) -> f64 {
        self.sum.get(axis).copied().unwrap_or_default() / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_stay_as_they_are() {
        let pixels = [[1, 2, 3], [200, 0, 0], [1, 2, 3], [0, 0, 9]];
        let mut palette = Palette::new(pixels.into_iter(), 3);
        assert!(palette.exact.is_some());
        for pixel in pixels {
            let index = palette.index(pixel, 5, 3);
            assert_eq!(palette.colours[usize::from(index)], pixel);
        }
        assert!(Palette::new(pixels.into_iter(), 2).exact.is_none());
    }

    #[test]
    fn many_colours_become_near_ones() {
        let pixels = (0..64_u32 * 64).map(|at| {
            let (x, y) = (at % 64, at / 64);
            [(x * 4) as u8, (y * 4) as u8, ((x + y) * 2) as u8]
        });
        let mut palette = Palette::new(pixels.clone(), 255);
        assert!(palette.colours.len() > 200);
        let mut apart = 0_u64;
        for (at, pixel) in pixels.enumerate() {
            let index = palette.index(pixel, at % 64, at / 64);
            let found = palette.colours[usize::from(index)];
            apart += found
                .iter()
                .zip(pixel)
                .map(|(a, b)| u64::from(a.abs_diff(b)))
                .sum::<u64>();
        }
        let mean = apart as f64 / (64.0 * 64.0 * 3.0);
        assert!(mean < 7.0, "{mean}");
    }

    #[test]
    fn the_matrix_has_every_step_once() {
        let mut all: Vec<i32> = (0..64).map(|at| bayer(at % 8, at / 8)).collect();
        all.sort_unstable();
        assert_eq!(all, (-31..=32).collect::<Vec<_>>());
    }
}
