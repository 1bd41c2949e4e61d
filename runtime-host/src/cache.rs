//! The in-memory cache: bounded in bytes, keyed so that nobody gets another's answer.
//!
//! The key comes from the policy and holds site, audience, scheme, host and port, canonical target
//! and image options; it is compared whole, never by hash alone. A response with `Vary` is kept as two entries: an
//! index under the key, with the names of the fields, and the response under the key and the
//! normalised values of those fields.

use std::sync::Arc;

use bytes::Bytes;
use lockgate_http_cache::{Freshness, vary};
use quick_cache::OptionsBuilder;
use quick_cache::sync::Cache;

/// A stored response.
#[derive(Debug)]
pub struct Stored {
    /// Status.
    pub status: u16,
    /// Header lines as HTTP/1 sends them, without `Age` and `Content-Length`.
    pub lines: Bytes,
    /// The lines without those fields that the route replaces; often the same bytes.
    pub shown: Bytes,
    /// The names of the fields that were left out of `shown`.
    pub replaced: Arc<[String]>,
    /// The body.
    pub body: Bytes,
    /// How long it is fresh.
    pub freshness: Freshness,
    /// The entity tag.
    pub etag: Option<Bytes>,
    /// `Last-Modified`, seconds since the Unix epoch.
    pub last_modified_s: Option<u64>,
    /// `Date`, seconds since the Unix epoch.
    pub date_s: u64,
}

#[derive(Clone)]
enum Entry {
    Stored(Arc<Stored>),
    Vary(Arc<[String]>),
}

/// What a look-up found.
#[derive(Debug)]
pub enum Found {
    /// A response for this very request.
    Stored(Arc<Stored>),
    /// Responses for other values of the fields in `Vary`.
    OtherVariant,
    /// Nothing.
    Nothing,
}

#[derive(Clone)]
struct Weigh;

/// What an entry costs beside its bytes.
const ENTRY_BYTES: u64 = 300;

impl quick_cache::Weighter<Box<[u8]>, Entry> for Weigh {
    fn weight(&self, key: &Box<[u8]>, entry: &Entry) -> u64 {
        let content = match entry {
            Entry::Stored(stored) => {
                let shown = match stored.shown.as_ptr() == stored.lines.as_ptr() {
                    true => 0,
                    false => stored.shown.len(),
                };
                stored.lines.len() + shown + stored.body.len()
            }
            Entry::Vary(names) => names.iter().map(String::len).sum(),
        };
        key.len() as u64 + content as u64 + ENTRY_BYTES
    }
}

/// The share of a shard that one entry may take, in hundredths: a bit less than what quick_cache
/// lets in.
const SHARD_PERCENT: u64 = 95;

/// How many of the largest entries a shard has room for, at least.
const LARGEST_PER_SHARD: u64 = 4;

/// The cache.
pub struct MemoryCache {
    entries: Cache<Box<[u8]>, Entry, Weigh, ahash::RandomState>,
    bytes_max: u64,
    entry_bytes_max: u64,
}

impl MemoryCache {
    /// Room for `bytes_max` bytes. Each shard has room for several bodies of `object_bytes_max`:
    /// where there are cores for more shards than that, there are fewer.
    #[must_use]
    pub fn new(bytes_max: u64, object_bytes_max: u64) -> Self {
        let items = usize::try_from(bytes_max / 8192)
            .unwrap_or(usize::MAX)
            .clamp(128, 1 << 20);
        let largest = object_bytes_max.saturating_add(ENTRY_BYTES).max(1);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shards = shards(bytes_max / largest.saturating_mul(LARGEST_PER_SHARD), cores);
        let options = OptionsBuilder::new()
            .shards(shards)
            .estimated_items_capacity(items)
            .weight_capacity(bytes_max.max(1))
            .build();
        let (hash, lifecycle) = Default::default();
        let entries = match options {
            Ok(options) => Cache::with_options(options, Weigh, hash, lifecycle),
            // Both capacities are set, so this is never built; it keeps the bound.
            Err(_) => Cache::with(items, bytes_max.max(1), Weigh, hash, lifecycle),
        };
        let entry_bytes_max = entries.shard_capacity() / 100 * SHARD_PERCENT;
        Self {
            entries,
            bytes_max,
            entry_bytes_max,
        }
    }

    /// Whether an entry with a head (key and lines) and a body of so many bytes finds room.
    #[must_use]
    pub fn takes(&self, head_bytes: usize, body_bytes: u64) -> bool {
        // The key of a variant is longer, and lines may be there twice.
        let head = (head_bytes as u64).saturating_mul(2) + vary::KEY_BYTES_MAX as u64;
        let bytes = body_bytes.saturating_add(head + ENTRY_BYTES);
        bytes <= self.entry_bytes_max
    }

    /// The bound that the cache was made with.
    #[must_use]
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Bytes in use.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.weight()
    }

    /// Entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds the response for a request with these fields, which are looked at only where there
    /// are variants.
    pub fn find<'a, F>(&self, key: &[u8], fields: impl FnOnce() -> F) -> Found
    where
        F: IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        match self.entries.get(key) {
            Some(Entry::Stored(stored)) => Found::Stored(stored),
            Some(Entry::Vary(names)) => {
                match secondary(key, &names, fields()).and_then(|key| self.entries.get(&*key)) {
                    Some(Entry::Stored(stored)) => Found::Stored(stored),
                    _ => Found::OtherVariant,
                }
            }
            None => Found::Nothing,
        }
    }

    /// Stores a response for a request with these fields.
    pub fn put<'a, F>(
        &self,
        key: &[u8],
        vary: Vec<String>,
        fields: impl FnOnce() -> F,
        stored: Stored,
    ) where
        F: IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        let stored = Entry::Stored(Arc::new(stored));
        if vary.is_empty() {
            self.entries.insert(key.into(), stored);
        } else if let Some(secondary) = secondary(key, &vary, fields()) {
            self.entries.insert(key.into(), Entry::Vary(vary.into()));
            self.entries.insert(secondary, stored);
        }
    }
}

/// The largest power of two that is no more than `room` and no more than four for each core.
fn shards(room: u64, cores: usize) -> usize {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let most = room.min(cores.saturating_mul(4)).max(1);
    1 << most.ilog2()
}

/// The key of a variant; `None` where the fields are too long to be told apart.
fn secondary<'a, F>(key: &[u8], names: &[String], fields: F) -> Option<Box<[u8]>>
where
    F: IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut full = Vec::with_capacity(key.len() + 64);
    full.extend_from_slice(key);
    full.extend_from_slice(b"\0vary\0");
    vary::secondary_key(names, fields, &mut full).then(|| full.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn stored(body_bytes: u64) -> Stored {
        let lines = Bytes::from_static(b"content-type: text/plain\r\n");
        Stored {
            status: 200,
            shown: lines.clone(),
            lines,
            replaced: Arc::default(),
            body: Bytes::from(vec![0; usize::try_from(body_bytes).unwrap_or(0)]),
            freshness: Freshness {
                received_at_ms: 0,
                initial_age_ms: 0,
                lifetime_ms: 1000,
            },
            etag: None,
            last_modified_s: None,
            date_s: 0,
        }
    }

    fn keeps(cache: &MemoryCache, key: &[u8], body_bytes: u64) -> bool {
        let fields = || std::iter::empty::<(&str, &[u8])>();
        cache.put(key, Vec::new(), fields, stored(body_bytes));
        matches!(cache.find(key, fields), Found::Stored(_))
    }

    #[test]
    fn shards_have_room_for_large_objects_on_any_machine() {
        // 256 MiB, 8 MiB each: eight shards for four of them, however many cores.
        assert_eq!(
            [1, 2, 4, 16, 128].map(|cores| shards(8, cores)),
            [4, 8, 8, 8, 8]
        );
        assert_eq!([0, 1, 3, 1000].map(|room| shards(room, 16)), [1, 1, 2, 64]);
    }

    #[test]
    fn what_it_takes_it_keeps() {
        let cache = MemoryCache::new(64 * MIB, 8 * MIB);
        for n in 0..4_u64 {
            assert!(cache.takes(100, 8 * MIB));
            assert!(keeps(&cache, &n.to_le_bytes(), 8 * MIB), "object {n}");
        }
        assert!(cache.bytes() <= cache.bytes_max());
        let small = MemoryCache::new(MIB, 8 * MIB);
        assert!(small.takes(100, MIB / 2) && keeps(&small, b"half", MIB / 2));
        assert!(!small.takes(100, MIB));
        assert!(!MemoryCache::new(0, MIB).takes(100, 0), "nothing is stored");
    }
}
