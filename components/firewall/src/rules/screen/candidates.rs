//! The rules that may match a request.

/// A set of rules, and which groups of it were looked at.
#[derive(Debug, Default)]
pub(in crate::rules) struct Candidates {
    words: Vec<u64>,
    settled: u64,
}

impl Candidates {
    /// Empties the set, and makes room for so many rules.
    pub(super) fn reset(&mut self, rules: usize) {
        self.words.clear();
        self.words.resize(rules.div_ceil(64), 0);
        self.settled = 0;
    }

    /// All of so many rules, in groups that need no look.
    #[cfg(test)]
    pub(in crate::rules) fn all(&mut self, rules: usize) {
        self.words.clear();
        self.words.resize(rules.div_ceil(64), u64::MAX);
        self.settled = u64::MAX;
    }

    #[inline]
    pub(super) fn add(&mut self, rule: u32) {
        if let Some(word) = self.words.get_mut(rule as usize / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    pub(in crate::rules) fn remove(&mut self, rule: u32) {
        if let Some(word) = self.words.get_mut(rule as usize / 64) {
            *word &= !(1 << (rule % 64));
        }
    }

    /// The first rule of the set from this one on.
    pub(in crate::rules) fn from(&self, rule: u32) -> Option<u32> {
        let first = rule / 64;
        let mut mask = u64::MAX << (rule % 64);
        for (number, word) in (first..).zip(self.words.get(first as usize..)?) {
            let left = word & mask;
            if left != 0 {
                return Some(number * 64 + left.trailing_zeros());
            }
            mask = u64::MAX;
        }
        None
    }

    /// Whether a group, below 64, is looked at for the first time.
    pub(in crate::rules) fn settle(&mut self, group: u8) -> bool {
        let bit = 1 << (group % 64);
        let first = self.settled & bit == 0;
        self.settled |= bit;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_their_order() {
        let mut set = Candidates::default();
        set.reset(200);
        for rule in [0, 5, 63, 64, 199] {
            set.add(rule);
        }
        set.remove(5);
        let mut told = Vec::new();
        let mut from = 0;
        while let Some(rule) = set.from(from) {
            told.push(rule);
            from = rule + 1;
        }
        assert_eq!(told, [0, 63, 64, 199]);
        assert!(set.settle(3) && !set.settle(3) && set.settle(63));
        set.reset(3);
        assert_eq!(set.from(0), None);
        set.all(3);
        assert_eq!(set.from(2), Some(2));
        assert!(!set.settle(3));
    }
}
