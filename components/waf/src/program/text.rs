//! Texts with macros in them: `%{TX.anomaly_score}`.

use super::Collection;
use serde::{Deserialize, Serialize};

/// A text, expanded when it is needed. A macro that names nothing expands to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Macro {
    /// The pieces in their order. No piece is the empty text.
    pub parts: Vec<Part>,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// These bytes.
    Text(Vec<u8>),
    /// The TX variable in this slot: `%{tx.name}`.
    Tx(u16),
    /// The first value of a variable: `%{REQUEST_HEADERS.User-Agent}`, `%{MATCHED_VAR}`. The key
    /// is in lower case. A collection without a key gives its first value.
    Variable(Collection, Option<String>),
    /// The number of values: `%{&ARGS}` is not part of the language, but rules of another front
    /// end may ask for it.
    Count(Collection, Option<String>),
}

impl Macro {
    /// A text without macros.
    #[must_use]
    pub fn text(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        Self {
            parts: vec![Part::Text(bytes.to_vec())],
        }
    }

    /// The text, when there is no macro in it.
    #[must_use]
    pub fn constant(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [] => Some(&[]),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}
