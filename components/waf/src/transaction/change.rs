//! Values in other forms: what transformations make of them.

use super::Transaction;
use crate::store::{MAY_CHANGE_KNOWN, ValueId};
use lockgate_transform::{Summary, Transformation};

impl Transaction<'_> {
    /// The value after the transformations of a list.
    pub(super) fn changed(&mut self, id: ValueId, list: u16) -> ValueId {
        let engine = self.engine;
        let Some(list) = engine.lists.get(usize::from(list)) else {
            return id;
        };
        if list.mask == 0 || self.may_change(id) & list.mask == 0 {
            return id;
        }
        let mut current = id;
        for step in &list.steps {
            current = self.change_once(current, *step);
        }
        current
    }

    /// The value, and after it every form that a transformation of the list newly made, into
    /// `forms` (`multiMatch`).
    pub(super) fn all_forms(&mut self, id: ValueId, list: u16, forms: &mut Vec<ValueId>) {
        let engine = self.engine;
        forms.push(id);
        let Some(list) = engine.lists.get(usize::from(list)) else {
            return;
        };
        let mut current = id;
        for step in &list.steps {
            let next = self.change_once(current, *step);
            if next != current {
                forms.push(next);
                current = next;
            }
        }
    }

    fn change_once(&mut self, id: ValueId, step: u8) -> ValueId {
        if self.may_change(id) >> (step % 63) & 1 == 0 {
            return id;
        }
        let key = u64::from(id.0) << 8 | u64::from(step);
        let workspace = &mut self.workspace;
        if let Some(known) = workspace.changed.get(key) {
            return ValueId(known);
        }
        let Some(transformation) = self.engine.transformations.get(usize::from(step)) else {
            return id;
        };
        let value = workspace.values.get(id);
        workspace.scans.work_bytes += value.len() as u64;
        let changed = transformation.apply(value, &mut workspace.buffer);
        let mut next = id;
        if changed {
            next = workspace.values.intern(&workspace.buffer);
            if matches!(
                transformation,
                Transformation::Lowercase | Transformation::Uppercase
            ) {
                workspace.values.set_like(next, id);
            }
        }
        workspace.changed.insert(key, next.0);
        next
    }

    /// Which transformations may change a value, a bit each.
    pub(super) fn may_change(&mut self, id: ValueId) -> u64 {
        let known = self.workspace.values.may_change(id);
        if known & MAY_CHANGE_KNOWN != 0 {
            return known;
        }
        let summary = Summary::of(self.workspace.values.get(id));
        let mut mask = MAY_CHANGE_KNOWN;
        for (at, transformation) in self.engine.transformations.iter().enumerate() {
            if transformation.may_change(summary) {
                mask |= 1 << (at % 63);
            }
        }
        self.workspace.values.set_may_change(id, mask);
        mask
    }
}
