//! Whole automata: the subset construction, up to a size.

use super::columns::Columns;
use crate::dfa::{ACCEPT, DEAD, FIRST};
use crate::interner::Interner;
use crate::look::is_word;
use crate::program::{Inst, Program};
use crate::subset::{Step, Subset};

/// Cells of one automaton, at most: rows are addressed by 16 bits.
const CELLS_MAX: usize = 65_000;
/// Cells before equal states are merged, at most.
const RAW_CELLS_MAX: usize = 150_000;
/// Instructions in all states of one automaton while it is built, at most: the bound on its time.
const WORDS_MAX: usize = 400_000;

/// A whole automaton.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) cells: Vec<u16>,
    pub(super) classes: [u8; 256],
    pub(super) start: u16,
    pub(super) end: u16,
    pub(super) states: usize,
}

/// What the construction came to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Every value matches.
    Always,
    /// No value matches.
    Never,
    /// The automaton.
    Dfa(Box<Built>),
    /// It exceeds the bounds.
    TooLarge,
}

/// Builds the automaton of `program`.
pub(super) fn determinise(program: &Program<'_>, columns: &Columns) -> Outcome {
    let mut subset = Subset::default();
    match subset.start(program) {
        Step::Accept => return Outcome::Always,
        Step::Dead => return Outcome::Never,
        Step::Set => {}
    }
    let width = usize::from(columns.end) + 1;
    let mut states = Interner::default();
    states.intern(subset.key());
    let kinds = kinds(columns);
    let mut rows: Vec<u32> = Vec::new();
    let mut number = 0;
    while (number as usize) < states.len() {
        if states.len() * width > RAW_CELLS_MAX || states.words() > WORDS_MAX {
            return Outcome::TooLarge;
        }
        let key = states.list(number).to_vec();
        let row = rows.len();
        rows.resize(row + width, NOWHERE);
        for kind in &kinds {
            let sample = kind.first().and_then(|column| columns.samples.get(*column));
            let accepts = subset.resolve(program, &key, sample.copied());
            let Some(_) = sample else { continue };
            if accepts {
                for column in kind {
                    set(&mut rows, row + column, MATCHES);
                }
                continue;
            }
            for columns_alike in alike(program, subset.resolved(), kind, columns) {
                let Some(sample) = columns_alike
                    .first()
                    .and_then(|column| columns.samples.get(*column))
                else {
                    continue;
                };
                let target = match subset.consume(program, *sample) {
                    Step::Dead => NOWHERE,
                    Step::Accept => MATCHES,
                    Step::Set => states.intern(subset.key()).0,
                };
                for column in columns_alike {
                    set(&mut rows, row + column, target);
                }
            }
        }
        if subset.resolve(program, &key, None) {
            set(&mut rows, row + width - 1, MATCHES);
        }
        number += 1;
    }
    minimise(&rows, width, columns).map_or(Outcome::TooLarge, Outcome::Dfa)
}

const NOWHERE: u32 = u32::MAX;
const MATCHES: u32 = u32::MAX - 1;

fn set(rows: &mut [u32], place: usize, value: u32) {
    if let Some(cell) = rows.get_mut(place) {
        *cell = value;
    }
}

/// Columns by what assertions make of them: word, line feed, other. One kind where no assertion asks.
fn kinds(columns: &Columns) -> Vec<Vec<usize>> {
    let mut kinds = vec![Vec::new(); 3];
    for (column, sample) in columns.samples.iter().enumerate() {
        let kind = match sample {
            _ if !columns.looks => 0,
            b'\n' => 1,
            byte if is_word(*byte) => 2,
            _ => 0,
        };
        if let Some(kind) = kinds.get_mut(kind) {
            kind.push(column);
        }
    }
    kinds.retain(|kind| !kind.is_empty());
    kinds
}

/// The columns of `kind` in parts that lead to the same set.
fn alike(
    program: &Program<'_>,
    insts: &[u32],
    kind: &[usize],
    columns: &Columns,
) -> Vec<Vec<usize>> {
    let mut sets: Vec<u32> = insts
        .iter()
        .filter_map(|at| match program.inst(*at) {
            Inst::Set { set, .. } => Some(set),
            _ => None,
        })
        .collect();
    sets.sort_unstable();
    sets.dedup();
    let mut parts = vec![kind.to_vec()];
    for set in sets {
        let mut split = Vec::with_capacity(parts.len() + 1);
        for part in parts {
            let (inside, outside): (Vec<usize>, Vec<usize>) =
                part.into_iter().partition(|column| {
                    let sample = columns.samples.get(*column);
                    sample.is_some_and(|byte| program.takes(set, *byte))
                });
            split.extend(
                [inside, outside]
                    .into_iter()
                    .filter(|part| !part.is_empty()),
            );
        }
        parts = split;
    }
    parts
}

/// Merges states that no value tells apart (Moore's refinement), and lays out the rows.
fn minimise(rows: &[u32], width: usize, columns: &Columns) -> Option<Box<Built>> {
    let count = rows.len() / width;
    // Class 0 is nowhere, 1 matches.
    let mut class = vec![2_u32; count];
    let mut classes = 1;
    let mut numbers = Interner::default();
    let mut signature = Vec::with_capacity(width + 1);
    loop {
        numbers.clear();
        let mut refined = Vec::with_capacity(count);
        for (row, own) in rows.chunks_exact(width).zip(&class) {
            signature.clear();
            signature.push(*own);
            signature.extend(row.iter().map(|target| match *target {
                NOWHERE => 0,
                MATCHES => 1,
                target => class.get(target as usize).copied().unwrap_or(0),
            }));
            refined.push(numbers.intern(&signature).0 + 2);
        }
        let found = numbers.len();
        class = refined;
        if found == classes {
            break;
        }
        classes = found;
    }
    let (merged, table, end) = merge_columns(rows, width, &class, classes, columns);
    let wide = usize::from(end) + 1;
    if merged.len() > CELLS_MAX {
        return None;
    }
    let place = |number: u32| match number {
        0 => DEAD,
        1 => ACCEPT,
        number => FIRST + ((number as usize - 2) * wide) as u16,
    };
    let mut cells = vec![DEAD; usize::from(FIRST)];
    cells.extend(merged.iter().map(|target| place(*target)));
    Some(Box::new(Built {
        cells,
        classes: table,
        start: place(class.first().copied().unwrap_or(0)),
        end,
        states: classes,
    }))
}

/// Rows by merged state, columns that are equal everywhere made one.
fn merge_columns(
    rows: &[u32],
    width: usize,
    class: &[u32],
    classes: usize,
    columns: &Columns,
) -> (Vec<u32>, [u8; 256], u16) {
    let mut full = vec![0_u32; classes * width];
    for (row, own) in rows.chunks_exact(width).zip(class) {
        let start = (*own as usize - 2) * width;
        let target = full.get_mut(start..start + width).unwrap_or_default();
        for (cell, target_state) in target.iter_mut().zip(row) {
            *cell = match *target_state {
                NOWHERE => 0,
                MATCHES => 1,
                target => class.get(target as usize).copied().unwrap_or(0),
            };
        }
    }
    let mut numbers = Interner::default();
    let mut kept: Vec<usize> = Vec::new();
    let mut new_of = Vec::with_capacity(width);
    for column in 0..width - 1 {
        let content: Vec<u32> = full.iter().skip(column).step_by(width).copied().collect();
        let (number, new) = numbers.intern(&content);
        if new {
            kept.push(column);
        }
        new_of.push(number as u8);
    }
    let end = kept.len() as u16;
    kept.push(width - 1);
    let merged = full
        .chunks_exact(width)
        .flat_map(|row| {
            kept.iter()
                .map(|column| row.get(*column).copied().unwrap_or(0))
        })
        .collect();
    let mut table = [0_u8; 256];
    for (cell, column) in table.iter_mut().zip(&columns.table) {
        *cell = new_of.get(usize::from(*column)).copied().unwrap_or(0);
    }
    (merged, table, end)
}
