//! User-Agent patterns as they are written: kind and text, in order.

/// The longest pattern, bytes.
pub const PATTERN_BYTES_MAX: usize = 1024;

/// The most patterns of one list.
pub const PATTERNS_MAX: usize = 1 << 20;

/// Where a pattern's text must stand in the User-Agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// Anywhere.
    Contains,
    /// At the start.
    StartsWith,
    /// At the end.
    EndsWith,
    /// It is the whole.
    Equals,
}

/// Why a list was refused. `index` counts the patterns from 0 in the order they were added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// An empty or blank text would match every User-Agent, or none.
    #[error("User-Agent pattern {index} is empty")]
    Blank {
        /// The pattern.
        index: usize,
    },
    /// Longer than [`PATTERN_BYTES_MAX`].
    #[error("User-Agent pattern {index} has {length} bytes; {PATTERN_BYTES_MAX} are allowed")]
    TooLong {
        /// The pattern.
        index: usize,
        /// Its length, bytes.
        length: usize,
    },
    /// More than [`PATTERNS_MAX`], or a table of more than 4 GiB.
    #[error("{0} User-Agent patterns are more than one list can hold ({PATTERNS_MAX})")]
    TooMany(usize),
    /// No arrangement keeps the lookup bound. Does not happen but to patterns made for it.
    #[error("the User-Agent patterns collide so often that matching them would be slow")]
    Crowded,
}

/// An ordered list of patterns. A pattern's index is its place in the order of adding, over all kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserAgentPatterns {
    entries: Vec<(Anchor, String)>,
}

impl UserAgentPatterns {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one pattern behind the others.
    pub fn push(&mut self, anchor: Anchor, text: impl Into<String>) {
        self.entries.push((anchor, text.into()));
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The patterns in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Anchor, &str)> {
        self.entries
            .iter()
            .map(|(anchor, text)| (*anchor, text.as_str()))
    }

    /// One pattern in the text form (`^curl/`), to name it in a record.
    #[must_use]
    pub fn describe(&self, index: u32) -> Option<String> {
        let (anchor, text) = self.entries.get(index as usize)?;
        Some(match anchor {
            Anchor::Contains => text.clone(),
            Anchor::StartsWith => format!("^{text}"),
            Anchor::EndsWith => format!("{text}$"),
            Anchor::Equals => format!("^{text}$"),
        })
    }
}

impl<T: Into<String>> FromIterator<(Anchor, T)> for UserAgentPatterns {
    fn from_iter<I: IntoIterator<Item = (Anchor, T)>>(patterns: I) -> Self {
        let entries = patterns
            .into_iter()
            .map(|(anchor, text)| (anchor, text.into()))
            .collect();
        Self { entries }
    }
}
