//! User-Agent lists: thousands of patterns, matched in a time that hardly grows with their number, from
//! bytes that load without building anything.
//!
//! **Meaning.** A pattern is a text and an [`Anchor`]: contained, at the start, at the end, or the whole.
//! ASCII letters match in either case; all other bytes match themselves. [`UserAgentList::find`] reports the
//! lowest index among the patterns that match. A pattern that begins with another one of the same kind (for
//! `EndsWith`: that ends with it) can never match alone: it is *covered* by the shorter one, left out of the
//! table and never reported ([`UserAgentPatterns::compile`] tells which).
//!
//! **Structure.** A contained pattern is filed under one window of 1, 2, 3, 4 or 8 bytes of its text: the
//! whole text when it is shorter than 4 bytes, else the window that ordinary browsers do not have and that
//! the fewest other patterns have. Lookup hashes each window of the User-Agent and asks a blocked Bloom
//! filter (three bits of one 64-bit word, at least 16 bits a window); only where it says yes is a bucket
//! read, and there a binary search over the sorted texts that share the window and its place decides.
//! Anchored patterns are one sorted column each: one binary search.
//!
//! **Bound.** Of a User-Agent at most [`USER_AGENT_BYTES_MAX`] bytes are looked at (a longer one is
//! *oversize*, see [`Found::Oversize`]). Each byte starts at most five windows, one for each width in use;
//! each costs one hash and one filter word, and behind the filter at most [`BUCKET_GROUPS_MAX`] group heads,
//! of which at most [`OFFSETS_MAX`] carry the same window. Each of these costs log2(n) + 1 comparisons. So
//! the worst case is O(bytes × log n), whatever the patterns have in common. `load` enforces the bucket
//! bound. `examples/ua_speed.rs` measures the usual case (0.2 to 0.3 µs for a browser, 15 to 150,000 patterns,
//! and about 0.1 µs for each further width) and a worst one (131,072 patterns over two letters and 2,048 such
//! letters: 0.7 ms).

mod check;
mod choose;
mod compile;
mod filter;
mod fold;
mod grams;
mod hash;
mod patterns;
mod texts;

use crate::table::{Reader, TableError, items, u32_at};
use grams::GramPlaces;
use texts::{TextPlaces, Texts};

pub use compile::{CompiledPatterns, Covered};
pub use fold::{FoldedUserAgent, USER_AGENT_BYTES_MAX};
pub use patterns::{Anchor, PATTERN_BYTES_MAX, PATTERNS_MAX, PatternError, UserAgentPatterns};

const MAGIC: [u8; 4] = *b"LGUA";
const VERSION: u32 = 1;

/// The widths of windows, bytes; an own index for each.
const WIDTHS: [usize; 5] = [1, 2, 3, 4, 8];

/// Most groups (distinct window and place) in one bucket.
pub const BUCKET_GROUPS_MAX: usize = 24;

/// Most places that patterns filed under one window may have it at.
pub const OFFSETS_MAX: usize = 4;

/// What a list says of a User-Agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// No pattern matches.
    Nothing,
    /// A pattern matches: the lowest such index.
    Pattern(u32),
    /// The User-Agent is longer than [`USER_AGENT_BYTES_MAX`] and was not looked at.
    Oversize,
}

/// A loaded User-Agent list. Owns the compiled bytes and reads them in place.
#[derive(Debug, Clone)]
pub struct UserAgentList {
    bytes: Vec<u8>,
    grams: [GramPlaces; WIDTHS.len()],
    texts: TextPlaces,
    starts: Span,
    ends: Span,
    equals: Span,
}

/// A run of entries in the column of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

impl UserAgentList {
    /// Takes over compiled bytes and checks them once: in linear time, building nothing. Among other things
    /// every pattern is checked to be found where lookup will seek it.
    ///
    /// # Errors
    /// [`TableError`] when the bytes are not a list that [`UserAgentPatterns::compile`] could have written.
    pub fn load(bytes: Vec<u8>) -> Result<Self, TableError> {
        let mut reader = Reader::new(&bytes, MAGIC, VERSION, "User-Agent list")?;
        let meta = reader.section(4)?;
        let meta = items::<4>(&bytes, &meta);
        let number = |index| u32_at(meta, index).ok_or(TableError::Length);
        if meta.len() != 5 + WIDTHS.len() {
            return Err(TableError::Length);
        }
        let mut grams: [GramPlaces; WIDTHS.len()] = Default::default();
        for (index, place) in grams.iter_mut().enumerate() {
            *place = GramPlaces::read(&mut reader, number(5 + index)?)?;
        }
        let texts = TextPlaces::read(&mut reader)?;
        reader.finish()?;

        let patterns = number(0)?;
        let mut start = number(1)? as usize;
        let contains = Span {
            start: 0,
            end: start,
        };
        let mut span = |length: u32| {
            let end = start.saturating_add(length as usize);
            let span = Span { start, end };
            start = end;
            span
        };
        let (starts, ends, equals) = (span(number(2)?), span(number(3)?), span(number(4)?));
        let list = Self {
            bytes,
            grams,
            texts,
            starts,
            ends,
            equals,
        };
        check::check(&list, contains, patterns)?;
        Ok(list)
    }

    /// The lowest index among the patterns that match.
    #[must_use]
    pub fn find(&self, user_agent: &FoldedUserAgent) -> Found {
        let Some(folded) = user_agent.bytes() else {
            return Found::Oversize;
        };
        let texts = self.texts();
        let mut lowest = u32::MAX;
        if !self.starts.is_empty() {
            texts.note(texts.prefix_of(self.starts, folded), &mut lowest);
        }
        if !self.equals.is_empty() {
            texts.note(texts.equal_to(self.equals, folded), &mut lowest);
        }
        if !self.ends.is_empty() {
            let mut buffer = [0; PATTERN_BYTES_MAX];
            texts.note(
                texts.prefix_of(self.ends, fold::reversed_tail(folded, &mut buffer)),
                &mut lowest,
            );
        }
        let [one, two, three, four, eight] = &self.grams;
        one.scan::<1>(&self.bytes, texts, folded, &mut lowest);
        two.scan::<2>(&self.bytes, texts, folded, &mut lowest);
        three.scan::<3>(&self.bytes, texts, folded, &mut lowest);
        four.scan::<4>(&self.bytes, texts, folded, &mut lowest);
        eight.scan::<8>(&self.bytes, texts, folded, &mut lowest);
        if lowest == u32::MAX {
            Found::Nothing
        } else {
            Found::Pattern(lowest)
        }
    }

    /// [`find`](Self::find) for a User-Agent that stands in no other list.
    #[must_use]
    pub fn find_in(&self, user_agent: &[u8]) -> Found {
        self.find(&FoldedUserAgent::new(user_agent))
    }

    /// How many patterns the table holds, covered ones left out.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.texts().len()
    }

    /// Size of the table, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn texts(&self) -> Texts<'_> {
        self.texts.view(&self.bytes)
    }
}

impl Span {
    fn is_empty(self) -> bool {
        self.start >= self.end
    }
}
