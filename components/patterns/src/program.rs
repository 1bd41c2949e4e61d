//! Programs: the states of a Thompson machine, two 32-bit words each.

use crate::look::Look;

/// A set of bytes, a bit each.
pub(crate) type ByteSet = [u64; 4];

/// Whether `set` holds `byte`.
pub(crate) fn set_has(set: &ByteSet, byte: u8) -> bool {
    set.get(usize::from(byte >> 6))
        .is_some_and(|word| word >> (byte & 63) & 1 == 1)
}

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inst {
    /// Never goes on.
    Fail,
    /// The pattern matched.
    Match,
    /// Takes one byte of the set with this number, then goes on at `next`.
    Set {
        /// Number of the byte set.
        set: u32,
        /// The instruction after.
        next: u32,
    },
    /// Goes on at both, `first` preferred.
    Split {
        /// The preferred way.
        first: u32,
        /// The other way.
        second: u32,
    },
    /// Goes on where the assertion holds.
    Look {
        /// The assertion.
        look: Look,
        /// The instruction after.
        next: u32,
    },
    /// Records the position in a slot.
    Save {
        /// Twice the group's number, plus one for its end.
        slot: u32,
        /// The instruction after.
        next: u32,
    },
}

const ARGUMENT_BITS: u32 = 28;
const ARGUMENT_MASK: u32 = (1 << ARGUMENT_BITS) - 1;

impl Inst {
    /// The two words of the instruction.
    #[cfg(feature = "compile")]
    pub(crate) fn encode(self) -> [u32; 2] {
        let (op, argument, next) = match self {
            Self::Fail => (0, 0, 0),
            Self::Match => (1, 0, 0),
            Self::Set { set, next } => (2, set, next),
            Self::Split { first, second } => (3, second, first),
            Self::Look { look, next } => (4, look as u32, next),
            Self::Save { slot, next } => (5, slot, next),
        };
        [op << ARGUMENT_BITS | (argument & ARGUMENT_MASK), next]
    }

    /// The instruction of two words; words that are none fail.
    pub(crate) fn decode(words: [u32; 2]) -> Self {
        let [head, next] = words;
        let argument = head & ARGUMENT_MASK;
        match head >> ARGUMENT_BITS {
            1 => Self::Match,
            2 => Self::Set {
                set: argument,
                next,
            },
            3 => Self::Split {
                first: next,
                second: argument,
            },
            4 => Look::from_number(argument).map_or(Self::Fail, |look| Self::Look { look, next }),
            5 => Self::Save {
                slot: argument,
                next,
            },
            _ => Self::Fail,
        }
    }
}

/// A program where it lies in the tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    /// The instructions.
    pub(crate) insts: &'a [[u32; 2]],
    /// The byte sets of all programs.
    pub(crate) sets: &'a [ByteSet],
    /// The first instruction.
    pub(crate) start: u32,
    /// Whether a match can only begin at the value's start.
    pub(crate) anchored: bool,
}

impl Program<'_> {
    /// The instruction at `at`; outside of the program, one that fails.
    pub(crate) fn inst(&self, at: u32) -> Inst {
        self.insts
            .get(at as usize)
            .map_or(Inst::Fail, |words| Inst::decode(*words))
    }

    /// Whether the set with this number holds `byte`.
    pub(crate) fn takes(&self, set: u32, byte: u8) -> bool {
        self.sets
            .get(set as usize)
            .is_some_and(|set| set_has(set, byte))
    }
}
