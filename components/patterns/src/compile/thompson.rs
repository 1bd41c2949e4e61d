//! From a pattern's meaning to a program.
//!
//! Built from the end to the beginning: each part is given the instruction that follows it and answers with
//! its own first. What is preferred, and what an empty repetition does, follows the `regex` crate.

use regex_syntax::hir::{Class, Hir, HirKind, Look as HirLook, Repetition};

use super::{CompileError, Pool};
use crate::look::Look;
use crate::program::{ByteSet, Inst, set_has};

/// Instructions of one program, at most.
const INSTRUCTIONS_MAX: usize = 400_000;
/// The instruction that matches stands first.
const MATCH: u32 = 0;

/// A program before it is stored.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) insts: Vec<[u32; 2]>,
    pub(super) start: u32,
    pub(super) anchored: bool,
}

/// The whole program, groups included.
pub(super) fn whole(hir: &Hir, pool: &mut Pool) -> Result<Built, CompileError> {
    build(hir, pool, false)
}

/// The program that only tells whether the pattern matches: no groups, and nothing at either end that a
/// match may do without.
pub(super) fn lean(hir: &Hir, pool: &mut Pool) -> Result<Built, CompileError> {
    build(&trim_head(hir), pool, true)
}

/// The slots that groups up to the ninth need.
pub(super) fn slots(hir: &Hir) -> u8 {
    let groups = hir.properties().explicit_captures_len().min(9) as u8;
    2 + 2 * groups
}

/// The bytes that a match can begin with; `None` when it can be empty.
pub(super) fn first_bytes(built: &Built, sets: &[ByteSet]) -> Option<ByteSet> {
    let mut first = ByteSet::default();
    let mut seen = vec![false; built.insts.len()];
    let mut stack = vec![built.start];
    while let Some(at) = stack.pop() {
        let at = at as usize;
        if std::mem::replace(seen.get_mut(at)?, true) {
            continue;
        }
        match Inst::decode(*built.insts.get(at)?) {
            Inst::Match => return None,
            Inst::Fail => {}
            Inst::Set { set, .. } => {
                for (word, bits) in first.iter_mut().zip(sets.get(set as usize)?) {
                    *word |= bits;
                }
            }
            Inst::Split { first, second } => stack.extend([first, second]),
            Inst::Look { next, .. } | Inst::Save { next, .. } => stack.push(next),
        }
    }
    Some(first)
}

/// The bytes of a class.
pub(super) fn class_bytes(class: &Class) -> ByteSet {
    let mut set = ByteSet::default();
    let mut add = |byte: u8| {
        if let Some(word) = set.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    };
    match class {
        Class::Bytes(class) => {
            for range in class.ranges() {
                (range.start()..=range.end()).for_each(&mut add);
            }
        }
        // With Unicode off these hold ASCII only.
        Class::Unicode(class) => {
            for range in class.ranges() {
                (range.start()..=range.end())
                    .filter_map(|character| u8::try_from(character).ok())
                    .filter(u8::is_ascii)
                    .for_each(&mut add);
            }
        }
    }
    set
}

fn build(hir: &Hir, pool: &mut Pool, lean: bool) -> Result<Built, CompileError> {
    let mut builder = Builder {
        insts: vec![Inst::Match],
        pool,
        lean,
    };
    let start = builder.part(hir, MATCH)?;
    Ok(Built {
        insts: builder.insts.iter().map(|inst| inst.encode()).collect(),
        start,
        anchored: hir.properties().look_set_prefix().contains(HirLook::Start),
    })
}

/// `hir` without what may be missing at its beginning: a match without it is one as well.
fn trim_head(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min,
            max: Some(repetition.min),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => trim_head(&capture.sub),
        HirKind::Concat(parts) => {
            let mut parts = parts.as_slice();
            let mut head = Hir::empty();
            while let Some((first, rest)) = parts.split_first() {
                head = trim_head(first);
                parts = rest;
                if !matches!(head.kind(), HirKind::Empty) {
                    break;
                }
            }
            Hir::concat(std::iter::once(head).chain(parts.iter().cloned()).collect())
        }
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(trim_head).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

struct Builder<'a> {
    insts: Vec<Inst>,
    pool: &'a mut Pool,
    lean: bool,
}

impl Builder<'_> {
    fn push(&mut self, inst: Inst) -> Result<u32, CompileError> {
        if self.insts.len() >= INSTRUCTIONS_MAX {
            return Err(CompileError::TooLarge(INSTRUCTIONS_MAX));
        }
        self.insts.push(inst);
        Ok(self.insts.len() as u32 - 1)
    }

    /// Whether what is before `next` ends the pattern and only the answer counts: then it may be left out
    /// when it may be empty.
    fn ends(&self, next: u32) -> bool {
        self.lean && next == MATCH
    }

    fn part(&mut self, hir: &Hir, next: u32) -> Result<u32, CompileError> {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => {
                let mut next = next;
                for byte in literal.0.iter().rev() {
                    let mut set = ByteSet::default();
                    if let Some(word) = set.get_mut(usize::from(byte >> 6)) {
                        *word = 1 << (byte & 63);
                    }
                    let set = self.pool.set(set);
                    next = self.push(Inst::Set { set, next })?;
                }
                Ok(next)
            }
            HirKind::Class(class) => {
                let set = class_bytes(class);
                if set == ByteSet::default() {
                    return self.push(Inst::Fail);
                }
                let set = self.pool.set(set);
                self.push(Inst::Set { set, next })
            }
            HirKind::Look(look) => {
                let look = assertion(*look)?;
                self.push(Inst::Look { look, next })
            }
            HirKind::Capture(capture) if self.lean || capture.index > 9 => {
                self.part(&capture.sub, next)
            }
            HirKind::Capture(capture) => {
                let slot = capture.index * 2;
                let end = self.push(Inst::Save {
                    slot: slot + 1,
                    next,
                })?;
                let next = self.part(&capture.sub, end)?;
                self.push(Inst::Save { slot, next })
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
            HirKind::Concat(parts) => {
                let mut next = next;
                for part in parts.iter().rev() {
                    next = self.part(part, next)?;
                }
                Ok(next)
            }
            HirKind::Alternation(parts) => {
                let mut ways = Vec::with_capacity(parts.len());
                for part in parts {
                    let way = self.part(part, next)?;
                    if self.ends(way) {
                        return Ok(way);
                    }
                    ways.push(way);
                }
                let mut ways = ways.into_iter().rev();
                let Some(mut way) = ways.next() else {
                    return self.push(Inst::Fail);
                };
                for first in ways {
                    way = self.push(Inst::Split { first, second: way })?;
                }
                Ok(way)
            }
        }
    }

    fn repetition(&mut self, repetition: &Repetition, next: u32) -> Result<u32, CompileError> {
        let Repetition {
            min,
            max,
            greedy,
            sub,
        } = repetition;
        let mut entry = next;
        let mut copies = *min;
        if self.ends(next) {
            // Only what must be there.
        } else if let Some(max) = max {
            for _ in *min..*max {
                let body = self.part(sub, entry)?;
                entry = self.split(body, next, *greedy)?;
            }
        } else if *min == 0 {
            let can_be_empty = sub.properties().minimum_len() == Some(0);
            return if can_be_empty {
                let body = self.many(sub, next, *greedy)?;
                self.split(body, next, *greedy)
            } else {
                let turn = self.push(Inst::Fail)?;
                let body = self.part(sub, turn)?;
                self.set_split(turn, body, next, *greedy);
                Ok(turn)
            };
        } else {
            entry = self.many(sub, next, *greedy)?;
            copies -= 1;
        }
        for _ in 0..copies {
            entry = self.part(sub, entry)?;
        }
        Ok(entry)
    }

    /// Once or more.
    fn many(&mut self, sub: &Hir, next: u32, greedy: bool) -> Result<u32, CompileError> {
        let turn = self.push(Inst::Fail)?;
        let body = self.part(sub, turn)?;
        self.set_split(turn, body, next, greedy);
        Ok(body)
    }

    fn split(&mut self, body: u32, next: u32, greedy: bool) -> Result<u32, CompileError> {
        let at = self.push(Inst::Fail)?;
        self.set_split(at, body, next, greedy);
        Ok(at)
    }

    fn set_split(&mut self, at: u32, body: u32, next: u32, greedy: bool) {
        let (first, second) = if greedy { (body, next) } else { (next, body) };
        if let Some(inst) = self.insts.get_mut(at as usize) {
            *inst = Inst::Split { first, second };
        }
    }
}

fn assertion(look: HirLook) -> Result<Look, CompileError> {
    Ok(match look {
        HirLook::Start => Look::Start,
        HirLook::End => Look::End,
        HirLook::StartLF => Look::LineStart,
        HirLook::EndLF => Look::LineEnd,
        HirLook::WordAscii => Look::Word,
        HirLook::WordAsciiNegate => Look::NotWord,
        HirLook::WordStartAscii => Look::WordStart,
        HirLook::WordEndAscii => Look::WordEnd,
        HirLook::WordStartHalfAscii => Look::WordStartHalf,
        HirLook::WordEndHalfAscii => Look::WordEndHalf,
        other => return Err(CompileError::Assertion(format!("{other:?}"))),
    })
}

/// The bytes of a set, ascending.
pub(super) fn set_bytes(set: &ByteSet) -> impl Iterator<Item = u8> + '_ {
    (0..=u8::MAX).filter(|byte| set_has(set, *byte))
}
