//! The memory of a transaction, kept for the next one.

use crate::engine::Engine;
use crate::program::{Collection, Exclusion};
use crate::scan::Scans;
use crate::store::{EMPTY, Fields, Memo, ValueId, Values};
use lockgate_patterns::{GroupId, Prescan};

/// The memory of a transaction. Handed from one to the next ([`crate::Transaction::with`],
/// [`crate::Transaction::finish`]) it saves allocations; it holds at most about a megabyte between
/// transactions.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) values: Values,
    pub(crate) fields: Fields,
    pub(crate) scans: Scans,
    /// What a transformation makes of a value, by value and transformation.
    pub(crate) changed: Memo,
    /// `@detectSQLi` and `@detectXSS`, by value.
    pub(crate) injections: Memo,
    /// The variables with one value, by [`Collection`].
    pub(crate) singles: Vec<ValueId>,
    pub(crate) aims: Vec<Aimed>,
    pub(crate) group_epochs: Vec<u32>,
    /// The patterns that match in each group, as bits. All are clear until a sweep sets them.
    pub(crate) group_bits: Vec<u64>,
    pub(crate) group_words: usize,
    pub(crate) items: Vec<Item>,
    pub(crate) forms: Vec<ValueId>,
    pub(crate) matched_vars: Vec<Item>,
    /// Rules that `ctl` took away, as bits.
    pub(crate) removed: Vec<u64>,
    /// Targets that `ctl` took away: first and last rule, and what they do not look at.
    pub(crate) removed_targets: Vec<(u32, u32, Exclusion)>,
    pub(crate) buffer: Vec<u8>,
    pub(crate) text: Vec<u8>,
}

/// What is known of the values of an aim.
#[derive(Debug, Default)]
pub(crate) struct Aimed {
    /// When it was found out; 0 is never.
    pub(crate) epoch: u32,
    pub(crate) values: Vec<ValueId>,
    /// The transformations that may change one of them.
    pub(crate) may_change: u64,
    /// The patterns that could match one of them.
    pub(crate) prescan: Prescan,
    pub(crate) filter: GroupId,
}

/// A value that a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) collection: Collection,
    pub(crate) name: Name,
    pub(crate) value: ValueId,
}

/// The name of a value within its collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    None,
    Value(ValueId),
    Slot(u16),
    /// Of `MATCHED_VARS`: the position of what matched.
    Matched(u16),
}

impl Workspace {
    /// Forgets everything, ready for a transaction of a program.
    pub(crate) fn clear(&mut self, engine: &Engine) {
        let limits = &engine.program.settings.limits;
        self.values.clear(limits.arena_bytes_max as usize);
        self.fields.clear();
        self.scans.clear(engine.set_count);
        self.changed.clear();
        self.injections.clear();
        self.singles.clear();
        self.singles.resize(Collection::ALL.len(), EMPTY);
        self.aims.resize_with(engine.aims.len(), Aimed::default);
        for aimed in &mut self.aims {
            aimed.epoch = 0;
            aimed.values.shrink_to(1 << 8);
        }
        let groups = engine.groups.len();
        self.group_epochs.clear();
        self.group_epochs.resize(groups, 0);
        self.group_words = (engine.pattern_count as usize).div_ceil(64);
        self.group_bits.clear();
        self.group_bits.resize(groups * self.group_words, 0);
        self.items.clear();
        self.items.shrink_to(1 << 10);
        self.forms.clear();
        self.matched_vars.clear();
        self.matched_vars.shrink_to(1 << 10);
        self.removed.clear();
        self.removed_targets.clear();
        self.buffer.clear();
        self.buffer.shrink_to(1 << 16);
        self.text.clear();
        self.text.shrink_to(1 << 16);
    }

    pub(crate) fn single(&self, collection: Collection) -> ValueId {
        self.singles
            .get(collection as usize)
            .copied()
            .unwrap_or(EMPTY)
    }

    pub(crate) fn set_single(&mut self, collection: Collection, value: &[u8]) {
        let id = self.values.intern(value);
        if let Some(place) = self.singles.get_mut(collection as usize) {
            *place = id;
        }
    }

    pub(crate) fn set_number(&mut self, collection: Collection, number: u64) {
        let mut digits = Digits::default();
        self.set_single(collection, digits.of_u64(number));
    }
}

/// Room for the digits of a number.
#[derive(Debug, Default)]
pub(crate) struct Digits {
    room: [u8; 20],
}

impl Digits {
    /// The digits of a number.
    pub(crate) fn of_u64(&mut self, mut number: u64) -> &[u8] {
        let mut start = self.room.len();
        for (at, place) in self.room.iter_mut().enumerate().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
            start = at;
            if number == 0 {
                break;
            }
        }
        self.room.get(start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits() {
        for number in [0, 7, 10, 1_234_567, u64::MAX] {
            assert_eq!(
                Digits::default().of_u64(number),
                number.to_string().as_bytes()
            );
        }
    }
}
