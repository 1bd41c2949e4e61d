//! The dense automaton of a group's literals: every step is one look-up.

use std::collections::{BTreeMap, BTreeSet};

use super::symbol::symbol;
use super::trie::Trie;

/// The automaton's parts, as in [`crate::tables::GroupMeta`].
#[derive(Debug, Default)]
pub(super) struct Automaton {
    pub(super) classes: Vec<u8>,
    pub(super) cells: Vec<u16>,
    pub(super) shift: u8,
    pub(super) reporting: u16,
    pub(super) report_of: Vec<u16>,
    pub(super) report_ends: Vec<u32>,
    pub(super) reports: Vec<(u16, u64)>,
}

/// Builds the automaton of `literals`, in symbols, each of which sets its bits. `None` with more rows than 16
/// bits can number.
pub(super) fn automaton(literals: &BTreeMap<Vec<u8>, BTreeSet<u32>>) -> Option<Automaton> {
    let texts: Vec<Vec<u8>> = literals.keys().cloned().collect();
    let bits: Vec<&BTreeSet<u32>> = literals.values().collect();
    let trie = Trie::of(&texts);
    if trie.len() > usize::from(u16::MAX) {
        return None;
    }
    let (classes, samples) = classes(&texts);
    let shift = samples.len().next_power_of_two().trailing_zeros() as u8;
    // Every node reports its own literals and those of the suffixes of its text.
    let mut all: Vec<BTreeSet<u32>> = Vec::with_capacity(trie.len());
    for (own, back) in trie.own.iter().zip(&trie.back) {
        let mut set = all.get(*back as usize).cloned().unwrap_or_default();
        for literal in own {
            set.extend(bits.get(*literal as usize).copied().into_iter().flatten());
        }
        all.push(set);
    }
    // Quiet rows first.
    let quiet = (0..trie.len()).filter(|node| all.get(*node).is_some_and(BTreeSet::is_empty));
    let loud = (0..trie.len()).filter(|node| all.get(*node).is_some_and(|set| !set.is_empty()));
    let order: Vec<usize> = quiet.clone().chain(loud).collect();
    let mut row_of = vec![0_u16; trie.len()];
    for (row, node) in (0..).zip(&order) {
        if let Some(place) = row_of.get_mut(*node) {
            *place = row;
        }
    }
    let mut automaton = Automaton {
        classes,
        shift,
        reporting: quiet.count() as u16,
        ..Automaton::default()
    };
    let mut known: BTreeMap<Vec<(u16, u64)>, u16> = BTreeMap::new();
    for node in order {
        for column in 0..1 << shift {
            let next = samples.get(column).map_or(0, |byte| {
                byte.map_or(0, |byte| trie.next(node as u32, byte))
            });
            automaton
                .cells
                .push(row_of.get(next as usize).copied().unwrap_or(0));
        }
        let Some(set) = all.get(node).filter(|set| !set.is_empty()) else {
            continue;
        };
        let words = words(set);
        let next = known.len() as u16;
        let number = *known.entry(words.clone()).or_insert_with(|| {
            automaton.reports.extend(words);
            automaton.report_ends.push(automaton.reports.len() as u32);
            next
        });
        automaton.report_of.push(number);
    }
    Some(automaton)
}

/// The column of each byte, like symbols together, and the symbol of each column; the first column is that
/// of symbols that no literal holds.
fn classes(literals: &[Vec<u8>]) -> (Vec<u8>, Vec<Option<u8>>) {
    let used: BTreeSet<u8> = literals.iter().flatten().copied().collect();
    let mut samples = vec![None];
    let mut classes = vec![0_u8; 256];
    for (byte, class) in (0..=u8::MAX).zip(&mut classes) {
        let folded = symbol(byte);
        if let Some(place) = used.iter().position(|used| *used == folded) {
            *class = place as u8 + 1;
        }
    }
    samples.extend(used.into_iter().map(Some));
    (classes, samples)
}

fn words(bits: &BTreeSet<u32>) -> Vec<(u16, u64)> {
    let mut words: BTreeMap<u16, u64> = BTreeMap::new();
    for bit in bits {
        *words.entry((bit / 64) as u16).or_default() |= 1 << (bit % 64);
    }
    words.into_iter().collect()
}
