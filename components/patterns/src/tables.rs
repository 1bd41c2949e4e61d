//! The compiled form: what is written once and loaded many times.
//!
//! ```text
//! 0  magic    4 bytes, "LGPT"
//! 4  version  u32
//! 8  section* length in bytes u32, then so many bytes
//! ```
//! Sections: descriptions (postcard), byte sets (four u64 each), column tables (256 bytes each), words (u32),
//! cells (u16). Numbers are little-endian.

use serde::{Deserialize, Serialize};

use crate::program::ByteSet;

pub(crate) const MAGIC: [u8; 4] = *b"LGPT";
pub(crate) const VERSION: u32 = 1;

/// Why compiled patterns were refused at load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The magic word is another table's, or none.
    #[error("not compiled patterns")]
    Magic,
    /// The tables were written by another version of the compiler.
    #[error("version {found} of compiled patterns; this build reads version {wanted}")]
    Version {
        /// The version that the bytes claim.
        found: u32,
        /// The one version that is readable.
        wanted: u32,
    },
    /// The bytes end too early, or too late.
    #[error("the length of compiled patterns does not fit their content")]
    Length,
    /// The descriptions cannot be read, or refer to what is not there.
    #[error("compiled patterns contradict themselves: {0}")]
    Content(&'static str),
}

/// A part of a section, in items.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) length: u32,
}

/// The items of `span`; empty where it reaches outside.
pub(crate) fn part<T>(items: &[T], span: Span) -> &[T] {
    let start = span.start as usize;
    items
        .get(start..start.saturating_add(span.length as usize))
        .unwrap_or_default()
}

/// All descriptions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Tells one compiled form from another: working memory that was filled for one is of no use for another.
    pub(crate) digest: u64,
    pub(crate) patterns: Vec<PatternMeta>,
    pub(crate) sets: Vec<SetMeta>,
    pub(crate) groups: Vec<GroupMeta>,
}

/// One pattern.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum PatternMeta {
    Regex(RegexMeta),
    Phrases(PhrasesMeta),
}

/// A regular expression.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RegexMeta {
    /// The whole program, for groups.
    pub(crate) program: ProgramMeta,
    /// Slots of the program's groups, those of the whole match among them.
    pub(crate) slots: u8,
    /// Number of the set of bytes that a match can begin with, where it cannot be empty.
    pub(crate) first: Option<u32>,
    /// What decides whether it matches.
    pub(crate) matcher: Matcher,
}

/// A program in the section of words.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ProgramMeta {
    /// Instructions, in words: two each.
    pub(crate) words: Span,
    pub(crate) start: u32,
    pub(crate) anchored: bool,
}

/// What decides whether a regular expression matches.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Matcher {
    /// It matches every value.
    Always,
    /// It matches none.
    Never,
    /// A whole automaton.
    Dfa {
        /// Number of the column table.
        classes: u32,
        /// The rows in the section of cells.
        cells: Span,
        start: u16,
        /// The column of the value's end.
        end: u16,
    },
    /// A program to build an automaton from as it goes.
    Lazy {
        classes: u32,
        end: u16,
        program: ProgramMeta,
    },
}

/// A list of phrases, in the section of words.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PhrasesMeta {
    pub(crate) nodes: Span,
    pub(crate) edges: Span,
}

/// Patterns that are scanned together.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetMeta {
    /// The group that the set belongs to.
    pub(crate) group: u8,
    /// Its patterns: bits in the numbering of the group.
    pub(crate) members: Vec<u64>,
}

/// The filter of a group.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct GroupMeta {
    /// The patterns in the group's numbering.
    pub(crate) patterns: Vec<u32>,
    /// What each pattern asks for besides literals.
    pub(crate) gates: Vec<Gate>,
    /// The bits that are set before a value is read: [`SLOTS`] times as many words as the patterns fill.
    pub(crate) preset: Vec<u64>,
    /// For each byte, which byte sets it is in. 256, or none where no gate asks.
    pub(crate) in_sets: Vec<u64>,
    /// Number of the automaton's column table.
    pub(crate) classes: u32,
    /// The automaton's rows, each `1 << shift` cells of row numbers.
    pub(crate) rows: Span,
    pub(crate) shift: u8,
    /// Rows from this one on report literals.
    pub(crate) reporting: u16,
    /// For each such row, its report.
    pub(crate) report_of: Vec<u16>,
    /// Where each report ends in `reports`.
    pub(crate) report_ends: Vec<u32>,
    /// Words of the bits to set, and the bits.
    pub(crate) reports: Vec<(u16, u64)>,
}

/// What a pattern asks for besides literals.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Gate {
    /// Bits of the byte sets, each of which must occur.
    pub(crate) sets: u64,
    /// The least number of bytes.
    pub(crate) length_min: u32,
}

/// Literal conditions of a pattern, at most.
pub(crate) const SLOTS: usize = 4;

/// Everything, loaded.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) meta: Meta,
    pub(crate) sets: Vec<ByteSet>,
    pub(crate) classes: Vec<[u8; 256]>,
    pub(crate) words: Vec<u32>,
    pub(crate) cells: Vec<u16>,
}

impl Tables {
    /// Reads the compiled form.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(LoadError::Length)?;
        if *magic != MAGIC {
            return Err(LoadError::Magic);
        }
        let (version, mut rest) = rest.split_first_chunk::<4>().ok_or(LoadError::Length)?;
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(LoadError::Version {
                found,
                wanted: VERSION,
            });
        }
        let meta = postcard::from_bytes(section(&mut rest)?)
            .map_err(|_| LoadError::Content("descriptions"))?;
        let sets = items::<8>(section(&mut rest)?)?
            .chunks_exact(4)
            .map(|words| {
                let mut set = ByteSet::default();
                for (word, bytes) in set.iter_mut().zip(words) {
                    *word = u64::from_le_bytes(*bytes);
                }
                set
            })
            .collect();
        let classes = items::<256>(section(&mut rest)?)?.to_vec();
        let words = items::<4>(section(&mut rest)?)?
            .iter()
            .map(|bytes| u32::from_le_bytes(*bytes))
            .collect();
        let cells = items::<2>(section(&mut rest)?)?
            .iter()
            .map(|bytes| u16::from_le_bytes(*bytes))
            .collect();
        if !rest.is_empty() {
            return Err(LoadError::Length);
        }
        Ok(Self {
            meta,
            sets,
            classes,
            words,
            cells,
        })
    }

    /// Writes the compiled form.
    #[cfg(feature = "compile")]
    pub(crate) fn write(&self) -> Option<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        let sets = self
            .sets
            .iter()
            .flatten()
            .flat_map(|word| word.to_le_bytes());
        let sections = [
            postcard::to_allocvec(&self.meta).ok()?,
            sets.collect(),
            self.classes.concat(),
            self.words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect(),
            self.cells
                .iter()
                .flat_map(|cell| cell.to_le_bytes())
                .collect(),
        ];
        for section in sections {
            bytes.extend_from_slice(&u32::try_from(section.len()).ok()?.to_le_bytes());
            bytes.extend_from_slice(&section);
        }
        Some(bytes)
    }
}

fn section<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], LoadError> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or(LoadError::Length)?;
    let (section, after) = after
        .split_at_checked(u32::from_le_bytes(*length) as usize)
        .ok_or(LoadError::Length)?;
    *rest = after;
    Ok(section)
}

fn items<const N: usize>(section: &[u8]) -> Result<&[[u8; N]], LoadError> {
    let (items, rest) = section.as_chunks::<N>();
    if rest.is_empty() {
        Ok(items)
    } else {
        Err(LoadError::Length)
    }
}
