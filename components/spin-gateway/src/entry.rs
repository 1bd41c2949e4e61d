//! Stored responses in a key-value store that neither evicts nor expires anything.
//!
//! **Bounded by slots.** A key's hash chooses one of a fixed number of slots; what else was there
//! is overwritten. The whole key is kept with the value and compared, so a collision is a miss and
//! never somebody else's answer. Small values (head and a body of up to [`SMALL_BYTES_MAX`]) lie
//! in one slot; a larger body lies in a slot of its own, tied to its head by a tag.

use lockgate_http_cache::{Freshness, vary};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Body bytes that are kept with their head.
pub const SMALL_BYTES_MAX: usize = 32 * 1024;

/// The first byte of every value.
const FORMAT: u8 = 1;

/// A value in a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The whole key.
    pub key: Vec<u8>,
    /// What is kept under it.
    pub kept: Kept,
}

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// The names in `Vary`: the responses lie under the keys of [`secondary_key`].
    Vary(Vec<String>),
    /// A response.
    Stored(Stored),
}

/// A stored response but for its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Status.
    pub status: u16,
    /// Fields as the origin sent them, without `Age` and `Content-Length`.
    pub fields: Vec<(String, Vec<u8>)>,
    /// When it came, milliseconds since 1970.
    pub received_at_ms: u64,
    /// Its age then, milliseconds.
    pub initial_age_ms: u64,
    /// How long it is fresh, milliseconds.
    pub lifetime_ms: u64,
    /// The entity tag.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, seconds since 1970.
    pub last_modified_s: Option<u64>,
    /// `Date`, seconds since 1970.
    pub date_s: u64,
    /// Where the body is: `None` behind the entry, else in another slot under this tag.
    pub apart: Option<[u8; 16]>,
}

impl Stored {
    /// Its times.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        Freshness {
            received_at_ms: self.received_at_ms,
            initial_age_ms: self.initial_age_ms,
            lifetime_ms: self.lifetime_ms,
        }
    }
}

impl Entry {
    /// The value: a format byte, the head's length, the head, the body.
    #[must_use]
    pub fn to_bytes(&self, body: &[u8]) -> Option<Vec<u8>> {
        let head = postcard::to_allocvec(self).ok()?;
        let length = u32::try_from(head.len()).ok()?;
        let mut out = Vec::with_capacity(5 + head.len() + body.len());
        out.push(FORMAT);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(body);
        Some(out)
    }

    /// Reads a value; `None` where it is none, or is kept under another key.
    #[must_use]
    pub fn from_bytes(mut value: Vec<u8>, key: &[u8]) -> Option<(Self, Vec<u8>)> {
        let (format, rest) = value.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        if *format != FORMAT {
            return None;
        }
        let length = u32::from_le_bytes(*length) as usize;
        let (head, _) = rest.split_at_checked(length)?;
        let entry: Self = postcard::from_bytes(head).ok()?;
        if entry.key != key {
            return None;
        }
        let body = value.split_off(length.saturating_add(5));
        Some((entry, body))
    }
}

/// A body of its own slot: its tag, then its bytes.
#[must_use]
pub fn body_to_bytes(tag: &[u8; 16], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + body.len());
    out.extend_from_slice(tag);
    out.extend_from_slice(body);
    out
}

/// The body, if it is the one with this tag.
#[must_use]
pub fn body_from_bytes(mut value: Vec<u8>, tag: &[u8; 16]) -> Option<Vec<u8>> {
    let ours = value.starts_with(tag);
    ours.then(|| value.split_off(tag.len()))
}

/// The key of a variant; `None` where the fields are too long to be told apart.
#[must_use]
pub fn secondary_key<'a, F>(key: &[u8], names: &[String], fields: F) -> Option<Vec<u8>>
where
    F: IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let mut full = Vec::with_capacity(key.len() + 64);
    full.extend_from_slice(key);
    full.extend_from_slice(b"\0vary\0");
    vary::secondary_key(names, fields, &mut full).then_some(full)
}

/// The slots of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    small: u64,
    large: u64,
    object_bytes_max: u64,
}

impl Slots {
    /// Slots that hold about `bytes_max` bytes when all are full, half of them in small values;
    /// `None` where nothing shall be stored.
    #[must_use]
    pub fn new(bytes_max: u64, object_bytes_max: u64) -> Option<Self> {
        let half = bytes_max / 2;
        let small = half / (SMALL_BYTES_MAX as u64);
        let large = half.checked_div(object_bytes_max).unwrap_or(0);
        (small > 0).then_some(Self {
            small: small.min(1 << 20),
            large: large.min(1 << 16),
            object_bytes_max,
        })
    }

    /// Whether a body of this length can be stored.
    #[must_use]
    pub fn takes(&self, body_bytes: u64) -> bool {
        let small = body_bytes <= SMALL_BYTES_MAX as u64;
        body_bytes <= self.object_bytes_max && (small || self.large > 0)
    }

    /// Where a key's entry lies.
    #[must_use]
    pub fn entry(&self, key: &[u8]) -> String {
        format!("lockgate/cache/{}", number(key) % self.small.max(1))
    }

    /// Where a key's body lies, if it is too large for its entry.
    #[must_use]
    pub fn body(&self, key: &[u8]) -> String {
        format!("lockgate/body/{}", number(key) % self.large.max(1))
    }
}

fn number(key: &[u8]) -> u64 {
    let digest: [u8; 32] = Sha256::digest(key).into();
    digest
        .first_chunk()
        .map_or(0, |head| u64::from_le_bytes(*head))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &[u8]) -> Entry {
        Entry {
            key: key.to_vec(),
            kept: Kept::Stored(Stored {
                status: 200,
                fields: vec![("content-type".to_owned(), b"text/plain".to_vec())],
                received_at_ms: 1,
                initial_age_ms: 2,
                lifetime_ms: 3,
                etag: Some(b"\"e\"".to_vec()),
                last_modified_s: None,
                date_s: 4,
                apart: None,
            }),
        }
    }

    #[test]
    fn an_entry_is_read_as_written_and_only_under_its_key() {
        let value = entry(b"key").to_bytes(b"the body").unwrap();
        let (read, body) = Entry::from_bytes(value.clone(), b"key").unwrap();
        assert_eq!((read, body), (entry(b"key"), b"the body".to_vec()));
        assert_eq!(Entry::from_bytes(value.clone(), b"other"), None);
        let head = value.len() - b"the body".len();
        for end in 0..head {
            assert_eq!(
                Entry::from_bytes(value[..end].to_vec(), b"key"),
                None,
                "cut at {end}"
            );
        }
        let mut other = value;
        other[0] = 2;
        assert_eq!(Entry::from_bytes(other, b"key"), None);
    }

    #[test]
    fn a_body_apart_belongs_to_its_tag() {
        let value = body_to_bytes(&[7; 16], b"body");
        assert_eq!(
            body_from_bytes(value.clone(), &[7; 16]),
            Some(b"body".to_vec())
        );
        assert_eq!(body_from_bytes(value, &[8; 16]), None);
    }

    #[test]
    fn slots_bound_what_is_stored() {
        let slots = Slots::new(256 << 20, 8 << 20).unwrap();
        assert_eq!((slots.small, slots.large), (4096, 16));
        assert!(slots.takes(8 << 20) && !slots.takes((8 << 20) + 1));
        let full = slots.small * SMALL_BYTES_MAX as u64 + slots.large * slots.object_bytes_max;
        assert!(full <= 256 << 20);
        let no_large = Slots::new(1 << 20, 8 << 20).unwrap();
        assert!(no_large.takes(1000) && !no_large.takes(SMALL_BYTES_MAX as u64 + 1));
        assert_eq!(Slots::new(0, 8 << 20), None);
        assert!(Slots::new(1 << 30, 0).is_some_and(|slots| !slots.takes(1)));
        let names: std::collections::BTreeSet<_> = (0..10_000_u32)
            .map(|n| slots.entry(&n.to_le_bytes()))
            .collect();
        assert!(names.len() <= 4096 && names.len() > 3000);
    }
}
