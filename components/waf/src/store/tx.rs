//! The TX variables.

use super::values::{ValueId, Values};

/// The value of a TX variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TxValue<'p> {
    /// There is none.
    #[default]
    Unset,
    /// A whole number.
    Number(i64),
    /// A text of the program.
    Text(&'p [u8]),
    /// A text made in this transaction.
    Value(ValueId),
}

/// The TX variables: those that the program names, by their slots, and those whose names were
/// made in this transaction.
#[derive(Debug, Default)]
pub(crate) struct Tx<'p> {
    slots: Vec<TxValue<'p>>,
    dynamic: Vec<(ValueId, TxValue<'p>)>,
    dynamic_max: usize,
}

impl<'p> Tx<'p> {
    /// No variable set, with this many slots, and at most `dynamic_max` others.
    pub(crate) fn new(slots: usize, dynamic_max: usize) -> Self {
        Self {
            slots: vec![TxValue::Unset; slots],
            dynamic: Vec::new(),
            dynamic_max,
        }
    }

    /// The variable in a slot.
    pub(crate) fn slot(&self, slot: u16) -> TxValue<'p> {
        self.slots
            .get(usize::from(slot))
            .copied()
            .unwrap_or_default()
    }

    /// Sets or unsets the variable in a slot.
    pub(crate) fn set_slot(&mut self, slot: u16, value: TxValue<'p>) {
        if let Some(place) = self.slots.get_mut(usize::from(slot)) {
            *place = value;
        }
    }

    /// All slots.
    pub(crate) fn slots(&self) -> &[TxValue<'p>] {
        &self.slots
    }

    /// The variables without a slot, in the order in which they were first set.
    pub(crate) fn dynamic(&self) -> &[(ValueId, TxValue<'p>)] {
        &self.dynamic
    }

    /// The variable with this name, which has no slot.
    pub(crate) fn named(&self, values: &Values, name: &[u8]) -> TxValue<'p> {
        self.dynamic
            .iter()
            .find(|(known, _)| values.get(*known) == name)
            .map_or(TxValue::Unset, |(_, value)| *value)
    }

    /// Sets or unsets the variable with this name, which has no slot. Past the bound nothing new
    /// is set.
    pub(crate) fn set_named(&mut self, values: &Values, name: ValueId, value: TxValue<'p>) {
        let at = self
            .dynamic
            .iter()
            .position(|(known, _)| *known == name || values.get(*known) == values.get(name));
        match (at, value) {
            (Some(at), TxValue::Unset) => {
                self.dynamic.remove(at);
            }
            (Some(at), _) => {
                if let Some(place) = self.dynamic.get_mut(at) {
                    place.1 = value;
                }
            }
            (None, TxValue::Unset) => {}
            (None, _) => {
                if self.dynamic.len() < self.dynamic_max {
                    self.dynamic.push((name, value));
                }
            }
        }
    }
}

/// The whole number that a text begins with, as C's `atoi` reads it: white space, a sign, digits;
/// 0 when there is none. What does not fit stays at the bound.
pub(crate) fn number_of(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let mut number: i64 = 0;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        number = number
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'));
    }
    if negative { -number } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_atoi_does() {
        for (text, number) in [
            ("5", 5),
            (" -12x", -12),
            ("+7", 7),
            ("x", 0),
            ("", 0),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(number_of(text.as_bytes()), number, "{text}");
        }
    }

    #[test]
    fn named_variables_are_bounded() {
        let mut values = Values::default();
        values.clear(1 << 16);
        let mut tx = Tx::new(2, 1);
        let name = values.intern(b"a");
        let other = values.intern(b"b");
        tx.set_named(&values, name, TxValue::Number(1));
        tx.set_named(&values, other, TxValue::Number(2));
        assert_eq!(tx.named(&values, b"a"), TxValue::Number(1));
        assert_eq!(tx.named(&values, b"b"), TxValue::Unset);
        tx.set_named(&values, name, TxValue::Unset);
        tx.set_named(&values, other, TxValue::Number(2));
        assert_eq!(tx.named(&values, b"b"), TxValue::Number(2));
        tx.set_slot(1, TxValue::Text(b"x"));
        assert_eq!(tx.slot(1), TxValue::Text(b"x"));
        assert_eq!(tx.slot(9), TxValue::Unset);
    }
}
