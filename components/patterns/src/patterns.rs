//! Loaded patterns and the questions that they answer.

use std::ops::Range;

use crate::dfa::Dfa;
use crate::ids::{GroupId, PatternId, SetId};
use crate::phrases::{NODE, Phrases};
use crate::pike::{GROUPS, Search};
use crate::prescan::{Prescan, prescan};
use crate::program::Program;
use crate::scratch::Scratch;
use crate::tables::{
    LoadError, Matcher, PatternMeta, PhrasesMeta, ProgramMeta, RegexMeta, Tables, part,
};

/// The bounds in bytes of the whole match and of the first nine groups; `None` where a group took no part.
pub type Captures = [Option<(usize, usize)>; GROUPS];

/// Compiled patterns, ready to scan. They do not change: one serves any number of scans.
#[derive(Debug)]
pub struct Patterns {
    tables: Tables,
}

impl Patterns {
    /// Loads what `PatternSetBuilder::build` wrote. Copies the tables, compiles nothing.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the bytes are not what this build's compiler writes.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        let tables = Tables::read(bytes)?;
        for set in &tables.meta.sets {
            if usize::from(set.group) >= tables.meta.groups.len() {
                return Err(LoadError::Content("a set is in no group"));
            }
        }
        for group in &tables.meta.groups {
            let known = |pattern: &u32| (*pattern as usize) < tables.meta.patterns.len();
            if group.shift > 8 || !group.patterns.iter().all(known) {
                return Err(LoadError::Content("a group holds what is not there"));
            }
        }
        Ok(Self { tables })
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.meta.patterns.len()
    }

    /// Whether there are no patterns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.meta.patterns.is_empty()
    }

    /// The group of a set; `None` where there is no such set.
    #[must_use]
    pub fn group_of(&self, set: SetId) -> Option<GroupId> {
        let set = self.tables.meta.sets.get(set.0 as usize)?;
        Some(GroupId(set.group))
    }

    /// Finds the patterns of `group` that could match `value`, or any ASCII-case variant of it. Replaces what
    /// `found` held.
    pub fn prescan(
        &self,
        group: GroupId,
        value: &[u8],
        scratch: &mut Scratch,
        found: &mut Prescan,
    ) {
        prescan(&self.tables, group, value, &mut scratch.seen, found);
    }

    /// Appends to `matched` the patterns of `set` that match `value`, in ascending order of the numbers that
    /// they have in their group. `found` is the prescan of this value, or of an ASCII-case variant, in the
    /// set's group; with that of another group, nothing matches.
    pub fn scan_with(
        &self,
        set: SetId,
        value: &[u8],
        found: &Prescan,
        scratch: &mut Scratch,
        matched: &mut Vec<PatternId>,
    ) {
        let Some(members) = self.tables.meta.sets.get(set.0 as usize) else {
            return;
        };
        let group = usize::from(members.group);
        let Some(group) = self.tables.meta.groups.get(group) else {
            return;
        };
        if members.group != found.group.0 {
            return;
        }
        for (index, (members, found)) in members.members.iter().zip(&found.candidates).enumerate() {
            let mut left = members & found;
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(pattern) = group.patterns.get(index * 64 + bit)
                    && self.is_match(PatternId(*pattern), value, scratch)
                {
                    matched.push(PatternId(*pattern));
                }
            }
        }
    }

    /// Whether a pattern of `set` could match the value of the prescan `found`.
    #[must_use]
    pub fn may_match(&self, set: SetId, found: &Prescan) -> bool {
        self.tables
            .meta
            .sets
            .get(set.0 as usize)
            .is_some_and(|set| {
                let mut words = set.members.iter().zip(&found.candidates);
                set.group == found.group.0 && words.any(|(members, found)| members & found != 0)
            })
    }

    /// Whether `pattern` could match the value of the prescan `found`. True for a pattern that is not in
    /// the prescan's group: nothing is known of it.
    #[must_use]
    pub fn may_match_one(&self, pattern: PatternId, found: &Prescan) -> bool {
        let Some(group) = self.tables.meta.groups.get(usize::from(found.group.0)) else {
            return true;
        };
        match group.patterns.binary_search(&pattern.0) {
            Ok(place) => found
                .candidates
                .get(place / 64)
                .is_none_or(|word| word >> (place % 64) & 1 == 1),
            Err(_) => true,
        }
    }

    /// Appends to `matched` the patterns of `set` that match `value`: [`Self::prescan`] and
    /// [`Self::scan_with`] in one. Where several sets read the same value, one prescan for all is faster.
    pub fn scan(
        &self,
        set: SetId,
        value: &[u8],
        scratch: &mut Scratch,
        matched: &mut Vec<PatternId>,
    ) {
        let Some(members) = self.tables.meta.sets.get(set.0 as usize) else {
            return;
        };
        let mut found = std::mem::take(&mut scratch.prescan);
        self.prescan(GroupId(members.group), value, scratch, &mut found);
        self.scan_with(set, value, &found, scratch, matched);
        scratch.prescan = found;
    }

    /// Whether `pattern` matches somewhere in `value`.
    pub fn is_match(&self, pattern: PatternId, value: &[u8], scratch: &mut Scratch) -> bool {
        match self.tables.meta.patterns.get(pattern.0 as usize) {
            Some(PatternMeta::Regex(regex)) => self.matches(pattern, regex, value, scratch),
            Some(PatternMeta::Phrases(phrases)) => self.phrases(phrases).find(value).is_some(),
            None => false,
        }
    }

    /// Finds the first match of `pattern` in `value` and its groups, leftmost and with the preferences of
    /// the pattern, as the `regex` crate does. For phrases the whole match is the phrase that ends first.
    /// False, and all `None`, when there is no match.
    pub fn captures(
        &self,
        pattern: PatternId,
        value: &[u8],
        scratch: &mut Scratch,
        groups: &mut Captures,
    ) -> bool {
        *groups = Captures::default();
        match self.tables.meta.patterns.get(pattern.0 as usize) {
            Some(PatternMeta::Regex(regex)) => {
                if !self.search(regex, regex.slots, value, scratch) {
                    return false;
                }
                for (number, group) in groups.iter_mut().enumerate() {
                    *group = scratch.pike.group(number);
                }
                true
            }
            Some(PatternMeta::Phrases(phrases)) => {
                let [whole, ..] = groups;
                *whole = self.phrases(phrases).find(value);
                whole.is_some()
            }
            None => false,
        }
    }

    /// The bounds of the first match of `pattern` in `value`: the first of [`Self::captures`].
    pub fn find(
        &self,
        pattern: PatternId,
        value: &[u8],
        scratch: &mut Scratch,
    ) -> Option<Range<usize>> {
        let (start, end) = match self.tables.meta.patterns.get(pattern.0 as usize)? {
            PatternMeta::Regex(regex) => {
                if !self.search(regex, 2, value, scratch) {
                    return None;
                }
                scratch.pike.group(0)?
            }
            PatternMeta::Phrases(phrases) => self.phrases(phrases).find(value)?,
        };
        Some(start..end)
    }

    fn matches(
        &self,
        pattern: PatternId,
        regex: &RegexMeta,
        value: &[u8],
        scratch: &mut Scratch,
    ) -> bool {
        match &regex.matcher {
            Matcher::Always => true,
            Matcher::Never => false,
            Matcher::Dfa {
                classes,
                cells,
                start,
                end,
            } => self
                .tables
                .classes
                .get(*classes as usize)
                .is_some_and(|classes| {
                    let dfa = Dfa {
                        cells: part(&self.tables.cells, *cells),
                        classes,
                        start: *start,
                        end: *end,
                    };
                    dfa.is_match(value)
                }),
            Matcher::Lazy {
                classes,
                end,
                program,
            } => {
                let program = self.program(program);
                let classes = self.tables.classes.get(*classes as usize);
                let (Some(lazy), subset) = scratch.lazy(self.tables.meta.digest, pattern.0) else {
                    return false;
                };
                let Some(classes) = classes else {
                    return false;
                };
                let matches = lazy.is_match(&program, classes, *end, subset, value);
                if lazy.has_grown() {
                    scratch.settle();
                }
                matches
            }
        }
    }

    fn search(&self, regex: &RegexMeta, slots: u8, value: &[u8], scratch: &mut Scratch) -> bool {
        let search = Search {
            program: self.program(&regex.program),
            slots: usize::from(slots),
            first: regex
                .first
                .and_then(|set| self.tables.sets.get(set as usize)),
        };
        scratch.pike.find(&search, value)
    }

    fn program(&self, meta: &ProgramMeta) -> Program<'_> {
        Program {
            insts: part(&self.tables.words, meta.words).as_chunks().0,
            sets: &self.tables.sets,
            start: meta.start,
            anchored: meta.anchored,
        }
    }

    fn phrases(&self, meta: &PhrasesMeta) -> Phrases<'_> {
        Phrases {
            nodes: part(&self.tables.words, meta.nodes).as_chunks::<NODE>().0,
            edges: part(&self.tables.words, meta.edges),
        }
    }
}
