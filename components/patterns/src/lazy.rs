//! A deterministic automaton that is built as it goes, in bounded memory.

use crate::interner::Interner;
use crate::program::Program;
use crate::subset::{Step, Subset};

/// States of one automaton; with more the cache starts anew.
const STATES_MAX: usize = 700;
/// Instructions in all states of one automaton; with more the cache starts anew.
const WORDS_MAX: usize = 16_000;

const UNKNOWN: u16 = u16::MAX;
const DEAD: u16 = u16::MAX - 1;
const ACCEPT: u16 = u16::MAX - 2;

/// The states of one pattern's automaton that were met so far.
#[derive(Debug, Default)]
pub(crate) struct Lazy {
    states: Interner,
    cells: Vec<u16>,
    key: Vec<u32>,
    start: Option<u16>,
    grown: bool,
}

impl Lazy {
    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.states.clear();
        self.cells.clear();
        self.start = None;
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.states.bytes() + self.cells.capacity() * 2 + self.key.capacity() * 4
    }

    /// Whether the automaton has learned something since this was asked last.
    pub(crate) fn has_grown(&mut self) -> bool {
        std::mem::take(&mut self.grown)
    }

    /// Whether the program matches somewhere in `value`. `classes` maps bytes to columns below `end`.
    pub(crate) fn is_match(
        &mut self,
        program: &Program<'_>,
        classes: &[u8; 256],
        end: u16,
        subset: &mut Subset,
        value: &[u8],
    ) -> bool {
        let width = usize::from(end) + 1;
        let mut state = match self.start {
            Some(start) => start,
            None => {
                let step = subset.start(program);
                let start = self.state_of(step, subset, width);
                self.start = Some(start);
                start
            }
        };
        for byte in value {
            if state >= ACCEPT {
                return state == ACCEPT;
            }
            let class = classes.get(usize::from(*byte)).copied().unwrap_or(0);
            let place = usize::from(state) * width + usize::from(class);
            let known = self.cells.get(place).copied().unwrap_or(DEAD);
            state = if known == UNKNOWN {
                self.learn(program, subset, state, Some(*byte), place, width)
            } else {
                known
            };
        }
        if state < ACCEPT {
            let place = usize::from(state) * width + usize::from(end);
            state = match self.cells.get(place).copied().unwrap_or(DEAD) {
                UNKNOWN => self.learn(program, subset, state, None, place, width),
                known => known,
            };
        }
        state == ACCEPT
    }

    fn learn(
        &mut self,
        program: &Program<'_>,
        subset: &mut Subset,
        state: u16,
        byte: Option<u8>,
        place: usize,
        width: usize,
    ) -> u16 {
        self.key.clear();
        self.key
            .extend_from_slice(self.states.list(u32::from(state)));
        let step = subset.step(program, &self.key, byte);
        if self.states.len() >= STATES_MAX || self.states.words() >= WORDS_MAX {
            // The state that we come from is forgotten too: nothing is remembered of this step.
            self.clear();
            return self.state_of(step, subset, width);
        }
        let next = self.state_of(step, subset, width);
        if let Some(cell) = self.cells.get_mut(place) {
            *cell = next;
        }
        next
    }

    fn state_of(&mut self, step: Step, subset: &Subset, width: usize) -> u16 {
        match step {
            Step::Dead => DEAD,
            Step::Accept => ACCEPT,
            Step::Set => {
                let (number, new) = self.states.intern(subset.key());
                if new {
                    self.grown = true;
                    self.cells.resize(self.cells.len() + width, UNKNOWN);
                }
                number as u16
            }
        }
    }
}
