//! The column of pattern texts and the one search that everything ends in.

use super::Span;
use crate::table::{Reader, TableError, items, u32_at};
use std::ops::Range;

/// Where the column's parts lie in the table.
#[derive(Debug, Clone)]
pub(super) struct TextPlaces {
    offsets: Range<usize>,
    ids: Range<usize>,
    bytes: Range<usize>,
}

impl TextPlaces {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, TableError> {
        Ok(Self {
            offsets: reader.section(4)?,
            ids: reader.section(4)?,
            bytes: reader.section(1)?,
        })
    }

    pub(super) fn view<'a>(&self, table: &'a [u8]) -> Texts<'a> {
        Texts {
            offsets: items::<4>(table, &self.offsets),
            ids: items::<4>(table, &self.ids),
            bytes: table.get(self.bytes.clone()).unwrap_or_default(),
        }
    }
}

/// Texts, folded, by entry: first the contained ones in the order of their groups, then those that start,
/// those that end (reversed) and those that equal. Each group and each anchored run is sorted and
/// prefix-free: no text in it begins with another one.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    pub(super) offsets: &'a [[u8; 4]],
    pub(super) ids: &'a [[u8; 4]],
    pub(super) bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    /// How many entries there are.
    pub(super) fn len(self) -> usize {
        self.ids.len()
    }

    /// The text of one entry; empty when there is none.
    #[inline]
    pub(super) fn text(self, entry: usize) -> &'a [u8] {
        let ends = self
            .offsets
            .get(entry..)
            .and_then(|rest| rest.first_chunk::<2>());
        let Some([start, end]) = ends else { return &[] };
        let (start, end) = (u32::from_le_bytes(*start), u32::from_le_bytes(*end));
        self.bytes
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// The entry of a sorted, prefix-free run that `query` begins with. There is at most one.
    ///
    /// Strings that begin with one text are neighbours in the order, so that text, if any, is the greatest
    /// that is not above `query`.
    #[inline]
    pub(super) fn prefix_of(self, run: Span, query: &[u8]) -> Option<usize> {
        let entry = self.last_not_above(run, query)?;
        query.starts_with(self.text(entry)).then_some(entry)
    }

    /// The entry of a sorted run that is `query`.
    pub(super) fn equal_to(self, run: Span, query: &[u8]) -> Option<usize> {
        let entry = self.last_not_above(run, query)?;
        (self.text(entry) == query).then_some(entry)
    }

    fn last_not_above(self, run: Span, query: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (run.start, run.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.text(middle) <= query {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1).filter(|entry| *entry >= run.start)
    }

    /// Keeps the lower of `lowest` and the found entry's pattern index.
    #[inline]
    pub(super) fn note(self, entry: Option<usize>, lowest: &mut u32) {
        if let Some(id) = entry.and_then(|entry| u32_at(self.ids, entry)) {
            *lowest = id.min(*lowest);
        }
    }
}
