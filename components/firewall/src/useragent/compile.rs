//! Compiling a User-Agent list: fold, drop what is covered, file under windows, write.

use super::grams::Group;
use super::hash::{Hash, Hasher, key_at};
use super::patterns::{Anchor, PATTERN_BYTES_MAX, PATTERNS_MAX, PatternError, UserAgentPatterns};
use super::{BUCKET_GROUPS_MAX, MAGIC, VERSION, WIDTHS, choose, filter};
use crate::table::Writer;

/// A compiled list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledPatterns {
    /// The table, for [`super::UserAgentList::load`].
    pub bytes: Vec<u8>,
    /// The patterns that were left out because a shorter (or the same, earlier) one stands for them.
    pub covered: Vec<Covered>,
}

/// A pattern that can never match alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    /// The pattern that was left out.
    pub index: u32,
    /// The pattern that matches whenever it would.
    pub by: u32,
}

/// A folded text (reversed for `EndsWith`) and its pattern index.
type Entry = (Vec<u8>, u32);

impl UserAgentPatterns {
    /// Compiles the list: the bytes are the same for the same patterns in the same order.
    ///
    /// # Errors
    /// [`PatternError`] when a pattern is blank or too long, or there are too many.
    pub fn compile(&self) -> Result<CompiledPatterns, PatternError> {
        let mut covered = Vec::new();
        let mut contains = prefix_free(self.folded(Anchor::Contains)?, true, &mut covered);
        let starts = prefix_free(self.folded(Anchor::StartsWith)?, true, &mut covered);
        let ends = prefix_free(self.folded(Anchor::EndsWith)?, true, &mut covered);
        let equals = prefix_free(self.folded(Anchor::Equals)?, false, &mut covered);
        covered.sort_unstable();

        let mut column = Column::default();
        let mut seeds = Vec::new();
        let mut sections = Vec::new();
        for width in WIDTHS {
            let (mine, rest) = contains
                .into_iter()
                .partition(|(text, _)| width_for(text) == width);
            contains = rest;
            let index = Index::build(mine, width, &mut column)?;
            seeds.push(index.seed);
            sections.extend([index.filter, index.buckets, index.groups]);
        }
        let mut meta = vec![
            self.len(),
            column.ids.len() / 4,
            starts.len(),
            ends.len(),
            equals.len(),
        ];
        meta.extend(seeds.into_iter().map(|seed| seed as usize));
        for (text, id) in starts.iter().chain(&ends).chain(&equals) {
            column.push(text, *id);
        }
        let meta = meta
            .into_iter()
            .flat_map(|number| (number as u32).to_le_bytes())
            .collect();
        sections.insert(0, meta);
        sections.extend([column.offsets(), column.ids, column.bytes]);

        let too_many = || PatternError::TooMany(self.len());
        let mut table = Writer::new(MAGIC, VERSION);
        for section in &sections {
            table = table.section(section).ok_or_else(too_many)?;
        }
        Ok(CompiledPatterns {
            bytes: table.finish(),
            covered,
        })
    }

    /// The patterns of one kind, checked and folded.
    fn folded(&self, wanted: Anchor) -> Result<Vec<Entry>, PatternError> {
        if self.len() > PATTERNS_MAX {
            return Err(PatternError::TooMany(self.len()));
        }
        let mut entries = Vec::new();
        for (index, (anchor, text)) in self.iter().enumerate() {
            if anchor != wanted {
                continue;
            }
            if text.trim().is_empty() {
                return Err(PatternError::Blank { index });
            }
            if text.len() > PATTERN_BYTES_MAX {
                return Err(PatternError::TooLong {
                    index,
                    length: text.len(),
                });
            }
            let mut folded = text.to_ascii_lowercase().into_bytes();
            if anchor == Anchor::EndsWith {
                folded.reverse();
            }
            entries.push((folded, index as u32));
        }
        Ok(entries)
    }
}

/// The window's width for a contained text.
fn width_for(text: &[u8]) -> usize {
    match text.len() {
        8.. => 8,
        4..8 => 4,
        length => length,
    }
}

/// Sorts, and drops what the entry before stands for: the same text, or (`prefixes`) one that it begins with.
fn prefix_free(mut entries: Vec<Entry>, prefixes: bool, covered: &mut Vec<Covered>) -> Vec<Entry> {
    entries.sort_unstable();
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for (text, index) in entries {
        let cover = kept.last().filter(|(before, _)| {
            if prefixes {
                text.starts_with(before)
            } else {
                text == *before
            }
        });
        match cover {
            Some((_, by)) => covered.push(Covered { index, by: *by }),
            None => kept.push((text, index)),
        }
    }
    kept
}

/// The column of texts as it grows.
#[derive(Default)]
struct Column {
    lengths: Vec<u32>,
    ids: Vec<u8>,
    bytes: Vec<u8>,
}

impl Column {
    fn push(&mut self, text: &[u8], id: u32) {
        self.lengths.push(text.len() as u32);
        self.ids.extend_from_slice(&id.to_le_bytes());
        self.bytes.extend_from_slice(text);
    }

    fn offsets(&self) -> Vec<u8> {
        let mut at = 0_u32;
        let mut bytes = at.to_le_bytes().to_vec();
        for length in &self.lengths {
            at = at.saturating_add(*length);
            bytes.extend_from_slice(&at.to_le_bytes());
        }
        bytes
    }
}

/// The written index of one width.
#[derive(Default)]
struct Index {
    seed: u32,
    filter: Vec<u8>,
    buckets: Vec<u8>,
    groups: Vec<u8>,
}

/// An entry with its place in the index. The order of the fields is the order of the table.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Filed {
    bucket: usize,
    key: u64,
    offset: u8,
    entry: Entry,
}

impl Index {
    /// Files the entries; a bucket that gets too full is answered by another seed, then by more buckets.
    fn build(entries: Vec<Entry>, width: usize, column: &mut Column) -> Result<Self, PatternError> {
        if entries.is_empty() {
            return Ok(Self::default());
        }
        let texts: Vec<&[u8]> = entries.iter().map(|(text, _)| text.as_slice()).collect();
        let offsets = choose::choose(&texts, width);
        let mut keys: Vec<(u64, u8)> = texts
            .iter()
            .zip(&offsets)
            .filter_map(|(text, offset)| {
                Some((key_at(text, usize::from(*offset), width)?, *offset))
            })
            .collect();
        let filed_keys = keys.clone();
        keys.sort_unstable();
        keys.dedup();
        let (seed, count) = arrange(&keys).ok_or(PatternError::Crowded)?;

        let hasher = Hasher::new(seed);
        let mut filed: Vec<Filed> = entries
            .into_iter()
            .zip(filed_keys)
            .map(|(entry, (key, offset))| Filed {
                bucket: hasher.hash(key).one_of(count),
                key,
                offset,
                entry,
            })
            .collect();
        filed.sort_unstable();
        Ok(Self::write(&filed, seed, count, column))
    }

    fn write(filed: &[Filed], seed: u32, count: usize, column: &mut Column) -> Self {
        let mut heads: Vec<u8> = Vec::new();
        let hasher = Hasher::new(seed);
        let mut in_bucket = vec![0_u32; count];
        let mut hashes: Vec<Hash> = Vec::new();
        for group in filed.chunk_by(|a, b| (a.key, a.offset) == (b.key, b.offset)) {
            let Some(first) = group.first() else { continue };
            let hash = hasher.hash(first.key);
            let start = (column.ids.len() / 4) as u32;
            let head = Group {
                tag: hash.0,
                start,
                count: group.len() as u32,
                offset: first.offset,
            };
            heads.extend_from_slice(&head.to_bytes());
            if let Some(heads) = in_bucket.get_mut(first.bucket) {
                *heads += 1;
            }
            hashes.push(hash);
            for Filed {
                entry: (text, id), ..
            } in group
            {
                column.push(text, *id);
            }
        }
        hashes.dedup();
        let mut at = 0_u32;
        let mut buckets = at.to_le_bytes().to_vec();
        for heads in in_bucket {
            at += heads;
            buckets.extend_from_slice(&at.to_le_bytes());
        }
        Self {
            seed,
            filter: filter::build(&hashes),
            buckets,
            groups: heads,
        }
    }
}

/// Seed and number of buckets with which no bucket has too many of the given groups.
fn arrange(groups: &[(u64, u8)]) -> Option<(u32, usize)> {
    for factor in [1, 2, 4, 8] {
        let count = groups.len().saturating_mul(factor);
        for seed in 1..=4 {
            let hasher = Hasher::new(seed);
            let mut in_bucket = vec![0_usize; count];
            let fits = groups.iter().all(|(key, _)| {
                in_bucket
                    .get_mut(hasher.hash(*key).one_of(count))
                    .is_some_and(|heads| {
                        *heads += 1;
                        *heads <= BUCKET_GROUPS_MAX
                    })
            });
            if fits {
                return Some((seed, count));
            }
        }
    }
    None
}
