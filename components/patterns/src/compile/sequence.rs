//! The literals that a match of a part of a pattern can begin with.

use regex_syntax::hir::{Hir, HirKind};

use super::symbol::symbol;
use super::thompson::{class_bytes, set_bytes};

/// A beginning, in symbols.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Literal {
    pub(super) bytes: Vec<u8>,
    /// Whether the part ends where the literal ends; else anything may follow.
    pub(super) exact: bool,
}

/// Bounds of a sequence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of a literal.
    pub(super) length: usize,
    /// Literals.
    pub(super) count: usize,
}

/// Every match begins with one of these. The empty literal that is not exact says nothing.
pub(super) type Sequence = Vec<Literal>;

/// The beginnings of `hir`.
pub(super) fn beginnings(hir: &Hir, limits: Limits) -> Sequence {
    let sequence = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![empty(true)],
        HirKind::Literal(literal) => {
            let taken = literal.0.len().min(limits.length);
            vec![Literal {
                bytes: literal
                    .0
                    .iter()
                    .take(taken)
                    .map(|byte| symbol(*byte))
                    .collect(),
                exact: taken == literal.0.len(),
            }]
        }
        HirKind::Class(class) => {
            let bytes: Vec<Literal> = set_bytes(&class_bytes(class))
                .map(|byte| Literal {
                    bytes: vec![symbol(byte)],
                    exact: true,
                })
                .collect();
            unique(bytes)
        }
        HirKind::Repetition(repetition) => {
            let sub = beginnings(&repetition.sub, limits);
            let mut sequence = vec![empty(true)];
            for _ in 0..repetition.min.min(4) {
                sequence = cross(sequence, &sub, limits);
            }
            if repetition.max != Some(repetition.min.min(4)) {
                // More may follow, or not.
                let last = repetition.max == Some(repetition.min + 1);
                let mut more: Sequence = sub;
                for literal in &mut more {
                    literal.exact &= last;
                }
                more.push(empty(repetition.min <= 4));
                sequence = cross(sequence, &unique(more), limits);
            }
            sequence
        }
        HirKind::Capture(capture) => beginnings(&capture.sub, limits),
        HirKind::Concat(parts) => beginnings_of_all(parts, limits),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(beginnings(part, limits));
                if all.len() > limits.count * 2 {
                    all = unique(all);
                    if all.len() > limits.count {
                        break;
                    }
                }
            }
            unique(all)
        }
    };
    if sequence.len() > limits.count {
        return vec![empty(false)];
    }
    sequence
}

/// The beginnings of `parts` one after another.
pub(super) fn beginnings_of_all<'a>(
    parts: impl IntoIterator<Item = &'a Hir>,
    limits: Limits,
) -> Sequence {
    let mut sequence = vec![empty(true)];
    for part in parts {
        if sequence.iter().all(|literal| !literal.exact) {
            break;
        }
        sequence = cross(sequence, &beginnings(part, limits), limits);
    }
    sequence
}

fn empty(exact: bool) -> Literal {
    Literal {
        bytes: Vec::new(),
        exact,
    }
}

fn unique(mut sequence: Sequence) -> Sequence {
    sequence.sort();
    sequence.dedup();
    // Sorted, the one that is not exact comes before its exact twin, which says less.
    sequence.dedup_by(|later, earlier| later.bytes == earlier.bytes && !earlier.exact);
    sequence
}

/// Each exact literal of `before` followed by each of `after`; `before` alone, not exact, where that
/// exceeds the bounds.
fn cross(before: Sequence, after: &Sequence, limits: Limits) -> Sequence {
    let exact = before.iter().filter(|literal| literal.exact).count();
    if before.len() - exact + exact * after.len() > limits.count {
        let cut = before.into_iter().map(|literal| Literal {
            exact: false,
            ..literal
        });
        return unique(cut.collect());
    }
    let mut all = Vec::with_capacity(before.len() - exact + exact * after.len());
    for literal in before {
        if !literal.exact {
            all.push(literal);
            continue;
        }
        for next in after {
            let mut bytes = literal.bytes.clone();
            let room = limits.length - bytes.len().min(limits.length);
            bytes.extend(next.bytes.iter().take(room));
            all.push(Literal {
                bytes,
                exact: next.exact && next.bytes.len() <= room,
            });
        }
    }
    unique(all)
}
