//! The values that a path gives to a pattern's parameters.

use std::borrow::Cow;

use lockgate_normalise::percent;

use crate::PARAMS_MAX;

/// Names and values in the order of the pattern; at most [`PARAMS_MAX`], borrowed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Params<'r, 'p> {
    pub(crate) names: &'r [String],
    pub(crate) values: [&'p str; PARAMS_MAX],
}

impl<'r, 'p> Params<'r, 'p> {
    /// The value as it stands in the canonical path: percent-encoded.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'p str> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The text that the value stands for.
    #[must_use]
    pub fn decoded(&self, name: &str) -> Option<Cow<'p, str>> {
        self.get(name).map(percent::decode)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'r str, &'p str)> + use<'r, 'p> {
        self.names.iter().map(String::as_str).zip(self.values)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len().min(PARAMS_MAX)
    }

    /// Whether the pattern has no parameters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
