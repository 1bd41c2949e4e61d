//! The tables: SQL words by kind, and the fingerprints of injections.

use super::token::Kind;
use crate::table;

/// How many words the table has.
const WORDS: usize = 985;
/// Places of the hash table: a power of two, at most half of them taken.
const SLOTS: usize = 2048;
/// Bytes of a fingerprint's line: five letters and the line's end.
const LINE_BYTES: usize = 6;

/// Fills a shorter fingerprint's line up; the letter of no kind of token.
const FILL: u8 = b'-';

/// Bytes of the longest word.
const WORD_BYTES_MAX: usize = 29;

/// A word in upper case and its kind.
type Word = (Kind, &'static [u8]);

/// The words, in the order of their file.
static TABLE: [Word; WORDS] = words();
/// The number of the word that hashes to a place, plus one; 0 is an empty place. A word whose
/// place is taken has the next free one.
static INDEX: [u16; SLOTS] = index();
/// By first byte: the lengths in bytes, a bit each, of what stands before a blank in a phrase.
static PHRASE_STARTS: [u32; 256] = phrase_starts();
/// Sorted lines of [`LINE_BYTES`].
static FINGERPRINTS: &[u8] = table::body(include_bytes!("../../data/fingerprints.txt"));

/// What the hash of a word starts from.
const SEED: u32 = 0x811c_9dc5;

/// One step of the hash (FNV-1a) over a word in upper case.
const fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte.to_ascii_uppercase() as u32).wrapping_mul(0x0100_0193)
}

/// The place to look at first.
const fn slot(hash: u32) -> usize {
    (hash ^ (hash >> 15)) as usize & (SLOTS - 1)
}

/// The lines of the file: a letter, a blank and a word.
#[allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "evaluated at compile time, where a panic is a compile error"
)]
const fn words() -> [Word; WORDS] {
    let records: [&[u8]; WORDS] = table::records(include_bytes!("../../data/words.txt"));
    let mut out: [Word; WORDS] = [(Kind::None, &[]); WORDS];
    let mut at = 0;
    while at < WORDS {
        let [letter, b' ', word @ ..] = records[at] else {
            panic!("a line is a letter, a blank and a word");
        };
        let Some(kind) = Kind::of_word(*letter) else {
            panic!("an unknown kind");
        };
        assert!(word.len() <= WORD_BYTES_MAX, "a longer word");
        out[at] = (kind, word);
        at += 1;
    }
    out
}

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated at compile time, where a panic is a compile error; 985 fits in 16 bits"
)]
const fn index() -> [u16; SLOTS] {
    let mut out = [0; SLOTS];
    let mut at = 0;
    while at < WORDS {
        let (mut hash, mut rest) = (SEED, TABLE[at].1);
        while let [byte, after @ ..] = rest {
            hash = step(hash, *byte);
            rest = after;
        }
        let mut place = slot(hash);
        while out[place] != 0 {
            place = (place + 1) & (SLOTS - 1);
        }
        out[place] = at as u16 + 1;
        at += 1;
    }
    out
}

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a panic is a compile error"
)]
const fn phrase_starts() -> [u32; 256] {
    let mut out = [0; 256];
    let mut at = 0;
    while at < WORDS {
        let word = TABLE[at].1;
        let mut len = 0;
        while len < word.len() {
            if word[len] == b' ' {
                out[word[0] as usize] |= 1 << len;
            }
            len += 1;
        }
        at += 1;
    }
    out
}

/// The kind of a word, phrase or operator and its text in the table, whatever the case of `word`.
pub(super) fn lookup(word: &[u8]) -> Option<Word> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let hash = word.iter().fold(SEED, |hash, &byte| step(hash, byte));
    probe(hash, |text| text.eq_ignore_ascii_case(word))
}

/// The same for two words with a blank between them.
pub(super) fn lookup_pair(first: &[u8], second: &[u8]) -> Option<Word> {
    let start = first.first()?.to_ascii_uppercase();
    let lengths = PHRASE_STARTS.get(usize::from(start))?;
    if first.len() + 1 + second.len() > WORD_BYTES_MAX || lengths >> first.len() & 1 == 0 {
        return None;
    }
    let hash = first.iter().fold(SEED, |hash, &byte| step(hash, byte));
    let hash = second
        .iter()
        .fold(step(hash, b' '), |hash, &byte| step(hash, byte));
    probe(hash, |text| {
        text.split_at_checked(first.len())
            .is_some_and(|(start, rest)| {
                start.eq_ignore_ascii_case(first)
                    && rest.split_first().is_some_and(|(&blank, rest)| {
                        blank == b' ' && rest.eq_ignore_ascii_case(second)
                    })
            })
    })
}

/// The word with this hash that `is` accepts. Half of the places are empty, so it ends soon.
#[inline]
fn probe(hash: u32, is: impl Fn(&[u8]) -> bool) -> Option<Word> {
    let mut place = slot(hash);
    loop {
        let number = usize::from(*INDEX.get(place)?).checked_sub(1)?;
        let word = TABLE.get(number)?;
        if is(word.1) {
            return Some(*word);
        }
        place = (place + 1) & (SLOTS - 1);
    }
}

/// Whether `letters`, a fingerprint of five letters at most in any case, is that of an injection.
pub(super) fn is_fingerprint(letters: &[u8]) -> bool {
    let mut key = [FILL; LINE_BYTES - 1];
    let Some(start) = key.get_mut(..letters.len()) else {
        return false;
    };
    start.copy_from_slice(letters);
    start.make_ascii_uppercase();
    let key = number(&key);
    let (mut low, mut high) = (0, FINGERPRINTS.len() / LINE_BYTES);
    while low < high {
        let middle = low.midpoint(high);
        let Some(line) = FINGERPRINTS
            .get(middle * LINE_BYTES..)
            .and_then(|lines| lines.first_chunk::<{ LINE_BYTES - 1 }>())
        else {
            return false;
        };
        match number(line).cmp(&key) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

/// Letters as a number that is ordered as they are.
fn number(letters: &[u8; LINE_BYTES - 1]) -> u64 {
    let [a, b, c, d, e] = *letters;
    u64::from_be_bytes([0, 0, 0, a, b, c, d, e])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found() {
        let mut longest = 0;
        for (listed, word) in TABLE {
            longest = longest.max(word.len());
            let lower = word.to_ascii_lowercase();
            let (kind, text) = lookup(&lower).expect("a word of the table");
            assert_eq!((kind, text), (listed, word));
            if let Some(blank) = word.iter().position(|&byte| byte == b' ') {
                let (first, second) = (&lower[..blank], &lower[blank + 1..]);
                assert_eq!(lookup_pair(first, second), Some((kind, text)));
            }
        }
        assert_eq!(longest, WORD_BYTES_MAX);
        assert!(TABLE.is_sorted_by_key(|word| word.1));
    }

    #[test]
    fn others_are_not_found() {
        for word in [
            &b""[..],
            b"SELEC",
            b"SELECTS",
            b"SEL\0CT",
            b"\xc5ELECT",
            &[b'A'; 40],
        ] {
            assert_eq!(lookup(word), None, "{}", word.escape_ascii());
        }
        assert_eq!(lookup_pair(b"UNION", b"SELECT"), None);
        assert_eq!(lookup_pair(b"UNIONALL", b""), None);
    }

    #[test]
    fn every_fingerprint_is_found() {
        let lines: Vec<&[u8]> = FINGERPRINTS.chunks(LINE_BYTES).collect();
        assert_eq!(lines.len(), 8367);
        assert!(lines.is_sorted());
        for line in lines {
            let (letters, end) = line.split_at(LINE_BYTES - 1);
            assert_eq!(end, b"\n");
            let letters: Vec<u8> = letters
                .iter()
                .copied()
                .filter(|&letter| letter != FILL)
                .collect();
            assert!(is_fingerprint(&letters) && is_fingerprint(&letters.to_ascii_lowercase()));
            let mut longer = letters.clone();
            longer.push(b'#');
            assert!(!is_fingerprint(&longer));
        }
        assert!(!is_fingerprint(b"") && !is_fingerprint(b"1c."));
    }

    /// What the screen of one word stands on.
    #[test]
    fn one_letter_is_no_injection_but_x() {
        let found: Vec<u8> = (0..=255)
            .filter(|&letter| is_fingerprint(&[letter]))
            .collect();
        assert_eq!(found, b"Xx");
        assert!(TABLE.iter().all(|word| word.0 != Kind::Evil));
    }
}
