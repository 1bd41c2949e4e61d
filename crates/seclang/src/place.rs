//! Where something stands: file, line and column, and text that remembers them.
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A position in a source file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as it was named when it was read.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: u32,
    /// The byte in the line, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Text put together from pieces of a file, each byte of which knows its place.
///
/// Pieces arise where lines are joined and where an escape is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    text: String,
    /// Start of each piece in `text` and its place; the first is at 0.
    pieces: Vec<(usize, Place)>,
}

impl Text {
    /// Empty text at a place.
    #[must_use]
    pub fn empty(place: Place) -> Self {
        Self {
            text: String::new(),
            pieces: vec![(0, place)],
        }
    }

    /// Text that is one piece.
    #[must_use]
    pub fn new(text: &str, place: Place) -> Self {
        Self {
            text: text.to_owned(),
            pieces: vec![(0, place)],
        }
    }

    /// The bytes without their places.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the text begins.
    #[must_use]
    pub fn start(&self) -> Place {
        self.place(0)
    }

    /// The place of the byte at `offset`.
    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        let after = self.pieces.partition_point(|(start, _)| *start <= offset);
        let (start, place) = self
            .pieces
            .get(after.saturating_sub(1))
            .cloned()
            .unwrap_or_else(|| (0, nowhere()));
        let on = u32::try_from(offset.saturating_sub(start)).unwrap_or(u32::MAX);
        Place {
            column: place.column.saturating_add(on),
            ..place
        }
    }

    /// Appends a piece.
    pub fn push(&mut self, text: &str, place: Place) {
        if self.text.is_empty() {
            self.pieces.clear();
        }
        self.pieces.push((self.text.len(), place));
        self.text.push_str(text);
    }

    /// A part of the text; empty when the range does not lie on characters of it.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let mut part = Self::new(text, self.place(range.start));
        for (start, place) in &self.pieces {
            if *start > range.start && *start < range.end {
                part.pieces.push((start - range.start, place.clone()));
            }
        }
        part
    }

    /// The text without ASCII white space at its ends.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let end = self.text.trim_ascii_end().len();
        let start = self.text.len() - self.text.trim_ascii_start().len();
        self.slice(start.min(end)..end)
    }

    /// The text with `\` before `quote` taken away, and every other byte as it is.
    #[must_use]
    pub fn unescaped(&self, quote: char) -> Self {
        let escape = format!("\\{quote}");
        let mut out = Self::empty(self.start());
        let mut at = 0;
        while let Some(found) = self.text.get(at..).and_then(|rest| rest.find(&escape)) {
            out.push_text(&self.slice(at..at + found));
            at += found + 1;
            out.push_text(&self.slice(at..at + quote.len_utf8()));
            at += quote.len_utf8();
        }
        out.push_text(&self.slice(at..self.text.len()));
        out
    }

    fn push_text(&mut self, more: &Self) {
        if self.text.is_empty() {
            self.pieces.clear();
        }
        let base = self.text.len();
        self.pieces.extend(
            more.pieces
                .iter()
                .map(|(at, place)| (base + at, place.clone())),
        );
        self.text.push_str(&more.text);
    }
}

/// For text without pieces, which the constructors do not make.
fn nowhere() -> Place {
    Place {
        file: Arc::from(Path::new("")),
        line: 0,
        column: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32, column: u32) -> Place {
        Place {
            file: Arc::from(Path::new("a.conf")),
            line,
            column,
        }
    }

    #[test]
    fn bytes_of_joined_lines_keep_their_places() {
        let mut text = Text::empty(place(1, 1));
        text.push("SecRule ", place(1, 1));
        text.push("  ARGS", place(2, 1));
        assert_eq!(text.place(0), place(1, 1));
        assert_eq!(text.place(7), place(1, 8));
        assert_eq!(text.place(10), place(2, 3));
        assert_eq!(text.slice(10..14).start(), place(2, 3));
        assert_eq!(text.slice(8..14).trimmed().start(), place(2, 3));
    }

    #[test]
    fn an_undone_escape_shifts_what_follows() {
        let text = Text::new(r#"a\"b\\"#, place(1, 5)).unescaped('"');
        assert_eq!(text.as_str(), r#"a"b\\"#);
        assert_eq!(text.place(1), place(1, 7));
        assert_eq!(text.place(2), place(1, 8));
    }
}
