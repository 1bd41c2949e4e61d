//! Response header fields, kept as the lines that HTTP/1 sends.
//!
//! A cached answer's fields are written to an HTTP/1 connection as they are; HTTP/2 splits them
//! again. Nothing with CR, LF or NUL gets in, so a line is always one field.

use std::io::Write as _;

/// Header fields as `name: value\r\n` lines, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    lines: Vec<u8>,
}

impl Fields {
    /// No fields, with room for about `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            lines: Vec::with_capacity(bytes),
        }
    }

    /// Adds a field. A name or value that could end the line early is dropped, as a whole: it
    /// can only come from an origin or a configuration that the checks upstream let through.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let breaks = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        if name.is_empty() || name.contains(&b':') || breaks(name) || breaks(value) {
            return;
        }
        self.lines.extend_from_slice(name);
        self.lines.extend_from_slice(b": ");
        self.lines.extend_from_slice(value);
        self.lines.extend_from_slice(b"\r\n");
    }

    /// Adds a field with a number.
    pub fn add_number(&mut self, name: &str, value: u64) {
        // Writing to a vector does not fail.
        let _ = write!(self.lines, "{name}: {value}\r\n");
    }

    /// Adds lines that another `Fields` made.
    pub fn add_lines(&mut self, lines: &[u8]) {
        self.lines.extend_from_slice(lines);
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// The lines, moved out.
    #[must_use]
    pub fn into_lines(self) -> Vec<u8> {
        self.lines
    }

    /// The fields again: (name, value).
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        split_lines(&self.lines)
    }

    /// The first field of this name, compared without case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }
}

/// Splits lines that a [`Fields`] made.
pub fn split_lines(lines: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = line.strip_suffix(b"\r")?;
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((line.get(..colon)?, line.get(colon + 2..)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_added_and_cannot_be_split() {
        let mut fields = Fields::default();
        fields.add(b"A", b"1");
        fields.add(b"Evil", b"x\r\nSet-Cookie: y");
        fields.add(b"Ev:il", b"x");
        fields.add(b"Empty", b"");
        fields.add_number("N", 7);
        let read: Vec<_> = fields.iter().collect();
        assert_eq!(
            read,
            [(&b"A"[..], &b"1"[..]), (b"Empty", b""), (b"N", b"7")]
        );
        assert_eq!(fields.get("a"), Some(&b"1"[..]));
    }
}
