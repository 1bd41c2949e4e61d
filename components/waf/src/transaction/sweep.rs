//! One pass over values for all the rules that read them in the same form.

use super::Transaction;
use crate::engine::{Aim, Group};
use crate::store::ValueId;
use crate::workspace::Aimed;
use lockgate_patterns::GroupId;

impl Transaction<'_> {
    /// Whether a pattern matches one of the values of a group. What is answered for one pattern
    /// is known for all.
    pub(super) fn group_has(&mut self, group: u16, pattern: u32) -> bool {
        let at = usize::from(group);
        if self.workspace.group_epochs.get(at).copied() != Some(self.epoch) {
            self.sweep(at);
        }
        let word = at * self.workspace.group_words + pattern as usize / 64;
        self.workspace
            .group_bits
            .get(word)
            .is_some_and(|bits| bits >> (pattern % 64) & 1 == 1)
    }

    fn sweep(&mut self, at: usize) {
        let engine = self.engine;
        let Some(group) = engine.groups.get(at) else {
            return;
        };
        let words = self.workspace.group_words;
        if let Some(epoch) = self.workspace.group_epochs.get_mut(at) {
            let swept = std::mem::replace(epoch, self.epoch) != 0;
            if swept
                && let Some(bits) = self
                    .workspace
                    .group_bits
                    .get_mut(at * words..(at + 1) * words)
            {
                bits.fill(0);
            }
        }
        for aim in &group.aims {
            let index = usize::from(*aim);
            let Some(place) = self.workspace.aims.get_mut(index) else {
                continue;
            };
            let mut aimed = std::mem::take(place);
            if (aimed.epoch != self.epoch || aimed.filter != group.filter)
                && let Some(aim) = engine.aims.get(index)
            {
                self.take_aim(aim, group.filter, &mut aimed);
            }
            self.scan_group(group, &aimed, at * words);
            if let Some(place) = self.workspace.aims.get_mut(index) {
                *place = aimed;
            }
        }
    }

    /// Finds the values of an aim, and what is common to them all.
    fn take_aim(&mut self, aim: &Aim, filter: GroupId, aimed: &mut Aimed) {
        let mut items = std::mem::take(&mut self.workspace.items);
        items.clear();
        self.look(&aim.target, &mut items);
        aimed.epoch = self.epoch;
        aimed.filter = filter;
        aimed.values.clear();
        aimed.may_change = 0;
        aimed.prescan.clear();
        for item in &items {
            if aim.exclusions.iter().any(|one| self.excludes(one, item)) {
                continue;
            }
            aimed.values.push(item.value);
            aimed.may_change |= self.may_change(item.value);
            let workspace = &mut self.workspace;
            let (scans, values) = (&mut workspace.scans, &workspace.values);
            scans.join(
                &self.engine.patterns,
                values,
                item.value,
                filter,
                &mut aimed.prescan,
            );
        }
        self.workspace.items = items;
    }

    fn scan_group(&mut self, group: &Group, aimed: &Aimed, first_word: usize) {
        if aimed.values.is_empty() {
            return;
        }
        let list = self.engine.lists.get(usize::from(group.chain));
        let mask = list.map_or(0, |list| list.mask);
        // Whether a pattern could match a value as it came. It is certain when it cannot.
        let untouched = self.engine.patterns.may_match(group.set, &aimed.prescan);
        if !untouched && aimed.may_change & mask == 0 {
            return;
        }
        let mut forms = std::mem::take(&mut self.workspace.forms);
        for value in &aimed.values {
            if self.may_change(*value) & mask == 0 {
                if untouched {
                    self.scan_for(group, *value, first_word);
                }
                continue;
            }
            forms.clear();
            if group.multi_match {
                self.all_forms(*value, group.chain, &mut forms);
            } else {
                forms.push(self.changed(*value, group.chain));
            }
            for form in &forms {
                self.scan_for(group, *form, first_word);
            }
            if self.is_exhausted() {
                break;
            }
        }
        self.workspace.forms = forms;
    }

    fn scan_for(&mut self, group: &Group, form: ValueId, first_word: usize) {
        let workspace = &mut self.workspace;
        let (scans, values) = (&mut workspace.scans, &workspace.values);
        scans.scan(&self.engine.patterns, values, form, group.set);
        for pattern in scans.hits(form) {
            let word = first_word + pattern as usize / 64;
            if let Some(bits) = workspace.group_bits.get_mut(word) {
                *bits |= 1 << (pattern % 64);
            }
        }
    }
}
