//! Conditions that every match of a pattern fulfils: one of these literals, one of these bytes.

use std::collections::BTreeSet;

use regex_syntax::hir::{Hir, HirKind, Literal as HirLiteral};

use super::sequence::{Limits, Literal, Sequence, beginnings_of_all};
use super::symbol::{expected, symbol};
use crate::tables::SLOTS;

/// Bounds that are tried for the literals of a condition.
const LIMITS: [Limits; 5] = [
    Limits {
        length: 1,
        count: 64,
    },
    Limits {
        length: 2,
        count: 400,
    },
    Limits {
        length: 3,
        count: 300,
    },
    Limits {
        length: 4,
        count: 240,
    },
    Limits {
        length: 6,
        count: 200,
    },
];
/// Conditions of a part that are kept while others are looked for.
const KEPT: usize = 6;
/// Literals that occur more often than this in an ordinary value are no condition worth testing.
const LITERALS_EXPECTED_MAX: f64 = 2.0;
/// The same of single bytes.
const BYTES_EXPECTED_MAX: f64 = 1.5;
/// Sets of single bytes of a pattern, at most.
const BYTE_SETS_MAX: usize = 4;

/// A beginning that is expected more often than this is not looked at further.
const FIRST_EXPECTED_MAX: f64 = 40.0;
/// Conditions are added to a pattern while those before leave it more often than this in an ordinary value.
const ENOUGH: f64 = 0.002;
/// A further condition may share this much with those before.
const OVERLAP_MAX: f64 = 0.5;

/// "One of these literals occurs", in symbols, none of them part of another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    pub(super) literals: Vec<Vec<u8>>,
    /// How often one is expected in an ordinary value.
    pub(super) expected: f64,
}

/// What every match of a pattern fulfils.
#[derive(Debug, Clone, Default)]
pub(super) struct Factors {
    /// Conditions of literals, the rarest first.
    pub(super) literals: Vec<Condition>,
    /// Conditions of single bytes, the rarest first.
    pub(super) bytes: Vec<Condition>,
    /// The least length of a value that matches, in bytes.
    pub(super) length_min: usize,
}

impl Factors {
    /// The conditions as texts.
    pub(super) fn describe(&self) -> Vec<String> {
        let text = |condition: &Condition| {
            let literals = condition.literals.iter().take(12);
            let texts: Vec<String> = literals
                .map(|literal| literal.escape_ascii().to_string())
                .collect();
            let more = if condition.literals.len() > 12 {
                " ..."
            } else {
                ""
            };
            format!("{}{more} ({:.4})", texts.join(" "), condition.expected)
        };
        let bytes = self.bytes.iter().map(|bytes| format!("[{}]", text(bytes)));
        self.literals.iter().map(text).chain(bytes).collect()
    }
}

/// The conditions of a regular expression.
pub(super) fn factors_of(hir: &Hir) -> Factors {
    let found = find(hir);
    let mut factors = Factors {
        length_min: hir.properties().minimum_len().unwrap_or(0),
        ..Factors::default()
    };
    let mut remaining = 1.0;
    for condition in found.literals {
        if factors.literals.len() < SLOTS
            && remaining > ENOUGH
            && condition.expected < LITERALS_EXPECTED_MAX
            && condition.literals.iter().any(|literal| literal.len() > 1)
            && overlap(&condition, &factors.literals) < OVERLAP_MAX
        {
            remaining *= condition.expected.min(1.0);
            factors.literals.push(condition);
        }
    }
    for condition in found.bytes {
        if factors.bytes.len() < BYTE_SETS_MAX
            && condition.expected < BYTES_EXPECTED_MAX
            && !implied(&condition, &factors.literals)
            && !implied(&condition, &factors.bytes)
        {
            factors.bytes.push(condition);
        }
    }
    factors
}

/// The conditions of a list of phrases, lower case.
pub(super) fn factors_of_phrases(phrases: &[Vec<u8>]) -> Factors {
    let mut factors = Factors {
        length_min: phrases.iter().map(Vec::len).min().unwrap_or(usize::MAX),
        ..Factors::default()
    };
    // The rarest window of each phrase.
    let windows = phrases.iter().filter_map(|phrase| {
        let phrase: Vec<u8> = phrase.iter().map(|byte| symbol(*byte)).collect();
        let width = phrase.len().min(6);
        let rarest = |a: &&[u8], b: &&[u8]| expected(a).total_cmp(&expected(b));
        phrase
            .windows(width.max(1))
            .min_by(rarest)
            .map(<[u8]>::to_vec)
    });
    factors.literals.extend(condition(windows.collect()));
    factors
}

/// How much of what fulfils `condition` fulfils one of `chosen` by itself: 0 to 1.
fn overlap(condition: &Condition, chosen: &[Condition]) -> f64 {
    let related = |literal: &&Vec<u8>| {
        let mut all = chosen.iter().flat_map(|chosen| &chosen.literals);
        all.any(|other| contains(literal, other) || contains(other, literal))
    };
    let shared = condition.literals.iter().filter(related);
    shared.map(|literal| expected(literal)).sum::<f64>() / condition.expected.max(f64::MIN_POSITIVE)
}

/// Whether `condition` holds wherever one of `chosen` does.
fn implied(condition: &Condition, chosen: &[Condition]) -> bool {
    chosen.iter().any(|chosen| {
        chosen.literals.iter().all(|literal| {
            condition
                .literals
                .iter()
                .any(|part| contains(literal, part))
        })
    })
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}

#[derive(Debug, Clone, Default)]
struct Found {
    literals: Vec<Condition>,
    bytes: Vec<Condition>,
}

impl Found {
    fn offer(&mut self, sequence: &Sequence, limits: Limits) {
        let literals = sequence
            .iter()
            .map(|literal| literal.bytes.clone())
            .collect();
        let Some(condition) = condition(literals) else {
            return;
        };
        if limits.length == 1 {
            self.bytes.push(condition.clone());
        }
        self.literals.push(condition);
    }

    fn keep_best(&mut self) {
        for conditions in [&mut self.literals, &mut self.bytes] {
            conditions.sort_by(|a, b| weight(a).total_cmp(&weight(b)));
            conditions.dedup();
            let mut kept: Vec<Condition> = Vec::new();
            for condition in conditions.drain(..) {
                if kept.len() < KEPT && !implied(&condition, &kept) {
                    kept.push(condition);
                }
            }
            *conditions = kept;
        }
    }
}

/// What a condition costs: how often it holds, and a little for its size.
fn weight(condition: &Condition) -> f64 {
    condition.expected + condition.literals.len() as f64 * 1e-4
}

/// The condition of `literals`; none when one of them is empty, or there are none.
fn condition(literals: Vec<Vec<u8>>) -> Option<Condition> {
    let mut unique: BTreeSet<Vec<u8>> = literals.into_iter().collect();
    if unique.is_empty() || unique.contains(&Vec::new()) {
        return None;
    }
    let all = unique.clone();
    unique.retain(|literal| {
        !all.iter()
            .any(|part| part.len() < literal.len() && contains(literal, part))
    });
    let literals: Vec<Vec<u8>> = unique.into_iter().collect();
    let expected = literals.iter().map(|literal| expected(literal)).sum();
    Some(Condition { literals, expected })
}

fn find(hir: &Hir) -> Found {
    let mut found = Found::default();
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(_) | HirKind::Class(_) => find_along(&[hir], &mut found),
        HirKind::Capture(capture) => return find(&capture.sub),
        HirKind::Repetition(repetition) => {
            if repetition.min > 0 {
                found = find(&repetition.sub);
                find_along(&[hir], &mut found);
            }
        }
        HirKind::Concat(parts) => {
            find_along(&parts.iter().collect::<Vec<_>>(), &mut found);
            for part in parts {
                if !matches!(part.kind(), HirKind::Literal(_) | HirKind::Class(_)) {
                    let inner = find(part);
                    found.literals.extend(inner.literals);
                    found.bytes.extend(inner.bytes);
                }
            }
        }
        HirKind::Alternation(parts) => {
            let ways: Vec<Found> = parts.iter().map(find).collect();
            found.literals = either(ways.iter().map(|way| &way.literals));
            found.bytes = either(ways.iter().map(|way| &way.bytes));
        }
    }
    found.keep_best();
    found
}

/// What begins at each place of `parts` one after another.
fn find_along(parts: &[&Hir], found: &mut Found) {
    for (at, part) in parts.iter().enumerate() {
        let rest = parts.get(at + 1..).unwrap_or_default();
        let mut offer = |first: &Hir| {
            let mut before = Sequence::new();
            for limits in LIMITS {
                let all = std::iter::once(first).chain(rest.iter().copied());
                let sequence = beginnings_of_all(all, limits);
                let often = |literal: &Literal| expected(&literal.bytes);
                if sequence.iter().map(often).sum::<f64>() > FIRST_EXPECTED_MAX
                    || sequence == before
                {
                    break;
                }
                found.offer(&sequence, limits);
                before = sequence;
            }
        };
        offer(part);
        // Places within a literal.
        if let HirKind::Literal(HirLiteral(bytes)) = part.kind() {
            for skipped in 1..bytes.len().min(40) {
                offer(&Hir::literal(bytes.get(skipped..).unwrap_or_default()));
            }
        }
    }
}

/// Conditions that hold whichever way is taken: from each way that which adds least.
fn either<'a>(ways: impl Iterator<Item = &'a Vec<Condition>> + Clone) -> Vec<Condition> {
    let Some(first) = ways.clone().next() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for seed in first.iter().take(4) {
        let mut literals: BTreeSet<Vec<u8>> = seed.literals.iter().cloned().collect();
        let complete = ways.clone().skip(1).all(|way| {
            let added = |condition: &&Condition| -> f64 {
                let new = condition.literals.iter();
                new.filter(|literal| !literals.contains(*literal))
                    .map(|literal| expected(literal) + 1e-4)
                    .sum()
            };
            let least = way.iter().min_by(|a, b| added(a).total_cmp(&added(b)));
            let found = least.is_some();
            literals.extend(
                least
                    .iter()
                    .flat_map(|condition| condition.literals.clone()),
            );
            found
        });
        if complete {
            all.extend(condition(literals.into_iter().collect()));
        }
    }
    all
}
