//! The tables of a program while it is written: each entry once, named by its number.
use lockgate_patterns::{CompileError, Options, PatternId, PatternSetBuilder};
use lockgate_transform::Transformation;
use lockgate_waf::program::{CAPTURE_SLOTS, IpNet};
use std::collections::BTreeMap;

/// A list whose entries are there once.
#[derive(Debug)]
pub(crate) struct Interned<T> {
    numbers: BTreeMap<T, u32>,
    list: Vec<T>,
}

impl<T: Ord + Clone> Interned<T> {
    /// An empty list.
    pub(crate) fn new() -> Self {
        Self {
            numbers: BTreeMap::new(),
            list: Vec::new(),
        }
    }

    /// The number of an entry.
    pub(crate) fn number(&mut self, entry: T) -> u32 {
        if let Some(number) = self.numbers.get(&entry) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(entry.clone());
        self.numbers.insert(entry, number);
        number
    }

    /// The number of an entry in 16 bits; none when there are too many.
    pub(crate) fn number16(&mut self, entry: T) -> Option<u16> {
        u16::try_from(self.number(entry)).ok()
    }

    /// The entries by number.
    pub(crate) fn into_list(self) -> Vec<T> {
        self.list
    }
}

/// All tables.
pub(crate) struct Tables {
    /// Names of TX variables.
    pub(crate) tx: Interned<String>,
    /// Tags, versions and revisions.
    pub(crate) strings: Interned<String>,
    /// Lists of transformations.
    pub(crate) chains: Interned<Vec<Transformation>>,
    /// Address sets.
    pub(crate) ip_sets: Interned<Vec<IpNet>>,
    /// The patterns.
    pub(crate) patterns: PatternSetBuilder,
    regexes: BTreeMap<(String, bool), PatternId>,
    phrases: BTreeMap<Vec<Vec<u8>>, PatternId>,
}

impl Tables {
    /// Tables with what every program has: the slots of captures, the empty list.
    pub(crate) fn new() -> Self {
        let mut tables = Self {
            tx: Interned::new(),
            strings: Interned::new(),
            chains: Interned::new(),
            ip_sets: Interned::new(),
            patterns: PatternSetBuilder::new(),
            regexes: BTreeMap::new(),
            phrases: BTreeMap::new(),
        };
        for slot in 0..CAPTURE_SLOTS {
            tables.tx.number(slot.to_string());
        }
        tables.chains.number(Vec::new());
        tables
    }

    /// The number of a regular expression. `.` takes every byte and `^` and `$` stand for the
    /// ends of the value, as in ModSecurity 2 (`PCRE_DOTALL`, `PCRE_DOLLAR_ENDONLY`), which the
    /// Core Rule Set is written for.
    ///
    /// # Errors
    /// The expression does not compile.
    pub(crate) fn regex(&mut self, regex: &str, any_case: bool) -> Result<PatternId, CompileError> {
        if let Some(id) = self.regexes.get(&(regex.to_owned(), any_case)) {
            return Ok(*id);
        }
        let options = Options {
            case_insensitive: any_case,
            dot_matches_new_line: true,
            multi_line: false,
        };
        let id = self.patterns.add_regex(regex, options)?;
        self.regexes.insert((regex.to_owned(), any_case), id);
        Ok(id)
    }

    /// The number of a list of phrases.
    pub(crate) fn phrases(&mut self, mut phrases: Vec<Vec<u8>>) -> PatternId {
        phrases.sort();
        phrases.dedup();
        if let Some(id) = self.phrases.get(&phrases) {
            return *id;
        }
        let id = self.patterns.add_phrases(phrases.clone());
        self.phrases.insert(phrases, id);
        id
    }
}
