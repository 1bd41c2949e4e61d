//! A map from numbers to numbers that is emptied after every request and keeps its room.

/// Places that an empty map keeps.
const ROOM_KEPT: usize = 1 << 13;

/// Keys are smaller than this: the rest of a word says in which round a place was filled.
const KEYS: u64 = 1 << 48;

/// An open-addressing map. Keys come from tables and positions, not from the bytes of a request,
/// so that nobody can make them collide.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// Round and key, and the value. Places of other rounds are free. The length is a power of
    /// two.
    places: Vec<(u64, u32)>,
    used: usize,
    /// The current round, above the bits of the keys; never 0 once something is in it.
    round: u64,
}

impl Memo {
    fn stored(&self, key: u64) -> u64 {
        self.round | (key & (KEYS - 1))
    }

    fn is_free(&self, stored: u64) -> bool {
        stored & !(KEYS - 1) != self.round
    }

    fn place(&self, stored: u64) -> usize {
        let mixed = (stored & (KEYS - 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & (self.places.len().wrapping_sub(1))
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        if self.used == 0 {
            return None;
        }
        let stored = self.stored(key);
        let mut at = self.place(stored);
        loop {
            match self.places.get(at) {
                Some((found, value)) if *found == stored => return Some(*value),
                Some((found, _)) if !self.is_free(*found) => {
                    at = (at + 1) & (self.places.len() - 1)
                }
                _ => return None,
            }
        }
    }

    /// Sets the value of `key`, which has none yet.
    pub(crate) fn insert(&mut self, key: u64, value: u32) {
        if self.round == 0 {
            self.round = KEYS;
        }
        if (self.used + 1) * 2 > self.places.len() {
            self.grow();
        }
        self.used += 1;
        self.put(self.stored(key), value);
    }

    fn put(&mut self, stored: u64, value: u32) {
        let mut at = self.place(stored);
        let last = self.places.len().wrapping_sub(1);
        while let Some((found, _)) = self.places.get(at) {
            if self.is_free(*found) {
                break;
            }
            at = (at + 1) & last;
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = (stored, value);
        }
    }

    fn grow(&mut self) {
        let room = (self.places.len() * 2).max(64);
        let old = std::mem::replace(&mut self.places, vec![(0, 0); room]);
        for (stored, value) in old {
            if !self.is_free(stored) {
                self.put(stored, value);
            }
        }
    }

    /// Forgets everything; room beyond the usual is given back.
    pub(crate) fn clear(&mut self) {
        let round = self.round.wrapping_add(KEYS);
        if self.places.len() > ROOM_KEPT {
            self.places = Vec::new();
        } else if round == 0 {
            self.places.fill((0, 0));
        }
        self.round = if round == 0 { KEYS } else { round };
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found_until_it_is_cleared() {
        let mut memo = Memo::default();
        assert_eq!(memo.get(0), None);
        for key in 0..10_000 {
            memo.insert(key * 256, key as u32);
        }
        for key in 0..10_000 {
            assert_eq!(memo.get(key * 256), Some(key as u32));
        }
        assert_eq!(memo.get(1), None);
        memo.clear();
        assert_eq!(memo.get(0), None);
        assert!(memo.places.is_empty());
    }

    #[test]
    fn rounds_do_not_see_each_other() {
        let mut memo = Memo::default();
        for round in 0..70_000_u32 {
            memo.insert(9, round);
            let key = u64::from(round % 7);
            assert_eq!(memo.get(key), None, "round {round}");
            memo.insert(key, round);
            assert_eq!(memo.get(key), Some(round));
            memo.clear();
        }
    }
}
