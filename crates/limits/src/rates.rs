//! Counting requests for rate-based rules: those that are refused count too.

use std::hash::{BuildHasher, Hash, Hasher};

use ahash::RandomState;
use parking_lot::Mutex;

/// Counts that share one place in the table; a key can live in any of them.
const WAYS: usize = 8;
/// Locks; a power of two.
const SHARDS: usize = 64;

/// What a rate-based rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSpec {
    /// Who counts, by [`Rates::identify`].
    pub id: u64,
    /// Requests in a window that are within the limit.
    pub limit: u32,
    /// The window, nanoseconds.
    pub window_ns: u64,
}

/// The counts of all rate-based rules: a fixed number of them, shared by every configuration of the
/// process' life.
///
/// **How it counts.** Each key has two counts, of the window that runs and of the one before. How
/// many requests the last `window` had is estimated from both, as if those of the window before had
/// come evenly: the sliding window counter that Cloudflare described ("How we built rate limiting
/// capable of scaling to millions of domains", 2017), wrong for 0.003 % of their requests. Unlike a
/// limit ([`crate::Limiter`]) it counts what is refused as well, as AWS WAF does: who floods stays
/// refused until he slows down.
///
/// **When it is full.** A key lives in one of 8 places. If all hold others' counts, the one whose
/// window is longest over gives way, or else the smallest.
#[derive(Debug)]
pub struct Rates {
    shards: Box<[Mutex<Box<[Set]>>]>,
    hash_place: RandomState,
    hash_tag: RandomState,
}

type Set = [Count; WAYS];

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    tag: u64,
    /// The number of the window that runs.
    window: u64,
    before: u32,
    now: u32,
}

impl Rates {
    /// A table of `counts_max` counts (rounded up), 24 bytes each. `seed` is the process' secret, as
    /// that of [`crate::Cells::new`].
    #[must_use]
    pub fn new(counts_max: usize, seed: [u64; 4]) -> Self {
        let sets = counts_max.div_ceil(WAYS * SHARDS).max(1);
        let shard = || Mutex::new(vec![Set::default(); sets].into());
        let [a, b, c, d] = seed;
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hash_place: RandomState::with_seeds(c, d, a, b),
            hash_tag: RandomState::with_seeds(b, a ^ 0x9e37_79b9_7f4a_7c15, d, !c),
        }
    }

    /// A stable identity within the life of this table, for those who count.
    #[must_use]
    pub fn identify(&self, what: impl Hash) -> u64 {
        self.hash_tag.hash_one(what)
    }

    /// Counts a request by `key`, and says whether there are now more in the last window than the
    /// limit. `now_ns` is any clock that does not go backwards.
    pub fn charge(&self, now_ns: u64, spec: &RateSpec, key: &[u8]) -> bool {
        let window_ns = spec.window_ns.max(1);
        let (window, into_ns) = (now_ns / window_ns, now_ns % window_ns);
        let hashed = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            hasher.write_u64(spec.id);
            hasher.write_u64(window_ns);
            hasher.write(key);
            hasher.finish()
        };
        let (place, tag) = (hashed(&self.hash_place), hashed(&self.hash_tag));
        let shard = (place as usize) & (SHARDS - 1);
        let mut sets = self.shards[shard].lock();
        // Multiply-shift onto the number of sets. The shard took the low bits, this the high.
        let at = (u128::from(place) * sets.len() as u128) >> 64;
        let count = sets[at as usize].take(tag, window);
        count.now = count.now.saturating_add(1);
        let left = u128::from(window_ns - into_ns);
        let before = u128::from(count.before) * left / u128::from(window_ns);
        before + u128::from(count.now) > u128::from(spec.limit)
    }
}

trait Take {
    /// The count of this tag, moved on to this window.
    fn take(&mut self, tag: u64, window: u64) -> &mut Count;
}

impl Take for Set {
    fn take(&mut self, tag: u64, window: u64) -> &mut Count {
        let own = self.iter().position(|count| count.tag == tag);
        let at = own.unwrap_or_else(|| {
            let least = |at: &usize| (self[*at].window, self[*at].now);
            (0..WAYS).min_by_key(least).unwrap_or(0)
        });
        let count = &mut self[at];
        if own.is_none() {
            *count = Count {
                tag,
                window,
                ..Count::default()
            };
        } else if count.window != window {
            let follows = count.window + 1 == window;
            count.before = if follows { count.now } else { 0 };
            (count.window, count.now) = (window, 0);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn rates() -> (Rates, RateSpec) {
        let rates = Rates::new(1024, [1, 2, 3, 4]);
        let id = rates.identify("flood");
        let spec = RateSpec {
            id,
            limit: 10,
            window_ns: 60 * S,
        };
        (rates, spec)
    }

    #[test]
    fn the_first_above_the_limit_is_over_and_others_are_not() {
        let (rates, spec) = rates();
        let over: Vec<bool> = (0..12).map(|at| rates.charge(at, &spec, b"a")).collect();
        assert_eq!(over.iter().position(|over| *over), Some(10));
        assert!(over[11]);
        assert!(!rates.charge(12, &spec, b"b"));
        let other = RateSpec {
            id: rates.identify("other"),
            ..spec
        };
        assert!(!rates.charge(12, &other, b"a"));
    }

    #[test]
    fn who_goes_on_stays_over_and_who_slows_down_comes_back() {
        let (rates, spec) = rates();
        // One a second is 60 in the window.
        let over = (0..600).map(|s| rates.charge(s * S, &spec, b"a"));
        assert!(over.skip(10).all(|over| over));
        // One in ten seconds is 6.
        let over = (60..90).map(|tens| rates.charge(tens * 10 * S, &spec, b"a"));
        assert!(over.skip(12).all(|over| !over));
    }

    #[test]
    fn the_window_slides() {
        let (rates, spec) = rates();
        // Ten at the end of a window count for the one after, less and less.
        for _ in 0..10 {
            assert!(!rates.charge(59 * S, &spec, b"a"));
        }
        assert!(rates.charge(60 * S, &spec, b"a"));
        assert!(!rates.charge(90 * S, &spec, b"a"));
        // A whole window without a request is forgotten.
        assert!(!rates.charge(600 * S, &spec, b"a"));
    }

    #[test]
    fn a_full_table_forgets_and_stays_in_bounds() {
        let (rates, spec) = rates();
        for key in 0..100_000_u32 {
            rates.charge(0, &spec, &key.to_le_bytes());
        }
        // Who asks all the time is found among them.
        let over = (0..2_000_u32).map(|key| {
            rates.charge(1, &spec, &key.to_le_bytes());
            rates.charge(1, &spec, b"busy")
        });
        assert!(over.skip(1_000).all(|over| over));
    }
}
