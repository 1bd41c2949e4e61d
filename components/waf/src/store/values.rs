//! All values of a transaction, each kept once.
//!
//! A value is known by its number. Equal bytes usually have one number, so that what was found
//! out about them (what a transformation makes of them, which patterns they match) is found out
//! once. Nothing relies on it: two numbers may hold equal bytes.

/// The number of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueId(pub(crate) u32);

/// The empty value.
pub(crate) const EMPTY: ValueId = ValueId(0);

/// How many places are looked at before a value is taken for a new one. It bounds what a request
/// with colliding values can cost.
const PROBES_MAX: usize = 16;

/// Room that is kept for the next transaction, in bytes and in values.
const BYTES_KEPT: usize = 1 << 18;
const VALUES_KEPT: usize = 1 << 12;
const PLACES_KEPT: usize = 1 << 12;

/// A value.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    start: u32,
    length: u32,
    hash: u32,
    /// A value that differs at most in the case of ASCII letters; itself unless that is known.
    like: u32,
    /// Which transformations may change the value; bit 63 says that this is known.
    may_change: u64,
}

/// `Entry::may_change` has been worked out.
pub(crate) const MAY_CHANGE_KNOWN: u64 = 1 << 63;

/// The values of a transaction.
#[derive(Debug)]
pub(crate) struct Values {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Value numbers by hash, 0 is free. The length is a power of two.
    places: Vec<u32>,
    bytes_max: usize,
    full: bool,
}

impl Default for Values {
    fn default() -> Self {
        let mut values = Self {
            bytes: Vec::new(),
            entries: Vec::new(),
            places: Vec::new(),
            bytes_max: 0,
            full: false,
        };
        values.clear(0);
        values
    }
}

impl Values {
    /// Forgets all values; `bytes_max` bounds those to come.
    pub(crate) fn clear(&mut self, bytes_max: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(BYTES_KEPT);
        self.entries.clear();
        self.entries.shrink_to(VALUES_KEPT);
        self.entries.push(Entry::default());
        if (1..=PLACES_KEPT).contains(&self.places.len()) {
            self.places.fill(0);
        } else {
            self.places = vec![0; 1024];
        }
        self.bytes_max = bytes_max.min(u32::MAX as usize);
        self.full = false;
    }

    /// Whether a value did not fit.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The bytes of a value.
    pub(crate) fn get(&self, id: ValueId) -> &[u8] {
        let Some(entry) = self.entries.get(id.0 as usize) else {
            return &[];
        };
        let start = entry.start as usize;
        self.bytes
            .get(start..start + entry.length as usize)
            .unwrap_or_default()
    }

    /// The length of a value, in bytes.
    pub(crate) fn length(&self, id: ValueId) -> usize {
        self.entries
            .get(id.0 as usize)
            .map_or(0, |entry| entry.length as usize)
    }

    /// The number of `value`. When there is no room left it is the empty value, and
    /// [`Values::is_full`] says so.
    pub(crate) fn intern(&mut self, value: &[u8]) -> ValueId {
        if value.is_empty() {
            return EMPTY;
        }
        let hash = hash(value);
        let last = self.places.len().wrapping_sub(1);
        let mut at = hash as usize & last;
        let mut free = None;
        for _ in 0..PROBES_MAX {
            let id = self.places.get(at).copied().unwrap_or_default();
            if id == 0 {
                free = Some(at);
                break;
            }
            let known = self
                .entries
                .get(id as usize)
                .is_some_and(|entry| entry.hash == hash);
            if known && self.get(ValueId(id)) == value {
                return ValueId(id);
            }
            at = (at + 1) & last;
        }
        self.push(value, hash, free)
    }

    fn push(&mut self, value: &[u8], hash: u32, free: Option<usize>) -> ValueId {
        let start = self.bytes.len();
        if value.len() > self.bytes_max.saturating_sub(start) {
            self.full = true;
            return EMPTY;
        }
        let id = self.entries.len() as u32;
        self.bytes.extend_from_slice(value);
        self.entries.push(Entry {
            start: start as u32,
            length: value.len() as u32,
            hash,
            like: id,
            may_change: 0,
        });
        if let Some(place) = free.and_then(|at| self.places.get_mut(at)) {
            *place = id;
        }
        if self.entries.len() * 2 > self.places.len() {
            self.grow();
        }
        ValueId(id)
    }

    fn grow(&mut self) {
        let room = self.places.len() * 4;
        self.places.clear();
        self.places.resize(room, 0);
        for (id, entry) in self.entries.iter().enumerate().skip(1) {
            let mut at = entry.hash as usize & (room - 1);
            for _ in 0..PROBES_MAX {
                match self.places.get_mut(at) {
                    Some(place) if *place == 0 => {
                        *place = id as u32;
                        break;
                    }
                    _ => at = (at + 1) & (room - 1),
                }
            }
        }
    }

    /// A value that differs from this one at most in the case of ASCII letters: the same one for
    /// all that [`Values::set_like`] put together.
    pub(crate) fn like(&self, id: ValueId) -> ValueId {
        let entry = self.entries.get(id.0 as usize);
        ValueId(entry.map_or(id.0, |entry| entry.like))
    }

    /// Says that two values differ at most in the case of ASCII letters.
    pub(crate) fn set_like(&mut self, id: ValueId, other: ValueId) {
        let like = self.like(other).0;
        if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.like = like;
        }
    }

    /// What [`Values::set_may_change`] stored, or 0.
    pub(crate) fn may_change(&self, id: ValueId) -> u64 {
        self.entries
            .get(id.0 as usize)
            .map_or(0, |entry| entry.may_change)
    }

    /// Stores which transformations may change a value.
    pub(crate) fn set_may_change(&mut self, id: ValueId, mask: u64) {
        if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.may_change = mask;
        }
    }
}

/// A hash of some quality and no strength; [`PROBES_MAX`] bounds what that costs.
fn hash(value: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9fb2_1c65_1e98_df25;
    let mut state = value.len() as u64;
    let (chunks, rest) = value.as_chunks::<8>();
    for chunk in chunks {
        state = (state.rotate_left(5) ^ u64::from_le_bytes(*chunk)).wrapping_mul(MULTIPLIER);
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    state = (state.rotate_left(5) ^ u64::from_le_bytes(last)).wrapping_mul(MULTIPLIER);
    (state ^ (state >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_have_one_number() {
        let mut values = Values::default();
        values.clear(1 << 20);
        let first = values.intern(b"select");
        assert_eq!(values.intern(b"select"), first);
        assert_ne!(values.intern(b"selecT"), first);
        assert_eq!(values.intern(b""), EMPTY);
        assert_eq!(values.get(first), b"select");
        for number in 0..5_000 {
            let text = format!("value {number}");
            let id = values.intern(text.as_bytes());
            assert_eq!(values.get(id), text.as_bytes());
        }
        assert_eq!(values.intern(b"select"), first);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let mut values = Values::default();
        values.clear(10);
        values.intern(b"12345678");
        assert!(!values.is_full());
        assert_eq!(values.intern(b"abc"), EMPTY);
        assert!(values.is_full());
        values.clear(10);
        assert!(!values.is_full());
        assert_eq!(values.len(), 1);
    }
}
