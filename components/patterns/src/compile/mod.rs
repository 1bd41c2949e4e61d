//! The compiler: from patterns to tables. Runs natively, when rules change.

mod automaton;
mod columns;
mod determinise;
mod factors;
mod filter;
mod parse;
mod sequence;
mod symbol;
mod thompson;
mod trie;

use std::collections::BTreeMap;

use crate::ids::{GroupId, PatternId, SetId};
use crate::program::{ByteSet, Program};
use crate::tables::{
    Matcher, Meta, PatternMeta, PhrasesMeta, ProgramMeta, RegexMeta, SetMeta, Span, Tables,
};
use factors::{Factors, factors_of, factors_of_phrases};

/// How a regular expression is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Options {
    /// Letters match both cases (ASCII), as `(?i)`.
    pub case_insensitive: bool,
    /// `.` matches line feeds too, as `(?s)`. ModSecurity always does so.
    pub dot_matches_new_line: bool,
    /// `^` and `$` match at line feeds too, as `(?m)`.
    pub multi_line: bool,
}

/// Why patterns were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The text is no regular expression, or needs what finite automata cannot do; why, and where.
    #[error("{0}")]
    Syntax(String),
    /// An assertion that scans do not support.
    #[error("the pattern uses an assertion that is not supported: {0}")]
    Assertion(String),
    /// The pattern's program would have more than this many instructions.
    #[error("the pattern needs more than {0} instructions: a counted repetition of something long")]
    TooLarge(usize),
    /// All tables together exceed what the format can hold.
    #[error("all patterns together exceed what the tables can hold: {0}")]
    Tables(&'static str),
}

/// What became of one pattern.
#[derive(Debug, Clone, Default)]
pub struct PatternStats {
    /// Instructions of the whole program; nodes of a phrase list.
    pub instructions: usize,
    /// States of the automaton; 0 where it is built as it goes.
    pub states: usize,
    /// Whether the automaton is built as it goes.
    pub lazy: bool,
    /// The literals of each condition and, with `[]` around them, the byte sets that must occur.
    pub conditions: Vec<String>,
}

/// What became of all patterns.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// By number of pattern.
    pub patterns: Vec<PatternStats>,
    /// Rows of each group's filter.
    pub filter_rows: Vec<usize>,
}

/// Collects patterns and sets, and writes the tables that [`crate::Patterns::load`] reads.
#[derive(Debug, Default)]
pub struct PatternSetBuilder {
    known: BTreeMap<(String, Options), PatternId>,
    patterns: Vec<PatternMeta>,
    factors: Vec<Factors>,
    sets: Vec<(GroupId, Vec<PatternId>)>,
    pool: Pool,
    stats: Stats,
}

/// The sections that patterns share.
#[derive(Debug, Default)]
struct Pool {
    sets: Vec<ByteSet>,
    set_numbers: BTreeMap<ByteSet, u32>,
    classes: Vec<[u8; 256]>,
    class_numbers: BTreeMap<[u8; 256], u32>,
    words: Vec<u32>,
    cells: Vec<u16>,
}

impl Pool {
    fn set(&mut self, set: ByteSet) -> u32 {
        let sets = &mut self.sets;
        *self.set_numbers.entry(set).or_insert_with(|| {
            sets.push(set);
            sets.len() as u32 - 1
        })
    }

    fn class_table(&mut self, table: [u8; 256]) -> u32 {
        let classes = &mut self.classes;
        *self.class_numbers.entry(table).or_insert_with(|| {
            classes.push(table);
            classes.len() as u32 - 1
        })
    }

    fn words(&mut self, words: impl IntoIterator<Item = u32>) -> Span {
        let start = self.words.len();
        self.words.extend(words);
        Span {
            start: start as u32,
            length: (self.words.len() - start) as u32,
        }
    }

    fn cells(&mut self, cells: &[u16]) -> Span {
        let start = self.cells.len() as u32;
        self.cells.extend_from_slice(cells);
        Span {
            start,
            length: cells.len() as u32,
        }
    }

    /// A number that differs where the programs or their byte sets do, but for chance.
    fn digest(&self) -> u64 {
        let sets = self.sets.iter().flatten().copied();
        let words = self.words.iter().map(|word| u64::from(*word));
        sets.chain(words)
            .fold(0x9e37_79b9_7f4a_7c15, |state, word| {
                let mixed = (state ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
                mixed ^ mixed >> 32
            })
    }

    fn program(&mut self, built: &thompson::Built) -> ProgramMeta {
        ProgramMeta {
            words: self.words(built.insts.iter().copied().flatten()),
            start: built.start,
            anchored: built.anchored,
        }
    }
}

impl PatternSetBuilder {
    /// Without patterns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a regular expression in the syntax of the `regex` crate with Unicode off: classes and case
    /// folding are ASCII, `.` is one byte. `\x{hh}` with two digits means `\xhh`. The same text with the same
    /// options is the same pattern.
    ///
    /// # Errors
    ///
    /// [`CompileError`] when the text is none, or too large.
    pub fn add_regex(&mut self, text: &str, options: Options) -> Result<PatternId, CompileError> {
        let key = (text.to_owned(), options);
        if let Some(id) = self.known.get(&key) {
            return Ok(*id);
        }
        let hir = parse::parse(text, options)?;
        let whole = thompson::whole(&hir, &mut self.pool)?;
        let lean = thompson::lean(&hir, &mut self.pool)?;
        let first = thompson::first_bytes(&whole, &self.pool.sets);
        let mut stats = PatternStats {
            instructions: whole.insts.len(),
            ..PatternStats::default()
        };
        let program = Program {
            insts: &lean.insts,
            sets: &self.pool.sets,
            start: lean.start,
            anchored: lean.anchored,
        };
        let columns = columns::columns(&program);
        let matcher = match determinise::determinise(&program, &columns) {
            determinise::Outcome::Always => Matcher::Always,
            determinise::Outcome::Never => Matcher::Never,
            determinise::Outcome::Dfa(dfa) => {
                stats.states = dfa.states;
                Matcher::Dfa {
                    classes: self.pool.class_table(dfa.classes),
                    cells: self.pool.cells(&dfa.cells),
                    start: dfa.start,
                    end: dfa.end,
                }
            }
            determinise::Outcome::TooLarge => {
                stats.lazy = true;
                Matcher::Lazy {
                    classes: self.pool.class_table(columns.table),
                    end: columns.end,
                    program: self.pool.program(&lean),
                }
            }
        };
        let regex = RegexMeta {
            program: self.pool.program(&whole),
            slots: thompson::slots(&hir),
            first: first.map(|set| self.pool.set(set)),
            matcher,
        };
        let id = self.push(PatternMeta::Regex(regex), factors_of(&hir), stats);
        self.known.insert(key, id);
        Ok(id)
    }

    /// Adds a list of phrases, each of which matches wherever it occurs in any ASCII case. Empty phrases are
    /// left out.
    pub fn add_phrases(&mut self, phrases: Vec<Vec<u8>>) -> PatternId {
        let mut phrases = phrases;
        phrases.retain(|phrase| !phrase.is_empty());
        for phrase in &mut phrases {
            phrase.make_ascii_lowercase();
        }
        let trie = trie::Trie::of(&phrases);
        let (nodes, edges) = trie.sparse();
        let stats = PatternStats {
            instructions: trie.len(),
            ..PatternStats::default()
        };
        let meta = PhrasesMeta {
            nodes: self.pool.words(nodes),
            edges: self.pool.words(edges),
        };
        self.push(
            PatternMeta::Phrases(meta),
            factors_of_phrases(&phrases),
            stats,
        )
    }

    /// Adds a set of patterns that are scanned together, in the first group.
    pub fn add_set(&mut self, patterns: &[PatternId]) -> SetId {
        self.add_set_in(GroupId::default(), patterns)
    }

    /// Adds a set of patterns that are scanned together, in `group`. Keep the groups' numbers small: those
    /// below the largest exist.
    pub fn add_set_in(&mut self, group: GroupId, patterns: &[PatternId]) -> SetId {
        self.sets.push((group, patterns.to_vec()));
        SetId(self.sets.len() as u32 - 1)
    }

    /// Writes the tables, and tells what became of each pattern.
    ///
    /// # Errors
    ///
    /// [`CompileError::Tables`] when they exceed what the format can hold.
    pub fn build_with_stats(mut self) -> Result<(Vec<u8>, Stats), CompileError> {
        let groups = self.sets.iter().map(|(group, _)| usize::from(group.0) + 1);
        let mut meta = Meta {
            patterns: self.patterns,
            ..Meta::default()
        };
        for number in 0..groups.max().unwrap_or(0) {
            let mut members: Vec<u32> = self
                .sets
                .iter()
                .filter(|(group, _)| usize::from(group.0) == number)
                .flat_map(|(_, patterns)| patterns.iter().map(|pattern| pattern.0))
                .filter(|pattern| (*pattern as usize) < meta.patterns.len())
                .collect();
            members.sort_unstable();
            members.dedup();
            let group = filter::filter(members, &self.factors, &mut self.pool)?;
            self.stats
                .filter_rows
                .push((group.rows.length >> group.shift) as usize);
            meta.groups.push(group);
        }
        for (group, patterns) in &self.sets {
            let all = meta
                .groups
                .get(usize::from(group.0))
                .map(|group| &group.patterns);
            let all = all.map_or(&[][..], Vec::as_slice);
            let mut members = vec![0_u64; all.len().div_ceil(64)];
            for pattern in patterns {
                if let Ok(place) = all.binary_search(&pattern.0)
                    && let Some(word) = members.get_mut(place / 64)
                {
                    *word |= 1 << (place % 64);
                }
            }
            meta.sets.push(SetMeta {
                group: group.0,
                members,
            });
        }
        meta.digest = self.pool.digest();
        let tables = Tables {
            meta,
            sets: self.pool.sets,
            classes: self.pool.classes,
            words: self.pool.words,
            cells: self.pool.cells,
        };
        let bytes = tables.write().ok_or(CompileError::Tables("a section"))?;
        Ok((bytes, self.stats))
    }

    /// Writes the tables.
    ///
    /// # Errors
    ///
    /// [`CompileError::Tables`] when they exceed what the format can hold.
    pub fn build(self) -> Result<Vec<u8>, CompileError> {
        self.build_with_stats().map(|(bytes, _)| bytes)
    }

    fn push(&mut self, meta: PatternMeta, factors: Factors, mut stats: PatternStats) -> PatternId {
        stats.conditions = factors.describe();
        self.patterns.push(meta);
        self.factors.push(factors);
        self.stats.patterns.push(stats);
        PatternId(self.patterns.len() as u32 - 1)
    }
}
