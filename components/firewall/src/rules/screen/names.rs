//! Rules by the name of the header, argument or cookie that they ask for.

use crate::FIELD_NAME_BYTES_MAX;
use crate::values::{decoded_name, is_named};

/// Places of names.
const PLACES: usize = 256;

/// Names that rules ask for, by their place.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// Where the names of each place begin, and where those of the last one end.
    begins: [u32; PLACES + 1],
    entries: Vec<Entry>,
}

/// A name and the rules that ask for it.
#[derive(Debug, Clone)]
struct Entry {
    name: Box<[u8]>,
    rules: Vec<u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            begins: [0; PLACES + 1],
            entries: Vec::new(),
        }
    }
}

impl Names {
    pub(super) fn new(mut wanted: Vec<(&[u8], u32)>) -> Self {
        wanted.sort_by_key(|(name, _)| (place(name), *name));
        let mut entries: Vec<Entry> = Vec::new();
        for (name, rule) in wanted {
            match entries.last_mut() {
                Some(last) if *last.name == *name => last.rules.push(rule),
                _ => entries.push(Entry {
                    name: name.into(),
                    rules: vec![rule],
                }),
            }
        }
        let mut begins = [0; PLACES + 1];
        for (number, begin) in begins.iter_mut().enumerate() {
            let before = entries.partition_point(|entry| usize::from(place(&entry.name)) < number);
            *begin = u32::try_from(before).unwrap_or(u32::MAX);
        }
        Self { begins, entries }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The rules that ask for a header of this name, in any case.
    #[inline]
    pub(super) fn header(&self, name: &[u8], found: impl FnMut(u32)) {
        self.each(
            place(name),
            |wanted| wanted.eq_ignore_ascii_case(name),
            found,
        );
    }

    /// The rules that ask for exactly this name.
    #[inline]
    pub(super) fn exact(&self, name: &[u8], found: impl FnMut(u32)) {
        self.each(place(name), |wanted| wanted == name, found);
    }

    /// The rules that ask for the argument of this name, which may be encoded, in any case.
    #[inline]
    pub(super) fn encoded(&self, name: &[u8], found: impl FnMut(u32)) {
        let is = |wanted: &[u8]| is_named(name, wanted);
        if !name.iter().any(|byte| matches!(byte, b'%' | b'+')) {
            return self.each(place(name), is, found);
        }
        let mut buffer = [0; FIELD_NAME_BYTES_MAX];
        // A longer name is none that a rule asks for.
        if let Some(decoded) = decoded_name(name, &mut buffer) {
            self.each(place(decoded), is, found);
        }
    }

    #[inline]
    fn each(&self, place: u8, is: impl Fn(&[u8]) -> bool, mut found: impl FnMut(u32)) {
        let place = usize::from(place);
        let (Some(begin), Some(end)) = (self.begins.get(place), self.begins.get(place + 1)) else {
            return;
        };
        if begin >= end {
            return;
        }
        let entries = self.entries.get(*begin as usize..*end as usize);
        for entry in entries.unwrap_or_default() {
            if is(&entry.name) {
                entry.rules.iter().for_each(|rule| found(*rule));
            }
        }
    }
}

/// The place of a name in any case.
#[inline]
fn place(name: &[u8]) -> u8 {
    let folded = |byte: Option<&u8>| byte.map_or(0, |byte| byte | 0x20);
    let (first, last) = (folded(name.first()), folded(name.last()));
    let middle = folded(name.get(name.len() / 2));
    let mixed = first.wrapping_mul(5) ^ last.wrapping_mul(11) ^ middle.wrapping_mul(23);
    mixed.wrapping_add((name.len() as u8).wrapping_mul(37))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ask: impl FnOnce(&mut dyn FnMut(u32))) -> Vec<u32> {
        let mut rules = Vec::new();
        ask(&mut |rule| rules.push(rule));
        rules
    }

    #[test]
    fn rules_are_found_by_the_name_they_ask_for() {
        let names = Names::new(vec![(b"x-a", 3), (b"debug 1", 4), (b"x-a", 7), (b"", 9)]);
        assert_eq!(found(|add| names.header(b"X-A", add)), [3, 7]);
        assert_eq!(found(|add| names.header(b"x-b", add)), []);
        assert_eq!(found(|add| names.exact(b"x-a", add)), [3, 7]);
        assert_eq!(found(|add| names.exact(b"X-A", add)), []);
        assert_eq!(found(|add| names.exact(b"", add)), [9]);
        for name in ["debug+1", "Debug%201", "%64ebug+%31"] {
            assert_eq!(
                found(|add| names.encoded(name.as_bytes(), add)),
                [4],
                "{name}"
            );
        }
        assert_eq!(found(|add| names.encoded(b"debug1", add)), []);
        assert_eq!(found(|add| names.encoded(&[b'%'; 300], add)), []);
    }
}
