//! Working memory that scans share.

use crate::lazy::Lazy;
use crate::pike::Pike;
use crate::prescan::Prescan;
use crate::subset::Subset;

/// How many automata that are built as they go are kept, each for one pattern.
const KEPT: usize = 40;
/// Bytes that they may fill together; with more, those that were not used for longest are given up.
const KEPT_BYTES_MAX: usize = 430_000;

/// Working memory of scans: bounded, and worth keeping from value to value. A fresh one is empty and grows
/// with use.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) seen: Vec<u64>,
    pub(crate) prescan: Prescan,
    pub(crate) subset: Subset,
    pub(crate) pike: Pike,
    /// The patterns that `kept` belongs to.
    digest: u64,
    kept: Vec<Kept>,
    clock: u64,
}

#[derive(Debug)]
struct Kept {
    pattern: u32,
    used: u64,
    lazy: Lazy,
}

impl Scratch {
    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let kept: usize = self.kept.iter().map(|kept| kept.lazy.bytes()).sum();
        kept + self.subset.bytes() + self.pike.bytes() + self.seen.capacity() * 8
    }

    /// The automaton of `pattern` so far, of the patterns with this digest: the least recently used one given up for it, and the working
    /// memory to go on.
    pub(crate) fn lazy(&mut self, digest: u64, pattern: u32) -> (Option<&mut Lazy>, &mut Subset) {
        if self.digest != digest {
            self.digest = digest;
            self.kept.clear();
        }
        self.clock += 1;
        let found = self.kept.iter().position(|kept| kept.pattern == pattern);
        let place = match found {
            Some(place) => place,
            None if self.kept.len() < KEPT => {
                self.kept.push(Kept {
                    pattern,
                    used: 0,
                    lazy: Lazy::default(),
                });
                self.kept.len() - 1
            }
            None => {
                let oldest = self
                    .kept
                    .iter()
                    .enumerate()
                    .min_by_key(|(_, kept)| kept.used);
                let place = oldest.map_or(0, |(place, _)| place);
                if let Some(kept) = self.kept.get_mut(place) {
                    kept.lazy.clear();
                    kept.pattern = pattern;
                }
                place
            }
        };
        let clock = self.clock;
        let lazy = self.kept.get_mut(place).map(|kept| {
            kept.used = clock;
            &mut kept.lazy
        });
        (lazy, &mut self.subset)
    }

    /// Keeps the automata within their bound, after one has grown.
    pub(crate) fn settle(&mut self) {
        let mut total: usize = self.kept.iter().map(|kept| kept.lazy.bytes()).sum();
        while total > KEPT_BYTES_MAX && self.kept.len() > 1 {
            let oldest = self
                .kept
                .iter()
                .enumerate()
                .min_by_key(|(_, kept)| kept.used);
            let place = oldest.map_or(0, |(place, _)| place);
            total -= self.kept.swap_remove(place).lazy.bytes();
        }
    }
}
