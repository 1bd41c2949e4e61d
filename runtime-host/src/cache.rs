//! The in-memory cache: bounded in bytes, keyed so that nobody gets another's answer.
//!
//! The key comes from the policy and holds site, audience, canonical target and image options;
//! it is compared whole, never by hash alone. A response with `Vary` is kept as two entries: an
//! index under the key, with the names of the fields, and the response under the key and the
//! normalised values of those fields.

use std::sync::Arc;

use bytes::Bytes;
use lockgate_http_cache::{Freshness, vary};
use quick_cache::sync::Cache;

/// A stored response.
#[derive(Debug)]
pub struct Stored {
    /// Status.
    pub status: u16,
    /// Header lines as HTTP/1 sends them, without `Age` and `Content-Length`.
    pub lines: Bytes,
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
            Entry::Stored(stored) => stored.lines.len() + stored.body.len(),
            Entry::Vary(names) => names.iter().map(String::len).sum(),
        };
        key.len() as u64 + content as u64 + ENTRY_BYTES
    }
}

/// The cache.
pub struct MemoryCache {
    entries: Cache<Box<[u8]>, Entry, Weigh, ahash::RandomState>,
    bytes_max: u64,
}

impl MemoryCache {
    /// Room for `bytes_max` bytes.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let items = usize::try_from(bytes_max / 8192)
            .unwrap_or(usize::MAX)
            .clamp(128, 1 << 20);
        let entries = Cache::with(
            items,
            bytes_max.max(1),
            Weigh,
            ahash::RandomState::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self { entries, bytes_max }
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

    /// Finds the response for a request with these fields.
    pub fn find<'a, F>(&self, key: &[u8], fields: F) -> Found
    where
        F: IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        match self.entries.get(key) {
            Some(Entry::Stored(stored)) => Found::Stored(stored),
            Some(Entry::Vary(names)) => {
                match secondary(key, &names, fields).and_then(|key| self.entries.get(&*key)) {
                    Some(Entry::Stored(stored)) => Found::Stored(stored),
                    _ => Found::OtherVariant,
                }
            }
            None => Found::Nothing,
        }
    }

    /// Stores a response for a request with these fields.
    pub fn put<'a, F>(&self, key: &[u8], vary: Vec<String>, fields: F, stored: Stored)
    where
        F: IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        let stored = Entry::Stored(Arc::new(stored));
        if vary.is_empty() {
            self.entries.insert(key.into(), stored);
        } else if let Some(secondary) = secondary(key, &vary, fields) {
            self.entries.insert(key.into(), Entry::Vary(vary.into()));
            self.entries.insert(secondary, stored);
        }
    }
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
