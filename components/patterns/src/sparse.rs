//! A set of small numbers that remembers the order of insertion.

/// Numbers below a capacity; clearing takes constant time.
#[derive(Debug, Default)]
pub(crate) struct SparseSet {
    dense: Vec<u32>,
    places: Vec<u32>,
}

impl SparseSet {
    /// Empties the set and makes room for numbers below `capacity`.
    pub(crate) fn reset(&mut self, capacity: usize) {
        self.dense.clear();
        if self.places.len() < capacity {
            self.places.resize(capacity, 0);
        }
    }

    /// Empties the set.
    pub(crate) fn clear(&mut self) {
        self.dense.clear();
    }

    /// Adds `number`. False when it is there already, or not below the capacity.
    pub(crate) fn insert(&mut self, number: u32) -> bool {
        let Some(place) = self.places.get_mut(number as usize) else {
            return false;
        };
        if self.dense.get(*place as usize) == Some(&number) {
            return false;
        }
        *place = self.dense.len() as u32;
        self.dense.push(number);
        true
    }

    /// The numbers in the order in which they came.
    pub(crate) fn items(&self) -> &[u32] {
        &self.dense
    }

    /// The numbers, to be sorted; only [`Self::reset`] or [`Self::clear`] may follow.
    pub(crate) fn items_mut(&mut self) -> &mut Vec<u32> {
        &mut self.dense
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        (self.dense.capacity() + self.places.capacity()) * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_each_number_once_in_order() {
        let mut set = SparseSet::default();
        set.reset(10);
        assert!(set.insert(7));
        assert!(set.insert(2));
        assert!(!set.insert(7));
        assert!(!set.insert(10));
        assert_eq!(set.items(), [7, 2]);
        set.clear();
        assert!(set.insert(2));
        assert_eq!(set.items(), [2]);
    }
}
