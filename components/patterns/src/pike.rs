//! A Pike machine: where a pattern matches, leftmost and with the preferences of the pattern, groups too.
//!
//! Time is linear: at each position every instruction runs at most once.

use crate::look::Before;
use crate::program::{ByteSet, Inst, Program, set_has};
use crate::sparse::SparseSet;

/// Groups that are reported: the whole match and nine more, as SecLang's `TX:0` to `TX:9`.
pub(crate) const GROUPS: usize = 10;
/// A slot without a position.
const NONE: u32 = u32::MAX;

/// The working memory of the machine.
#[derive(Debug, Default)]
pub(crate) struct Pike {
    now: Threads,
    next: Threads,
    stack: Vec<Frame>,
    work: Vec<u32>,
    best: Vec<u32>,
}

#[derive(Debug, Default)]
struct Threads {
    /// The instructions that were come by.
    seen: SparseSet,
    /// Those of them that wait for a byte, or match; preferred ones first.
    waiting: Vec<u32>,
    /// The slots of each that waits, in the same order.
    slots: Vec<u32>,
}

#[derive(Debug)]
enum Frame {
    Explore(u32),
    Restore { slot: usize, position: u32 },
}

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search<'a> {
    /// The whole program, with its groups.
    pub(crate) program: Program<'a>,
    /// How many slots the program's groups need, those of the whole match among them.
    pub(crate) slots: usize,
    /// The bytes that a match can begin with, where it cannot be empty.
    pub(crate) first: Option<&'a ByteSet>,
}

impl Pike {
    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.now.bytes()
            + self.next.bytes()
            + (self.work.capacity() + self.best.capacity()) * 4
            + self.stack.capacity() * size_of::<Frame>()
    }

    /// Finds the first match of `search` in `value`. The slots are in [`Self::group`].
    pub(crate) fn find(&mut self, search: &Search<'_>, value: &[u8]) -> bool {
        let program = &search.program;
        let slots = search.slots.clamp(2, GROUPS * 2);
        self.now.reset(program.insts.len());
        self.next.reset(program.insts.len());
        self.work.clear();
        self.work.resize(slots, NONE);
        let mut matched = false;
        let mut at = 0;
        loop {
            let byte = value.get(at).copied();
            let before = Before::at(value, at);
            if self.now.waiting.is_empty() {
                if matched || (program.anchored && at > 0) {
                    break;
                }
                if let (Some(first), Some(byte)) = (search.first, byte)
                    && !set_has(first, byte)
                {
                    at += 1;
                    continue;
                }
            }
            let begins = search
                .first
                .is_none_or(|first| byte.is_some_and(|byte| set_has(first, byte)));
            if !matched && begins && (!program.anchored || at == 0) {
                self.work.fill(NONE);
                if let Some(slot) = self.work.first_mut() {
                    *slot = at as u32;
                }
                let place = (before, byte, at as u32);
                close(
                    program,
                    program.start,
                    place,
                    &mut self.now,
                    &mut self.stack,
                    &mut self.work,
                );
            }
            matched |= self.advance(program, slots, value, at);
            std::mem::swap(&mut self.now, &mut self.next);
            self.next.clear();
            if byte.is_none() {
                break;
            }
            at += 1;
        }
        matched
    }

    /// The bounds of group `number` in the match that was found last.
    pub(crate) fn group(&self, number: usize) -> Option<(usize, usize)> {
        let start = *self.best.get(number * 2)?;
        let end = *self.best.get(number * 2 + 1)?;
        (start != NONE && end != NONE).then_some((start as usize, end as usize))
    }

    /// Runs every waiting instruction on the byte at `at`. True when one of them is a match.
    fn advance(&mut self, program: &Program<'_>, slots: usize, value: &[u8], at: usize) -> bool {
        let byte = value.get(at).copied();
        let before = byte.map_or(Before::Start, Before::of);
        let place = (before, value.get(at + 1).copied(), at as u32 + 1);
        for (index, inst) in self.now.waiting.iter().enumerate() {
            let thread = self.now.slots.get(index * slots..(index + 1) * slots);
            match program.inst(*inst) {
                Inst::Match => {
                    self.best.clear();
                    self.best.extend_from_slice(thread.unwrap_or_default());
                    if let Some(end) = self.best.get_mut(1) {
                        *end = at as u32;
                    }
                    // Those behind are less preferred.
                    return true;
                }
                Inst::Set { set, next } if byte.is_some_and(|byte| program.takes(set, byte)) => {
                    if let Some(thread) = thread {
                        self.work.clear();
                        self.work.extend_from_slice(thread);
                    }
                    close(
                        program,
                        next,
                        place,
                        &mut self.next,
                        &mut self.stack,
                        &mut self.work,
                    );
                }
                _ => {}
            }
        }
        false
    }
}

impl Threads {
    fn reset(&mut self, capacity: usize) {
        self.seen.reset(capacity);
        self.waiting.clear();
        self.slots.clear();
    }

    fn clear(&mut self) {
        self.seen.clear();
        self.waiting.clear();
        self.slots.clear();
    }

    fn bytes(&self) -> usize {
        self.seen.bytes() + (self.waiting.capacity() + self.slots.capacity()) * 4
    }
}

/// Adds what `from` leads to without a byte, with the slots in `work`. `place` is what stands before, the
/// byte after and the position.
fn close(
    program: &Program<'_>,
    from: u32,
    place: (Before, Option<u8>, u32),
    threads: &mut Threads,
    stack: &mut Vec<Frame>,
    work: &mut [u32],
) {
    let (before, after, position) = place;
    stack.clear();
    stack.push(Frame::Explore(from));
    while let Some(frame) = stack.pop() {
        let mut at = match frame {
            Frame::Restore { slot, position } => {
                if let Some(value) = work.get_mut(slot) {
                    *value = position;
                }
                continue;
            }
            Frame::Explore(at) => at,
        };
        // Each turn adds an instruction to the set, or ends.
        while threads.seen.insert(at) {
            match program.inst(at) {
                Inst::Split { first, second } => {
                    stack.push(Frame::Explore(second));
                    at = first;
                }
                Inst::Look { look, next } if look.holds(before, after) => at = next,
                Inst::Save { slot, next } => {
                    if let Some(value) = work.get_mut(slot as usize) {
                        stack.push(Frame::Restore {
                            slot: slot as usize,
                            position: *value,
                        });
                        *value = position;
                    }
                    at = next;
                }
                Inst::Set { .. } | Inst::Match => {
                    threads.waiting.push(at);
                    threads.slots.extend_from_slice(work);
                    break;
                }
                Inst::Look { .. } | Inst::Fail => break,
            }
        }
    }
}
