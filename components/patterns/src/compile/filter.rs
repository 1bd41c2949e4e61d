//! The filter of a group: which conditions of its patterns are tested, and how.

use std::collections::{BTreeMap, BTreeSet};

use super::automaton::automaton;
use super::factors::{Condition, Factors};
use super::symbol::symbol;
use super::{CompileError, Pool};
use crate::tables::{Gate, GroupMeta, SLOTS};

/// Byte sets of a group, at most: bits of a word.
const BYTE_SETS_MAX: usize = 64;

/// Builds the filter of `patterns`, ascending numbers into `factors`.
pub(super) fn filter(
    patterns: Vec<u32>,
    factors: &[Factors],
    pool: &mut Pool,
) -> Result<GroupMeta, CompileError> {
    let words = patterns.len().div_ceil(64);
    let mut preset = vec![u64::MAX; words * SLOTS];
    let mut literals: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
    let byte_sets = byte_sets(&patterns, factors);
    let mut gates = Vec::with_capacity(patterns.len());
    for (place, pattern) in patterns.iter().enumerate() {
        let Some(factors) = factors.get(*pattern as usize) else {
            return Err(CompileError::Tables("a pattern without conditions"));
        };
        for (slot, condition) in factors.literals.iter().take(SLOTS).enumerate() {
            let word = slot * words + place / 64;
            if let Some(preset) = preset.get_mut(word) {
                *preset &= !(1 << (place % 64));
            }
            let bit = (word * 64 + place % 64) as u32;
            for literal in &condition.literals {
                literals.entry(literal.clone()).or_default().insert(bit);
            }
        }
        let mut gate = Gate {
            sets: 0,
            length_min: u32::try_from(factors.length_min).unwrap_or(u32::MAX),
        };
        for condition in &factors.bytes {
            if let Some(bit) = byte_sets.iter().position(|set| *set == condition.literals) {
                gate.sets |= 1 << bit;
            }
        }
        gates.push(gate);
    }
    // Bits behind the last pattern stand for none.
    if let Some(last) = words.checked_sub(1)
        && !patterns.len().is_multiple_of(64)
        && let Some(word) = preset.get_mut(last)
    {
        *word &= (1 << (patterns.len() % 64)) - 1;
    }
    let automaton = automaton(&literals).ok_or(CompileError::Tables("the rows of a filter"))?;
    let classes = automaton.classes.first_chunk::<256>().copied();
    Ok(GroupMeta {
        patterns,
        gates,
        preset,
        in_sets: in_sets(&byte_sets),
        classes: pool.class_table(classes.unwrap_or([0; 256])),
        rows: pool.cells(&automaton.cells),
        shift: automaton.shift,
        reporting: automaton.reporting,
        report_of: automaton.report_of,
        report_ends: automaton.report_ends,
        reports: automaton.reports,
    })
}

/// The byte sets that are tested: those first that patterns without a rare literal ask for.
fn byte_sets(patterns: &[u32], factors: &[Factors]) -> Vec<Vec<Vec<u8>>> {
    let mut weights: BTreeMap<&[Vec<u8>], f64> = BTreeMap::new();
    for pattern in patterns {
        let Some(factors) = factors.get(*pattern as usize) else {
            continue;
        };
        let mut remaining = factors
            .literals
            .iter()
            .map(|condition| condition.expected.min(1.0))
            .product::<f64>();
        for Condition { literals, expected } in &factors.bytes {
            let spared = remaining * (1.0 - expected.min(1.0));
            remaining -= spared;
            *weights.entry(literals).or_default() += spared;
        }
    }
    let mut sets: Vec<(&[Vec<u8>], f64)> = weights.into_iter().collect();
    sets.sort_by(|a, b| b.1.total_cmp(&a.1));
    sets.into_iter()
        .take(BYTE_SETS_MAX)
        .map(|(set, _)| set.to_vec())
        .collect()
}

/// For each byte, the sets that hold its symbol.
fn in_sets(sets: &[Vec<Vec<u8>>]) -> Vec<u64> {
    (0..=u8::MAX)
        .map(|byte| {
            let folded = [symbol(byte)];
            let mut bits = 0;
            for (bit, set) in sets.iter().enumerate() {
                if set.iter().any(|one| one[..] == folded) {
                    bits |= 1 << bit;
                }
            }
            bits
        })
        .collect()
}
