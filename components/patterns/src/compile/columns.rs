//! Columns of an automaton: bytes that a program cannot tell apart share one.

use std::collections::BTreeMap;

use crate::look::is_word;
use crate::program::{Inst, Program, set_has};

/// The columns of a program's automaton.
#[derive(Debug)]
pub(super) struct Columns {
    /// The column of each byte.
    pub(super) table: [u8; 256],
    /// The column of the value's end: the number of columns of bytes.
    pub(super) end: u16,
    /// A byte of each column.
    pub(super) samples: Vec<u8>,
    /// Whether assertions ask what kind of byte stands before or after.
    pub(super) looks: bool,
}

/// The columns of `program`.
pub(super) fn columns(program: &Program<'_>) -> Columns {
    let mut sets: Vec<u32> = Vec::new();
    let (mut words, mut feeds) = (false, false);
    for at in 0..program.insts.len() as u32 {
        match program.inst(at) {
            Inst::Set { set, .. } => sets.push(set),
            Inst::Look { look, .. } => {
                use crate::look::Look::{End, LineEnd, LineStart, Start};
                words |= !matches!(look, Start | End | LineStart | LineEnd);
                feeds |= matches!(look, LineStart | LineEnd);
            }
            _ => {}
        }
    }
    sets.sort_unstable();
    sets.dedup();
    let mut of = [0_u16; 256];
    let mut split = |has: &dyn Fn(u8) -> bool| {
        let mut numbers: BTreeMap<(u16, bool), u16> = BTreeMap::new();
        for (byte, column) in (0..=u8::MAX).zip(&mut of) {
            let next = numbers.len() as u16;
            *column = *numbers.entry((*column, has(byte))).or_insert(next);
        }
    };
    for set in sets {
        if let Some(set) = program.sets.get(set as usize) {
            split(&|byte| set_has(set, byte));
        }
    }
    if words {
        split(&is_word);
    }
    if feeds || words {
        split(&|byte| byte == b'\n');
    }
    let mut table = [0_u8; 256];
    let mut samples = Vec::new();
    for ((byte, column), cell) in (0..=u8::MAX).zip(of).zip(&mut table) {
        *cell = column as u8;
        if usize::from(column) >= samples.len() {
            samples.push(byte);
        }
    }
    Columns {
        table,
        end: samples.len() as u16,
        samples,
        looks: words || feeds,
    }
}
