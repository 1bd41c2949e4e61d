//! The body, line by line.

use memchr::memmem::Finder;

use super::head::{HEAD_LINE_MAX, LineEnd, Open};
use super::{Error, Multipart, boundary};
use crate::Limits;
use crate::text::{is_space, rest, trim_start};

/// Reads a body with the `Content-Type` that it came with.
#[must_use]
pub fn parse(content_type: &[u8], body: &[u8], limits: &Limits) -> Multipart {
    let mut found = Multipart::default();
    let Some(boundary) = boundary::of(content_type, &mut found) else {
        return found;
    };
    let delimiter = [b"--", boundary.as_slice()].concat();
    let mut parser = Parser {
        body,
        delimiter: &delimiter,
        finder: Finder::new(&delimiter),
        items_max: limits.items_max,
        found,
        part: None,
        boundaries: 0,
        complete: false,
        last_end: LineEnd::None,
    };
    let answer = parser.run();
    let mut found = parser.found;
    if let Err(error) = answer {
        found.fail(error);
    }
    found
}

struct Parser<'a> {
    body: &'a [u8],
    /// `--` and the boundary.
    delimiter: &'a [u8],
    finder: Finder<'a>,
    items_max: usize,
    found: Multipart,
    part: Option<Open>,
    boundaries: usize,
    complete: bool,
    /// How the line before this one ends.
    last_end: LineEnd,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let body = self.body;
        let mut start = 0;
        while start < body.len() {
            if self.complete {
                self.found.flags.data_after = true;
                break;
            }
            let tail = rest(body, start);
            let length = memchr::memchr(b'\n', tail).map_or(tail.len(), |end| end + 1);
            let line = tail.get(..length).unwrap_or(tail);
            self.line(line, start)?;
            self.last_end = LineEnd::of(line);
            start += length;
        }
        if !self.complete && !body.is_empty() {
            self.close()?;
            self.found.fail(if self.boundaries > 0 {
                Error::NoFinalBoundary
            } else {
                Error::NoBoundaryLine
            });
        }
        Ok(())
    }

    /// One line with its end, which begins at `start`.
    fn line(&mut self, line: &[u8], start: usize) -> Result<(), Error> {
        let end = LineEnd::of(line);
        // The last line has no end only if it is the final boundary.
        let ends_here = end != LineEnd::None || self.is_final(line);
        if !(ends_here && line.starts_with(b"--") && line.len() > 3) {
            if end != LineEnd::None && self.finder.find(line).is_some() {
                self.found.flags.unmatched_boundary = 1;
            }
            return self.data(line, start);
        }
        if line.starts_with(self.delimiter) {
            if self.last_end == LineEnd::Lf {
                self.found.flags.lf_line = true;
            }
            let premature = self.part.as_ref().is_some_and(|open| !open.has_content);
            if premature && end == LineEnd::None {
                // ModSecurity takes a final boundary without a line end at its word.
                self.found.flags.invalid_part = true;
            } else if premature {
                self.found.flags.invalid_part = true;
                return self.data(line, start);
            }
            return self.boundary(line, start, end);
        }
        self.resembles_boundary(line);
        self.data(line, start)
    }

    fn is_final(&self, line: &[u8]) -> bool {
        let behind = line.strip_prefix(self.delimiter);
        let behind = behind.and_then(|behind| behind.strip_prefix(b"--"));
        self.boundaries > 0
            && behind.is_some_and(|behind| trim_start(behind, is_padding).is_empty())
    }

    /// A line that begins with the delimiter.
    fn boundary(&mut self, line: &[u8], start: usize, end: LineEnd) -> Result<(), Error> {
        if self.boundaries > 0 && end != LineEnd::None {
            self.found.flags.unmatched_boundary = 2;
        }
        let behind = rest(line, self.delimiter.len());
        let (last, behind) = match behind.strip_prefix(b"--") {
            Some(behind) => (true, behind),
            None => (false, behind),
        };
        // Padding of transport (RFC 2046, section 5.1.1) is a fault for ModSecurity; origins take the
        // line for a boundary all the same.
        let unpadded = trim_start(behind, is_padding);
        if unpadded.len() < behind.len() {
            self.found.fail(Error::BoundaryLine);
        }
        match unpadded {
            b"\r\n" => self.found.flags.crlf_line = true,
            b"\n" => self.found.flags.lf_line = true,
            b"" if last => {}
            _ => {
                // The line ends nothing for us; another reader may think otherwise.
                self.found.fail(Error::BoundaryLine);
                return self.data(line, start);
            }
        }
        self.boundaries += 1;
        self.close()?;
        if last {
            self.complete = true;
        } else {
            self.part = Some(Open::default());
        }
        Ok(())
    }

    /// A line that begins with `--` and is no boundary.
    fn resembles_boundary(&mut self, line: &[u8]) {
        let behind = rest(line, 2);
        let name = rest(self.delimiter, 2);
        let unquoted = behind.strip_prefix(b"\"");
        let spaced = trim_start(behind, is_space);
        if self.found.flags.boundary_quoted && unquoted.is_some_and(|text| text.starts_with(name)) {
            self.found.fail(Error::QuotedBoundaryLine);
        } else if spaced.len() < behind.len() && spaced.starts_with(name) {
            self.found.fail(Error::SpacedBoundaryLine);
        }
        self.found.flags.unmatched_boundary = 1;
    }

    /// A line that is no boundary.
    fn data(&mut self, line: &[u8], start: usize) -> Result<(), Error> {
        match &mut self.part {
            None => {
                self.found.flags.data_before = true;
                Ok(())
            }
            Some(open) if open.in_content => {
                if !open.has_content {
                    open.has_content = true;
                    open.part.content = start..start;
                }
                open.part.content.end = start + line.len();
                Ok(())
            }
            Some(_) if line.len() > HEAD_LINE_MAX => {
                self.found.fail(Error::HeadLineTooLong);
                Ok(())
            }
            Some(open) => open.head_line(line, &mut self.found),
        }
    }

    /// Ends the part that is being read. The line end before its boundary is not its content.
    fn close(&mut self) -> Result<(), Error> {
        let Some(mut open) = self.part.take() else {
            return Ok(());
        };
        if !open.in_content {
            open.end_of_head(&mut self.found);
        }
        let content = &mut open.part.content;
        if open.has_content {
            let end = content.end.saturating_sub(self.last_end.length());
            content.end = end.max(content.start);
        }
        if self.found.parts.len() >= self.items_max {
            return Err(Error::TooMany);
        }
        self.found.parts.push(open.part);
        Ok(())
    }
}

const fn is_padding(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests;
