//! Numbers for lists of 32-bit words: each list is stored once.

/// Lists, found again by an open-addressing table.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    words: Vec<u32>,
    ends: Vec<u32>,
    /// Number of a list plus one; 0 is free.
    buckets: Vec<u32>,
}

impl Interner {
    /// How many lists there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Words in all lists.
    pub(crate) fn words(&self) -> usize {
        self.words.len()
    }

    /// Forgets all lists and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.words.clear();
        self.ends.clear();
        self.buckets.fill(0);
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        (self.words.capacity() + self.ends.capacity() + self.buckets.capacity()) * 4
    }

    /// The list with this number; empty when there is none.
    pub(crate) fn list(&self, number: u32) -> &[u32] {
        let number = number as usize;
        let start = number
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .map_or(0, |end| *end as usize);
        let end = self.ends.get(number).map_or(start, |end| *end as usize);
        self.words.get(start..end).unwrap_or_default()
    }

    /// The number of `list` (the second is true when the list is new).
    pub(crate) fn intern(&mut self, list: &[u32]) -> (u32, bool) {
        if self.buckets.len() < (self.ends.len() + 1) * 2 {
            self.grow();
        }
        let mask = self.buckets.len().wrapping_sub(1);
        let mut place = hash(list) as usize & mask;
        for _ in 0..self.buckets.len() {
            match self.buckets.get(place).copied() {
                Some(0) | None => break,
                Some(number) if self.list(number - 1) == list => return (number - 1, false),
                Some(_) => place = (place + 1) & mask,
            }
        }
        let number = self.ends.len() as u32;
        self.words.extend_from_slice(list);
        self.ends.push(self.words.len() as u32);
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket = number + 1;
        }
        (number, true)
    }

    fn grow(&mut self) {
        let size = (self.buckets.len() * 2).max(64);
        self.buckets.clear();
        self.buckets.resize(size, 0);
        let mask = size - 1;
        for number in 0..self.ends.len() as u32 {
            let mut place = hash(self.list(number)) as usize & mask;
            while self.buckets.get(place).is_some_and(|bucket| *bucket != 0) {
                place = (place + 1) & mask;
            }
            if let Some(bucket) = self.buckets.get_mut(place) {
                *bucket = number + 1;
            }
        }
    }
}

fn hash(list: &[u32]) -> u32 {
    let mut state = 0x9e37_79b9_u64;
    for word in list {
        state = (state ^ u64::from(*word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        state ^= state >> 29;
    }
    (state >> 7) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_number() {
        let mut interner = Interner::default();
        let lists: Vec<Vec<u32>> = (0..500)
            .map(|n| (0..n % 7).map(|m| m * n).collect())
            .collect();
        let numbers: Vec<u32> = lists.iter().map(|list| interner.intern(list).0).collect();
        for (list, number) in lists.iter().zip(&numbers) {
            assert_eq!(interner.intern(list), (*number, false));
            assert_eq!(interner.list(*number), list);
        }
        interner.clear();
        assert_eq!(interner.intern(&[9]), (0, true));
    }
}
