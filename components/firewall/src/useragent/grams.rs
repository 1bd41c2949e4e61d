//! The index of windows of one width: filter, buckets, groups.
//!
//! A *group* is the patterns that are filed under the same window at the same place of their text. Its head
//! (12 bytes): the hash's tag, the first entry, and entries × 256 + place. The column of buckets has one
//! number more than there are buckets: bucket `b` owns the group heads from number `b` to number `b + 1`.

use super::Span;
use super::filter::Filter;
use super::hash::{Hash, Hasher, key};
use super::texts::Texts;
use crate::table::{Reader, TableError, items, u32_at};
use std::ops::Range;

/// Where an index lies in the table.
#[derive(Debug, Clone, Default)]
pub(super) struct GramPlaces {
    seed: u32,
    filter: Range<usize>,
    buckets: Range<usize>,
    groups: Range<usize>,
}

/// An index as it lies in the table.
#[derive(Clone, Copy)]
pub(super) struct Grams<'a> {
    pub(super) hasher: Hasher,
    pub(super) filter: Filter<'a>,
    pub(super) buckets: &'a [[u8; 4]],
    pub(super) groups: &'a [[u8; 12]],
}

/// The head of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The hash of the window.
    pub(super) tag: u32,
    /// First entry in the column of texts.
    pub(super) start: u32,
    /// Number of entries, below 2^24.
    pub(super) count: u32,
    /// Where in the text the window stands.
    pub(super) offset: u8,
}

impl Group {
    pub(super) fn to_bytes(self) -> [u8; 12] {
        let last = (self.count << 8) | u32::from(self.offset);
        let mut bytes = [0; 12];
        let numbers = [self.tag, self.start, last]
            .into_iter()
            .flat_map(u32::to_le_bytes);
        for (to, from) in bytes.iter_mut().zip(numbers) {
            *to = from;
        }
        bytes
    }

    #[inline]
    pub(super) fn from_bytes(bytes: &[u8; 12]) -> Self {
        let [a, b, c, d, e, f, g, h, offset, i, j, k] = *bytes;
        Self {
            tag: u32::from_le_bytes([a, b, c, d]),
            start: u32::from_le_bytes([e, f, g, h]),
            count: u32::from_le_bytes([i, j, k, 0]),
            offset,
        }
    }

    pub(super) fn span(self) -> Span {
        Span {
            start: self.start as usize,
            end: self.start.saturating_add(self.count) as usize,
        }
    }
}

impl GramPlaces {
    pub(super) fn read(reader: &mut Reader<'_>, seed: u32) -> Result<Self, TableError> {
        Ok(Self {
            seed,
            filter: reader.section(8)?,
            buckets: reader.section(4)?,
            groups: reader.section(12)?,
        })
    }

    pub(super) fn view<'a>(&self, table: &'a [u8]) -> Grams<'a> {
        Grams {
            hasher: Hasher::new(self.seed),
            filter: Filter(items::<8>(table, &self.filter)),
            buckets: items::<4>(table, &self.buckets),
            groups: items::<12>(table, &self.groups),
        }
    }

    /// Notes every pattern of this index that `folded` contains.
    #[inline(never)]
    pub(super) fn scan<const W: usize>(
        &self,
        table: &[u8],
        texts: Texts<'_>,
        folded: &[u8],
        lowest: &mut u32,
    ) {
        if self.groups.is_empty() {
            return;
        }
        let grams = self.view(table);
        for (at, window) in folded.array_windows::<W>().enumerate() {
            let hash = grams.hasher.hash(key(window));
            if grams.filter.may_have(hash) {
                grams.verify(hash, at, texts, folded, lowest);
            }
        }
    }
}

impl<'a> Grams<'a> {
    /// The group heads of one bucket.
    pub(super) fn bucket(self, index: usize) -> &'a [[u8; 12]] {
        let ends = self
            .buckets
            .get(index..)
            .and_then(|rest| rest.first_chunk::<2>());
        let Some([start, end]) = ends else { return &[] };
        let (start, end) = (u32::from_le_bytes(*start), u32::from_le_bytes(*end));
        self.groups
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// How many buckets there are.
    pub(super) fn bucket_count(self) -> usize {
        self.buckets.len().saturating_sub(1)
    }

    /// The `index`-th number of the column of buckets.
    pub(super) fn bucket_start(self, index: usize) -> Option<u32> {
        u32_at(self.buckets, index)
    }

    /// A window at `at` passed the filter: looks whether a pattern stands around it.
    #[inline(never)]
    fn verify(self, hash: Hash, at: usize, texts: Texts<'_>, folded: &[u8], lowest: &mut u32) {
        for group in self.bucket(hash.one_of(self.bucket_count())) {
            let group = Group::from_bytes(group);
            if group.tag != hash.0 {
                continue;
            }
            let rest = at
                .checked_sub(usize::from(group.offset))
                .and_then(|start| folded.get(start..));
            if let Some(rest) = rest {
                texts.note(texts.prefix_of(group.span(), rest), lowest);
            }
        }
    }
}
