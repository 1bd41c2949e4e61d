//! Sets of methods: bits that stand for names of the table's list.

use std::fmt;

/// Some of the method names of a table, one bit each.
pub(crate) type MethodBits = u64;

/// The bit of a method; 0 for one that no route names.
pub(crate) fn bit_of(names: &[String], method: &str) -> MethodBits {
    names
        .iter()
        .take(crate::METHODS_MAX)
        .position(|name| name == method)
        .map_or(0, |index| 1 << index)
}

/// The methods that a path has, for the Allow field (RFC 9110 §10.2.1).
///
/// Its `Display` is the value of that field.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'r> {
    pub(crate) names: &'r [String],
    pub(crate) bits: MethodBits,
}

impl<'r> Allowed<'r> {
    /// The names, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &'r str> + use<'r> {
        let bits = self.bits;
        self.names
            .iter()
            .take(crate::METHODS_MAX)
            .enumerate()
            .filter(move |(index, _)| bits & (1 << index) != 0)
            .map(|(_, name)| name.as_str())
    }
}

impl fmt::Display for Allowed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}{name}")?;
        }
        Ok(())
    }
}
