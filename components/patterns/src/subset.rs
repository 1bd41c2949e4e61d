//! Steps of the subset construction: sets of instructions that a value's prefix leads to.
//!
//! Shared by the compiler, which builds whole automata, and by the automata that are built as they go. A
//! set is reported as matching as soon as a match is certain, and order does not matter: this answers
//! whether a pattern matches, not where.

use crate::look::Before;
use crate::program::{Inst, Program};
use crate::sparse::SparseSet;

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// No match is possible any more.
    Dead,
    /// The pattern has matched.
    Accept,
    /// The set in [`Subset::key`].
    Set,
}

/// The working memory of the construction.
#[derive(Debug, Default)]
pub(crate) struct Subset {
    now: SparseSet,
    next: SparseSet,
    stack: Vec<u32>,
    key: Vec<u32>,
}

impl Subset {
    /// The set that the last step led to: the kind of the byte before, then the instructions in ascending
    /// order. The kind is that of the value's start where no assertion depends on it.
    pub(crate) fn key(&self) -> &[u32] {
        &self.key
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.now.bytes() + self.next.bytes() + (self.stack.capacity() + self.key.capacity()) * 4
    }

    /// The set at the start of a value.
    pub(crate) fn start(&mut self, program: &Program<'_>) -> Step {
        self.next.reset(program.insts.len());
        let before = Before::Start;
        if close(
            program,
            program.start,
            before,
            &mut self.next,
            &mut self.stack,
        ) {
            return Step::Accept;
        }
        self.finish(program, before)
    }

    /// The set after `byte`, or at the value's end, from the set with `key`.
    pub(crate) fn step(&mut self, program: &Program<'_>, key: &[u32], byte: Option<u8>) -> Step {
        if self.resolve(program, key, byte) {
            return Step::Accept;
        }
        match byte {
            Some(byte) => self.consume(program, byte),
            None => Step::Dead,
        }
    }

    /// Decides the assertions of `key` before `byte`: what remains waits in [`Self::resolved`]. True when
    /// the pattern has matched.
    pub(crate) fn resolve(&mut self, program: &Program<'_>, key: &[u32], byte: Option<u8>) -> bool {
        let Some((before, insts)) = key.split_first() else {
            return false;
        };
        let before = decode_before(*before);
        self.now.reset(program.insts.len());
        for at in insts {
            self.now.insert(*at);
        }
        let mut index = 0;
        while let Some(at) = self.now.items().get(index).copied() {
            index += 1;
            if let Inst::Look { look, next } = program.inst(at)
                && look.holds(before, byte)
                && close(program, next, before, &mut self.now, &mut self.stack)
            {
                return true;
            }
        }
        false
    }

    /// The instructions after [`Self::resolve`], assertions among them.
    #[cfg(feature = "compile")]
    pub(crate) fn resolved(&self) -> &[u32] {
        self.now.items()
    }

    /// The set after `byte`, from the instructions that [`Self::resolve`] left.
    pub(crate) fn consume(&mut self, program: &Program<'_>, byte: u8) -> Step {
        let before = Before::of(byte);
        self.next.reset(program.insts.len());
        for at in self.now.items() {
            if let Inst::Set { set, next } = program.inst(*at)
                && program.takes(set, byte)
                && close(program, next, before, &mut self.next, &mut self.stack)
            {
                return Step::Accept;
            }
        }
        if !program.anchored
            && close(
                program,
                program.start,
                before,
                &mut self.next,
                &mut self.stack,
            )
        {
            return Step::Accept;
        }
        self.finish(program, before)
    }

    fn finish(&mut self, program: &Program<'_>, before: Before) -> Step {
        let mut asks = false;
        self.next.items_mut().retain(|at| match program.inst(*at) {
            Inst::Set { .. } => true,
            Inst::Look { look, .. } if !look.asks_after() => false,
            Inst::Look { look, next } => {
                asks |= look.asks_before()
                    || !matches!(program.inst(next), Inst::Match | Inst::Set { .. });
                true
            }
            _ => false,
        });
        // Without an anchor the next byte begins a search of its own, which an assertion about the byte
        // before it may allow.
        if self.next.items().is_empty() && program.anchored {
            return Step::Dead;
        }
        self.next.items_mut().sort_unstable();
        self.key.clear();
        self.key.push(if asks { before as u32 } else { 0 });
        self.key.extend_from_slice(self.next.items());
        Step::Set
    }
}

fn decode_before(number: u32) -> Before {
    match number {
        1 => Before::Feed,
        2 => Before::Word,
        3 => Before::Other,
        _ => Before::Start,
    }
}

/// Adds what `from` leads to without a byte and without an assertion about the byte after. True when that is
/// a match.
fn close(
    program: &Program<'_>,
    from: u32,
    before: Before,
    set: &mut SparseSet,
    stack: &mut Vec<u32>,
) -> bool {
    stack.clear();
    stack.push(from);
    while let Some(at) = stack.pop() {
        if !set.insert(at) {
            continue;
        }
        match program.inst(at) {
            Inst::Match => return true,
            Inst::Split { first, second } => {
                stack.push(second);
                stack.push(first);
            }
            Inst::Save { next, .. } => stack.push(next),
            Inst::Look { look, next } if !look.asks_after() && look.holds(before, None) => {
                stack.push(next);
            }
            Inst::Set { .. } | Inst::Look { .. } | Inst::Fail => {}
        }
    }
    false
}
