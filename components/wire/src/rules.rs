//! What native rules say besides what is done: in verdicts and in inspections.

use crate::WireError;
use crate::cursor::{Cursor, put_bytes};

/// At most this many counted rules are reported.
pub const COUNTED_MAX: usize = 16;

/// Rules that matched with the action count, bounded by [`COUNTED_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    len: u8,
    rules: [u16; COUNTED_MAX],
}

impl Counted {
    /// Adds a rule; past [`COUNTED_MAX`] it is dropped.
    pub fn push(&mut self, rule: u16) {
        if let Some(slot) = self.rules.get_mut(usize::from(self.len)) {
            *slot = rule;
            self.len = self.len.saturating_add(1);
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.len);
        for rule in self.as_slice() {
            out.extend_from_slice(&rule.to_le_bytes());
        }
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let mut counted = Self::default();
        for _ in 0..cursor.u8("counted")? {
            counted.push(cursor.u16("counted")?);
        }
        Ok(counted)
    }

    /// The rules.
    #[must_use]
    pub fn as_slice(&self) -> &[u16] {
        self.rules.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// A count that the host keeps for a rate-based rule, and charges with this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateCharge<'a> {
    /// The rule, among all rules of the bundle.
    pub rule: u16,
    /// What requests are counted by: opaque, and the same over bundles.
    pub key: &'a [u8],
}

/// At most this many charges are told; rules beyond count nothing.
pub const CHARGES_MAX: usize = 64;

pub(crate) fn write_charges(out: &mut Vec<u8>, charges: &[RateCharge<'_>]) {
    let charges = charges.get(..CHARGES_MAX).unwrap_or(charges);
    out.push(u8::try_from(charges.len()).unwrap_or(u8::MAX));
    for charge in charges {
        out.extend_from_slice(&charge.rule.to_le_bytes());
        put_bytes(out, charge.key);
    }
}

pub(crate) fn read_charges<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<RateCharge<'a>>, WireError> {
    let count = cursor.u8("charges")?;
    let mut charges = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        charges.push(RateCharge {
            rule: cursor.u16("charge")?,
            key: cursor.bytes("charge")?,
        });
    }
    Ok(charges)
}
