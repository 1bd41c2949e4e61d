//! The filter: one pass over a value leaves the patterns that could match it.
//!
//! Each pattern has up to [`SLOTS`] conditions "one of these literals occurs", each a bit. Rows of the
//! automaton that end a literal set their bits; a pattern remains when all its bits are set, every byte set
//! that it asks for occurs, and the value is long enough. Literals and byte sets fold ASCII case.

use crate::ids::GroupId;
use crate::tables::{GroupMeta, SLOTS, Tables, part};

/// The patterns of one group that could match one value, or any ASCII-case variant of it.
#[derive(Debug, Clone, Default)]
pub struct Prescan {
    pub(crate) group: GroupId,
    /// Bits in the numbering of the group.
    pub(crate) candidates: Vec<u64>,
}

impl Prescan {
    /// How many patterns remain.
    #[must_use]
    pub fn len(&self) -> usize {
        self.candidates
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Adds what another prescan in the same group left: what remains could match one value or the other.
    /// A fresh one takes the other's group.
    pub fn join(&mut self, other: &Self) {
        if self.candidates.is_empty() {
            self.clone_from(other);
        } else if self.group == other.group {
            for (all, more) in self.candidates.iter_mut().zip(&other.candidates) {
                *all |= more;
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.candidates.clear();
    }

    /// Whether no pattern of the group can match.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.candidates.iter().all(|word| *word == 0)
    }
}

/// Reads `value` with the filter of group `number`. Without such a group nothing remains.
pub(crate) fn prescan(
    tables: &Tables,
    group: GroupId,
    value: &[u8],
    seen: &mut Vec<u64>,
    prescan: &mut Prescan,
) {
    prescan.group = group;
    prescan.candidates.clear();
    let Some(meta) = tables.meta.groups.get(usize::from(group.0)) else {
        return;
    };
    seen.clear();
    seen.extend_from_slice(&meta.preset);
    let present = read(tables, meta, value, seen);
    let words = meta.preset.len() / SLOTS;
    for word in 0..words {
        let mut bits = u64::MAX;
        for slot in 0..SLOTS {
            bits &= seen.get(slot * words + word).copied().unwrap_or(0);
        }
        let mut left = bits;
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            let gate = meta
                .gates
                .get(word * 64 + bit as usize)
                .copied()
                .unwrap_or_default();
            if present & gate.sets != gate.sets || (value.len() as u64) < u64::from(gate.length_min)
            {
                bits &= !(1 << bit);
            }
        }
        prescan.candidates.push(bits);
    }
}

/// Runs the automaton. The answer tells which byte sets occur.
fn read(tables: &Tables, meta: &GroupMeta, value: &[u8], seen: &mut [u64]) -> u64 {
    let rows = part(&tables.cells, meta.rows);
    let (Some(classes), Some(in_sets)) = (
        tables.classes.get(meta.classes as usize),
        meta.in_sets.first_chunk::<256>(),
    ) else {
        return u64::MAX;
    };
    let mut present = 0;
    let mut row = 0_u16;
    for byte in value {
        let byte = usize::from(*byte);
        present |= in_sets.get(byte).copied().unwrap_or(0);
        let class = classes.get(byte).copied().unwrap_or(0);
        let place = usize::from(row) << meta.shift | usize::from(class);
        row = rows.get(place).copied().unwrap_or(0);
        if row >= meta.reporting {
            report(meta, row - meta.reporting, seen);
        }
    }
    present
}

fn report(meta: &GroupMeta, row: u16, seen: &mut [u64]) {
    let number = usize::from(meta.report_of.get(usize::from(row)).copied().unwrap_or(0));
    let start = number
        .checked_sub(1)
        .and_then(|before| meta.report_ends.get(before))
        .map_or(0, |end| *end as usize);
    let end = meta
        .report_ends
        .get(number)
        .map_or(start, |end| *end as usize);
    for (word, bits) in meta.reports.get(start..end).unwrap_or_default() {
        if let Some(seen) = seen.get_mut(usize::from(*word)) {
            *seen |= bits;
        }
    }
}
