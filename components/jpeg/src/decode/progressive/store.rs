//! The coefficients of a component.

#![allow(
    clippy::indexing_slicing,
    reason = "indexes are masked to the length of their array"
)]

use crate::decode::block::{Places, put_coefficients, wanted};
use crate::decode::frame::Component;
use crate::planes::Plane;

/// What is kept of one component.
pub(super) struct Store {
    /// In zigzag order; once there was a scan.
    pub(super) quantisation: Option<[u16; 64]>,
    /// Coefficients of a block.
    per_block: usize,
    /// By zigzag position, the place in a block's coefficients; 64 of those not kept.
    pub(super) places: [u8; 64],
    /// The positions that are kept, as bits.
    pub(super) kept: u64,
    /// Blocks of a row.
    pub(super) stride: usize,
    /// Of all blocks, row by row.
    values: Vec<i16>,
    /// Of each block the positions that are not zero, as bits; empty before the first AC scan.
    maps: Vec<u64>,
}

/// A block in it.
pub(super) struct Block<'a> {
    pub(super) values: &'a mut [i16],
    pub(super) map: &'a mut u64,
}

impl Store {
    pub(super) fn new(component: &Component) -> Self {
        let places = Places::new(component.block, &[1; 64]);
        let per_block = component.block * component.block;
        let blocks = component.room.0 * component.room.1;
        Self {
            quantisation: None,
            per_block,
            places: std::array::from_fn(|k| {
                let (_, place) = places.at(k);
                if place < per_block { place as u8 } else { 64 }
            }),
            kept: wanted(component.block),
            stride: component.room.0,
            values: vec![0; blocks * per_block],
            maps: Vec::new(),
        }
    }

    /// Before an AC scan.
    pub(super) fn make_maps(&mut self) {
        if self.maps.is_empty() {
            self.maps = vec![0; self.values.len() / self.per_block.max(1)];
        }
    }

    /// The DC of a block.
    #[inline(always)]
    pub(super) fn dc(&mut self, index: usize) -> Option<&mut i16> {
        self.values.get_mut(index * self.per_block)
    }

    /// Row `y` of blocks, `width` of them. After [`Self::make_maps`].
    pub(super) fn row(&mut self, y: usize, width: usize) -> impl Iterator<Item = Block<'_>> {
        let from = y * self.stride;
        let maps = self.maps.get_mut(from..from + width).unwrap_or_default();
        let values = self
            .values
            .get_mut(from * self.per_block..)
            .unwrap_or_default();
        values
            .chunks_exact_mut(self.per_block.max(1))
            .zip(maps)
            .map(|(values, map)| Block { values, map })
    }

    /// Make samples of all blocks.
    pub(super) fn transform(&self, component: &Component, places: &Places, plane: &mut Plane) {
        let mut steps = [0; 64];
        for k in 0..64 {
            let (step, place) = places.at(k);
            if let Some(at) = steps.get_mut(place)
                && place < self.per_block
            {
                *at = step;
            }
        }
        let mut dequantised = [0; 65];
        let blocks = self.values.chunks_exact(self.per_block.max(1));
        for (index, values) in blocks.enumerate() {
            for ((to, value), step) in dequantised.iter_mut().zip(values).zip(&steps) {
                *to = i32::from(*value).wrapping_mul(*step);
            }
            let at = (index % self.stride.max(1), index / self.stride.max(1));
            put_coefficients(plane, component, at, &dequantised);
        }
    }
}
