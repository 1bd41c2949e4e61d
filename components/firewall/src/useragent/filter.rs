//! The blocked Bloom filter in front of the buckets: one 64-bit word and three of its bits for each window.
//!
//! One word means one read, whatever the answer. At 16 bits a window about one window in 40 passes
//! wrongly; small filters are given 64 bits a window, where almost none does.

use super::hash::Hash;

/// Up to this size a filter is given 64 bits a window: it still fits the first-level cache.
const SMALL_WORDS: usize = 2048;

/// A filter as it lies in the table.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a>(pub(super) &'a [[u8; 8]]);

impl Filter<'_> {
    /// Whether the window may be there. `false` is certain.
    #[inline]
    pub(super) fn may_have(self, hash: Hash) -> bool {
        match self.0.get(hash.one_of(self.0.len())) {
            Some(word) => u64::from_le_bytes(*word) & hash.bits() == hash.bits(),
            None => false,
        }
    }
}

/// A filter of the given windows, as bytes.
pub(super) fn build(hashes: &[Hash]) -> Vec<u8> {
    if hashes.is_empty() {
        return Vec::new();
    }
    let count = hashes
        .len()
        .clamp(64, SMALL_WORDS)
        .max(hashes.len().div_ceil(4));
    let mut words = vec![0_u64; count];
    for hash in hashes {
        if let Some(word) = words.get_mut(hash.one_of(count)) {
            *word |= hash.bits();
        }
    }
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::hash::Hasher;
    use super::*;

    /// The share of 100,000 windows that are not in it which a filter of `count` windows lets pass.
    fn wrong(count: u64) -> f64 {
        let hasher = Hasher::new(1);
        // Keys that look like text: digits in the place of letters.
        let key = |number: u64| {
            u64::from_le_bytes(format!("{number:08}").into_bytes().try_into().unwrap())
        };
        let hashes: Vec<_> = (0..count).map(|number| hasher.hash(key(number))).collect();
        let bytes = build(&hashes);
        let filter = Filter(bytes.as_chunks().0);
        assert!(
            hashes.iter().all(|hash| filter.may_have(*hash)),
            "a window is lost"
        );
        let others = count..count + 100_000;
        let passed = others
            .filter(|number| filter.may_have(hasher.hash(key(*number))))
            .count();
        passed as f64 / 100_000.0
    }

    #[test]
    fn few_windows_pass_wrongly() {
        for (count, most) in [(15, 0.002), (1_500, 0.01), (20_000, 0.04), (150_000, 0.04)] {
            let share = wrong(count);
            assert!(share <= most, "{count} windows: {share}");
        }
    }
}
