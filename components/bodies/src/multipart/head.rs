//! The part that is being read, and its head.

use super::{Error, Multipart, Part, disposition};
use crate::text::{at, is_space, split_once, trim_end, trim_start};

/// ModSecurity reads no longer lines of a head, in bytes.
pub(super) const HEAD_LINE_MAX: usize = 4096;
/// Headers of one part.
const HEADERS_MAX: usize = 64;

/// How a line ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    None,
    Lf,
    CrLf,
}

impl LineEnd {
    pub(super) fn of(line: &[u8]) -> Self {
        match line {
            [.., b'\r', b'\n'] => Self::CrLf,
            [.., b'\n'] => Self::Lf,
            _ => Self::None,
        }
    }

    pub(super) const fn length(self) -> usize {
        match self {
            Self::None => 0,
            Self::Lf => 1,
            Self::CrLf => 2,
        }
    }
}

/// The part that is being read.
#[derive(Default)]
pub(super) struct Open {
    /// What is known of it.
    pub(super) part: Part,
    /// The names of the headers so far, in small letters.
    names: Vec<Vec<u8>>,
    /// The value of the header that a folded line would continue.
    value: Vec<u8>,
    disposition: Option<Vec<u8>>,
    last_is_disposition: bool,
    /// The head is over.
    pub(super) in_content: bool,
    /// The content has at least one line.
    pub(super) has_content: bool,
}

impl Open {
    /// One line of the head, with its end.
    pub(super) fn head_line(&mut self, line: &[u8], found: &mut Multipart) -> Result<(), Error> {
        if line.contains(&0) {
            found.fail(Error::NulInHead);
        }
        let end = LineEnd::of(line);
        match end {
            LineEnd::CrLf => found.flags.crlf_line = true,
            LineEnd::Lf => found.flags.lf_line = true,
            LineEnd::None => {}
        }
        let text = line.get(..line.len() - end.length()).unwrap_or(line);
        if text.is_empty() {
            self.end_of_head(found);
            return Ok(());
        }
        if at(line, 0).is_some_and(is_space) {
            self.folded(line, text, found);
            return Ok(());
        }
        if self.part.headers.len() >= HEADERS_MAX {
            return Err(Error::TooMany);
        }
        self.part.headers.push(text.to_vec());
        self.header(text, found);
        Ok(())
    }

    fn header(&mut self, text: &[u8], found: &mut Multipart) {
        self.last_is_disposition = false;
        self.value.clear();
        let (name, value) = split_once(text, b':');
        let Some(value) = value else {
            found.fail(Error::NoColon);
            return;
        };
        if name.is_empty() {
            found.fail(Error::NoHeaderName);
            return;
        }
        if !name.iter().all(u8::is_ascii_graphic) {
            found.fail(Error::BadHeaderName);
        }
        let value = trim_start(value, |byte| matches!(byte, b' ' | b'\t'));
        let value = trim_end(value, |byte| matches!(byte, b'\r' | b'\n'));
        self.value.extend_from_slice(value);
        let lower = trim_end(name, is_space).to_ascii_lowercase();
        if self.names.contains(&lower) {
            found.fail(Error::DuplicateHeader);
            return;
        }
        if lower == b"content-disposition" {
            self.disposition = Some(value.to_vec());
            self.last_is_disposition = true;
        }
        self.names.push(lower);
    }

    /// A line that goes on with the header before it.
    fn folded(&mut self, line: &[u8], text: &[u8], found: &mut Multipart) {
        found.flags.header_folding = true;
        let continued = trim_start(line, is_space);
        let blank = line.get(..line.len() - continued.len()).unwrap_or_default();
        if blank.iter().any(|byte| !matches!(byte, b' ' | b'\t')) {
            found.flags.invalid_header_folding = true;
        }
        let Some(header) = self.part.headers.last_mut() else {
            found.fail(Error::Folding);
            self.part.headers.push(text.to_vec());
            return;
        };
        let continued = trim_end(continued, |byte| matches!(byte, b'\r' | b'\n'));
        if header.len() + continued.len() + 1 > HEAD_LINE_MAX {
            found.fail(Error::HeadLineTooLong);
            return;
        }
        self.value.push(b' ');
        self.value.extend_from_slice(continued);
        if let Some(colon) = memchr::memchr(b':', header) {
            header.truncate(colon + 1);
            header.push(b' ');
            header.extend_from_slice(&self.value);
        } else {
            header.push(b' ');
            header.extend_from_slice(continued);
        }
        if self.last_is_disposition {
            self.disposition = Some(self.value.clone());
        }
    }

    /// The empty line behind the head, or the end of a part that is all head.
    pub(super) fn end_of_head(&mut self, found: &mut Multipart) {
        self.in_content = true;
        let Some(field) = self.disposition.take() else {
            found.fail(Error::NoDisposition);
            return;
        };
        let (disposition, answer) = disposition::read(&field, &mut found.flags);
        if let Err(number) = answer {
            found.fail(Error::BadDisposition(number));
        } else if disposition.name.is_empty() {
            found.fail(Error::NoName);
        }
        self.part.name = disposition.name;
        self.part.file_name = if disposition.file_name.is_empty() {
            disposition.file_name_extended
        } else {
            disposition.file_name
        };
    }
}
