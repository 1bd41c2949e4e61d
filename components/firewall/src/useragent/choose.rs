//! Choosing the window under which a contained pattern is filed.
//!
//! A good window is one that ordinary browsers never show and that few other patterns have. Counts are kept
//! in hashed arrays: a collision can only make a choice a little worse, never wrong.

use super::OFFSETS_MAX;
use super::hash::{Hasher, key_at};
use crate::samples::BROWSERS;
use std::ops::RangeInclusive;

/// Slots of a counting array (4 bytes each): four for each window, within these bounds.
const SLOTS: RangeInclusive<usize> = 1 << 10..=1 << 20;

/// Only windows that start this early are candidates: a group head has one byte for the place.
const OFFSET_END: usize = 256;

/// For each text the place of its window of `width` bytes. Texts are folded and not shorter than `width`.
pub(super) fn choose(texts: &[&[u8]], width: usize) -> Vec<u8> {
    let mut common = Counts::of_texts(BROWSERS.iter().map(|browser| browser.len()));
    for browser in BROWSERS {
        let folded = browser.to_ascii_lowercase();
        windows(folded.as_bytes(), width, usize::MAX).for_each(|(_, key)| common.add(key));
    }
    let lengths = || texts.iter().map(|text| text.len().min(OFFSET_END));
    let mut seen = Counts::of_texts(lengths());
    for text in texts {
        windows(text, width, OFFSET_END).for_each(|(_, key)| seen.add(key));
    }
    let mut taken = Counts::of_texts(lengths());
    let mut places = Vec::with_capacity(texts.len());
    for text in texts {
        let best = windows(text, width, OFFSET_END)
            .min_by_key(|(_, key)| (common.of(*key) > 0, taken.of(*key), seen.of(*key)));
        if let Some((_, key)) = best {
            taken.add(key);
        }
        places.push(best.map_or(0, |(offset, _)| offset));
    }
    limit_places(texts, width, &mut places);
    places
}

/// Moves patterns to the window at place 0 where a window would be needed at more than [`OFFSETS_MAX`]
/// places. Place 0 itself is always left free for that.
fn limit_places(texts: &[&[u8]], width: usize, places: &mut [u8]) {
    let mut uses: Vec<(u64, u8, usize)> = Vec::with_capacity(places.len());
    for (index, (text, place)) in texts.iter().zip(places.iter()).enumerate() {
        if let (1.., Some(key)) = (*place, key_at(text, usize::from(*place), width)) {
            uses.push((key, *place, index));
        }
    }
    uses.sort_unstable();
    for same_key in uses.chunk_by(|a, b| a.0 == b.0) {
        let mut groups: Vec<_> = same_key.chunk_by(|a, b| a.1 == b.1).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        for (_, _, index) in groups.into_iter().skip(OFFSETS_MAX - 1).flatten() {
            if let Some(place) = places.get_mut(*index) {
                *place = 0;
            }
        }
    }
}

/// The windows of a text that start before `end`: place and key.
fn windows(text: &[u8], width: usize, end: usize) -> impl Iterator<Item = (u8, u64)> {
    (0..end.min(text.len()))
        .map_while(move |offset| key_at(text, offset, width).map(|key| (offset as u8, key)))
}

struct Counts {
    hasher: Hasher,
    slots: Vec<u32>,
}

impl Counts {
    /// Room for the windows of texts of these lengths.
    fn of_texts(lengths: impl Iterator<Item = usize>) -> Self {
        let windows = lengths.fold(0, usize::saturating_add);
        let slots = windows
            .saturating_mul(4)
            .clamp(*SLOTS.start(), *SLOTS.end());
        Self {
            hasher: Hasher::new(0),
            slots: vec![0; slots],
        }
    }

    fn add(&mut self, key: u64) {
        let slot = self.hasher.hash(key).one_of(self.slots.len());
        if let Some(count) = self.slots.get_mut(slot) {
            *count = count.saturating_add(1);
        }
    }

    fn of(&self, key: u64) -> u32 {
        self.slots
            .get(self.hasher.hash(key).one_of(self.slots.len()))
            .copied()
            .unwrap_or(0)
    }
}
