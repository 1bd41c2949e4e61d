//! The bounded, sharded store of theoretical arrival times.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use ahash::RandomState;
use parking_lot::{Mutex, MutexGuard};

use crate::limiter::CHARGES_MAX;

/// Cells that share one place in the table; a key can live in any of them.
const WAYS: usize = 8;
/// Locks, at most; a power of two.
const SHARDS_MAX: usize = 256;

/// One key's state in one window, 16 bytes.
///
/// A cell whose time has passed says nothing (the window is whole again), so empty, expired and
/// absent are one and the same thing, and nothing ever has to be swept.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    tag: u64,
    tat_ns: u64,
}

/// A place of [`WAYS`] cells: two cache lines.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Set([Cell; WAYS]);

/// One lock's share of the table, on a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
struct Shard(Mutex<Box<[Set]>>);

/// A limit and a key, hashed with the secret seeds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeyHash {
    place: u64,
    tag: u64,
}

/// The state of all limits: a fixed number of 16-byte cells, shared by every configuration of
/// the process' life.
///
/// **When it is full.** A key may live in one of 8 cells. If all 8 hold others' live state, the
/// one that would expire first gives way: its client gets a whole window back sooner than it
/// should. So the only error is in the permissive direction, for the client that had spent
/// least; [`Cells::evicted`] counts it. A client that is being refused is never refused longer
/// by it. Size the table for twice the clients of the longest window and it is rare.
#[derive(Debug)]
pub struct Cells {
    shards: Box<[Shard]>,
    shard_mask: u64,
    hash_place: RandomState,
    hash_tag: RandomState,
    evicted: AtomicU64,
}

impl Cells {
    /// A table of `cells_max` cells (rounded up to a multiple of 8 per shard; at least 8),
    /// allocated at once: 16 bytes each.
    ///
    /// `seed` is the process' secret: whoever knows it can choose keys that collide. Equal seeds
    /// give equal tables, which tests use.
    pub fn new(cells_max: usize, seed: [u64; 4]) -> Self {
        let sets = cells_max.div_ceil(WAYS).max(1);
        // A shard should be worth its lock: at least 16 sets (2 KB) each.
        let shards = (sets / 16).next_power_of_two().clamp(1, SHARDS_MAX);
        let per_shard = sets.div_ceil(shards);
        let [a, b, c, d] = seed;
        Self {
            shards: (0..shards)
                .map(|_| Shard(Mutex::new(vec![Set::default(); per_shard].into())))
                .collect(),
            shard_mask: shards as u64 - 1,
            hash_place: RandomState::with_seeds(a, b, c, d),
            hash_tag: RandomState::with_seeds(d ^ 0x9e37_79b9_7f4a_7c15, c, b, !a),
            evicted: AtomicU64::new(0),
        }
    }

    /// Cells in the table.
    pub fn capacity(&self) -> usize {
        self.shards.len() * self.shards[0].0.lock().len() * WAYS
    }

    /// Cells that held live state and had to give way since the start.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Cells with live state at `now_ns`: for a metric, as it reads the whole table, one shard
    /// after the other.
    pub fn live(&self, now_ns: u64) -> usize {
        let live = |shard: &Shard| {
            let sets = shard.0.lock();
            sets.iter()
                .flat_map(|set| set.0)
                .filter(|c| c.tat_ns > now_ns)
                .count()
        };
        self.shards.iter().map(live).sum()
    }

    /// A stable identity within the life of this table, for limits and windows.
    pub(crate) fn identify(&self, what: impl Hash) -> u64 {
        self.hash_tag.hash_one(what)
    }

    /// Hashes a key of a limit: 128 bits, of which 64 choose the place and 64 tell keys there
    /// apart.
    #[inline]
    pub(crate) fn hash(&self, limit_id: u64, key: &[u8]) -> KeyHash {
        let with = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            hasher.write_u64(limit_id);
            hasher.write(key);
            hasher.finish()
        };
        KeyHash {
            place: with(&self.hash_place),
            tag: with(&self.hash_tag),
        }
    }

    /// Locks the shards of `keys` (at most [`CHARGES_MAX`]), in ascending order so that two
    /// requests never wait for each other.
    #[inline]
    pub(crate) fn hold(&self, keys: &[KeyHash]) -> Held<'_> {
        let mut held = Held {
            cells: self,
            guards: [const { None }; CHARGES_MAX],
            guard_of: [0; CHARGES_MAX],
        };
        let mut wanted = [0_usize; CHARGES_MAX];
        let mut count = 0;
        for key in keys {
            let shard = self.shard_of(*key);
            let at = wanted[..count].partition_point(|&s| s < shard);
            if at == count || wanted[at] != shard {
                wanted.copy_within(at..count, at + 1);
                wanted[at] = shard;
                count += 1;
            }
        }
        for (guard, shard) in held.guards.iter_mut().zip(&wanted[..count]) {
            *guard = Some(self.shards[*shard].0.lock());
        }
        for (guard, key) in held.guard_of.iter_mut().zip(keys) {
            let shard = self.shard_of(*key);
            *guard = wanted[..count].partition_point(|&s| s < shard);
        }
        held
    }

    fn shard_of(&self, key: KeyHash) -> usize {
        (key.place & self.shard_mask) as usize
    }
}

/// The locked shards of one request.
pub(crate) struct Held<'a> {
    cells: &'a Cells,
    guards: [Option<MutexGuard<'a, Box<[Set]>>>; CHARGES_MAX],
    /// For the nth key handed to [`Cells::hold`], the guard of its shard.
    guard_of: [usize; CHARGES_MAX],
}

impl Held<'_> {
    /// The theoretical arrival time of the nth key in a window; 0 if nothing is known.
    #[inline]
    pub(crate) fn tat_ns(&mut self, nth: usize, key: KeyHash, window_id: u64) -> u64 {
        let tag = key.tag ^ window_id;
        self.set(nth, key, window_id).map_or(0, |set| {
            set.0.iter().find(|c| c.tag == tag).map_or(0, |c| c.tat_ns)
        })
    }

    /// Stores it: over its own cell, else over one whose time has passed, else over the one that
    /// expires first, which is counted.
    #[inline]
    pub(crate) fn store(
        &mut self,
        nth: usize,
        key: KeyHash,
        window_id: u64,
        tat_ns: u64,
        now_ns: u64,
    ) {
        let cells = self.cells;
        let tag = key.tag ^ window_id;
        let Some(set) = self.set(nth, key, window_id) else {
            return;
        };
        let mut soonest = 0;
        for i in 0..WAYS {
            if set.0[i].tag == tag {
                set.0[i].tat_ns = tat_ns;
                return;
            }
            if set.0[i].tat_ns < set.0[soonest].tat_ns {
                soonest = i;
            }
        }
        if set.0[soonest].tat_ns > now_ns {
            cells.evicted.fetch_add(1, Ordering::Relaxed);
        }
        set.0[soonest] = Cell { tag, tat_ns };
    }

    #[inline]
    fn set(&mut self, nth: usize, key: KeyHash, window_id: u64) -> Option<&mut Set> {
        let sets = self.guards[self.guard_of[nth]].as_mut()?;
        // Multiply-shift onto the number of sets. The shard took the low bits, this the high.
        let place = key.place ^ window_id;
        let at = (u128::from(place) * sets.len() as u128) >> 64;
        sets.get_mut(at as usize)
    }
}
