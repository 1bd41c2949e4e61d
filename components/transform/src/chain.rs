//! Several transformations, one after the other.

use serde::{Deserialize, Serialize};

use crate::{Summary, Transformation};

/// Room for the values between the steps of a chain. Kept between calls, it saves allocations.
#[derive(Debug, Default)]
pub struct Buffers {
    value: Vec<u8>,
    next: Vec<u8>,
}

impl Buffers {
    /// Gives back room beyond `bytes_max` bytes for each of the two values.
    pub fn shrink_to(&mut self, bytes_max: usize) {
        for buffer in [&mut self.value, &mut self.next] {
            buffer.clear();
            buffer.shrink_to(bytes_max);
        }
    }
}

/// The transformations of a rule, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chain(Vec<Transformation>);

impl Chain {
    /// The chain of `steps`; those that never change anything are left out.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = Transformation>) -> Self {
        let does_something = |step: &Transformation| *step != Transformation::None;
        Self(steps.into_iter().filter(does_something).collect())
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Transformation] {
        &self.0
    }

    /// Whether this can change a value with this summary. `false` is certain, `true` is not.
    #[must_use]
    pub fn may_change(&self, value: Summary) -> bool {
        self.0.iter().any(|step| step.may_change(value))
    }

    /// The value after the last step; `None` where it is `input`.
    pub fn apply<'a>(&self, input: &[u8], buffers: &'a mut Buffers) -> Option<&'a [u8]> {
        let mut changed = false;
        for step in &self.0 {
            changed |= buffers.step(*step, input, changed);
        }
        changed.then_some(buffers.value.as_slice())
    }

    /// Hands each value to `seen` that a step made out of the one before it (`multiMatch`).
    /// `input` itself is not among them.
    pub fn apply_each(&self, input: &[u8], buffers: &mut Buffers, mut seen: impl FnMut(&[u8])) {
        let mut changed = false;
        for step in &self.0 {
            if buffers.step(*step, input, changed) {
                changed = true;
                seen(&buffers.value);
            }
        }
    }
}

impl Buffers {
    /// One step, on `value` where an earlier one `changed` the input. Whether it changed it.
    fn step(&mut self, step: Transformation, input: &[u8], changed: bool) -> bool {
        let current = if changed {
            self.value.as_slice()
        } else {
            input
        };
        let made = step.apply(current, &mut self.next);
        if made {
            std::mem::swap(&mut self.value, &mut self.next);
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Transformation as T;

    #[test]
    fn a_chain_applies_its_steps_in_order() {
        let chain = Chain::new([
            T::None,
            T::UrlDecodeUni,
            T::Lowercase,
            T::CompressWhitespace,
        ]);
        assert_eq!(chain.steps().len(), 3);
        let mut buffers = Buffers::default();
        let out = chain.apply(b"SELECT%20+1", &mut buffers);
        assert_eq!(out, Some(&b"select 1"[..]));
        assert_eq!(chain.apply(b"select 1", &mut buffers), None);
    }

    #[test]
    fn each_changed_value_is_seen_once() {
        let chain = Chain::new([T::UrlDecode, T::Trim, T::Lowercase, T::HexEncode]);
        let mut seen = Vec::new();
        chain.apply_each(b"%41b", &mut Buffers::default(), |value| {
            seen.push(value.to_vec());
        });
        assert_eq!(seen, [&b"Ab"[..], b"ab", b"6162"]);
    }

    #[test]
    fn a_chain_may_change_what_one_of_its_steps_may() {
        let chain = Chain::new([T::UrlDecode, T::JsDecode]);
        assert!(!chain.may_change(Summary::of(b"plain text")));
        assert!(chain.may_change(Summary::of(b"a\\x41")));
    }
}
