//! Which patterns match which values, found out once for each value.

use crate::store::{Memo, ValueId, Values};
use lockgate_patterns::{Captures, GroupId, PatternId, Patterns, Prescan, Scratch, SetId};

/// Prescans that are kept for the next transaction.
const PRESCANS_KEPT: usize = 1 << 9;

/// No further hit.
const NONE: u32 = u32::MAX;

/// A pattern that matches a value, and the next one of that value.
#[derive(Clone, Copy, Debug)]
struct Hit {
    pattern: u32,
    next: u32,
}

/// What has been found out.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    scratch: Scratch,
    found: Vec<PatternId>,
    /// Used ones in front.
    prescans: Vec<Prescan>,
    prescans_used: usize,
    /// The position of a value's prescan, by value and group.
    prescan_of: Memo,
    /// The sets that each value has been scanned with; `words` words a value.
    scanned: Vec<u64>,
    words: usize,
    /// The first hit of each value.
    first: Vec<u32>,
    hits: Vec<Hit>,
    /// Answers about patterns outside of sets, by value and pattern.
    single: Memo,
    /// Bytes read so far.
    pub(crate) work_bytes: u64,
}

impl Scans {
    /// Forgets everything; `sets` sets are to come.
    pub(crate) fn clear(&mut self, sets: u32) {
        self.words = (sets as usize).div_ceil(64).max(1);
        self.prescans.truncate(PRESCANS_KEPT);
        self.prescans_used = 0;
        self.prescan_of.clear();
        self.scanned.clear();
        self.scanned.shrink_to(1 << 12);
        self.first.clear();
        self.first.shrink_to(1 << 12);
        self.hits.clear();
        self.hits.shrink_to(1 << 10);
        self.single.clear();
        self.work_bytes = 0;
    }

    /// Scans a value with a set, unless it has been.
    pub(crate) fn scan(&mut self, patterns: &Patterns, values: &Values, id: ValueId, set: SetId) {
        let at = id.0 as usize * self.words + set.0 as usize / 64;
        if self.scanned.len() <= at {
            let room = values.len().max(id.0 as usize + 1);
            self.scanned.resize(room * self.words, 0);
            self.first.resize(room, NONE);
        }
        let Some(word) = self.scanned.get_mut(at) else {
            return;
        };
        let bit = 1 << (set.0 % 64);
        if *word & bit != 0 {
            return;
        }
        *word |= bit;
        let Some(group) = patterns.group_of(set) else {
            return;
        };
        let prescan = self.prescan(patterns, values, id, group);
        let Some(prescan) = self.prescans.get(prescan) else {
            return;
        };
        if !patterns.may_match(set, prescan) {
            return;
        }
        let value = values.get(id);
        self.work_bytes += value.len() as u64;
        self.found.clear();
        patterns.scan_with(set, value, prescan, &mut self.scratch, &mut self.found);
        let Some(first) = self.first.get_mut(id.0 as usize) else {
            return;
        };
        for pattern in &self.found {
            self.hits.push(Hit {
                pattern: pattern.0,
                next: *first,
            });
            *first = self.hits.len() as u32 - 1;
        }
    }

    fn prescan(
        &mut self,
        patterns: &Patterns,
        values: &Values,
        id: ValueId,
        group: GroupId,
    ) -> usize {
        let id = values.like(id);
        let key = u64::from(id.0) << 8 | u64::from(group.0);
        if let Some(at) = self.prescan_of.get(key) {
            return at as usize;
        }
        let at = self.prescans_used;
        self.prescans_used += 1;
        if self.prescans.len() <= at {
            self.prescans.push(Prescan::default());
        }
        if let Some(prescan) = self.prescans.get_mut(at) {
            let value = values.get(id);
            self.work_bytes += value.len() as u64;
            patterns.prescan(group, value, &mut self.scratch, prescan);
        }
        self.prescan_of.insert(key, at as u32);
        at
    }

    /// Adds the patterns that could match a value to `all`.
    pub(crate) fn join(
        &mut self,
        patterns: &Patterns,
        values: &Values,
        id: ValueId,
        group: GroupId,
        all: &mut Prescan,
    ) {
        let at = self.prescan(patterns, values, id, group);
        if let Some(prescan) = self.prescans.get(at) {
            all.join(prescan);
        }
    }

    /// The patterns that are known to match a value.
    pub(crate) fn hits(&self, id: ValueId) -> impl Iterator<Item = u32> {
        let mut next = self.first.get(id.0 as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let hit = self.hits.get(next as usize)?;
            next = hit.next;
            Some(hit.pattern)
        })
    }

    /// Whether a pattern matches a value. `set` is the set that it is scanned with.
    pub(crate) fn is_match(
        &mut self,
        patterns: &Patterns,
        values: &Values,
        id: ValueId,
        pattern: u32,
        set: Option<u16>,
    ) -> bool {
        if let Some(set) = set {
            self.scan(patterns, values, id, SetId(u32::from(set)));
            return self.hits(id).any(|hit| hit == pattern);
        }
        let key = u64::from(id.0) << 16 | u64::from(pattern & 0xffff);
        if let Some(known) = self.single.get(key) {
            return known == 1;
        }
        let value = values.get(id);
        self.work_bytes += value.len() as u64;
        let answer = patterns.is_match(PatternId(pattern), value, &mut self.scratch);
        self.single.insert(key, u32::from(answer));
        answer
    }

    /// Whether a pattern matches a text that is no value.
    pub(crate) fn matches_text(&mut self, patterns: &Patterns, text: &[u8], pattern: u32) -> bool {
        patterns.is_match(PatternId(pattern), text, &mut self.scratch)
    }

    /// The groups of the first match.
    pub(crate) fn captures(
        &mut self,
        patterns: &Patterns,
        value: &[u8],
        pattern: u32,
    ) -> Option<Captures> {
        let mut groups = Captures::default();
        self.work_bytes += value.len() as u64;
        patterns
            .captures(PatternId(pattern), value, &mut self.scratch, &mut groups)
            .then_some(groups)
    }
}
