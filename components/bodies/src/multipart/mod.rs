//! `multipart/form-data` (RFC 7578), with what ModSecurity finds strange about it.
//!
//! The reading is that of libmodsecurity 3.0.15 with these differences, each of which shows the
//! rules more: line ends inside a value are kept, headers that are refused are still listed, a
//! header that comes twice in one head is a fault, a part whose head is faulty, or that the final
//! boundary does not follow, is still a part, and a boundary with white space behind it, which is a
//! fault too, is still a boundary.

mod boundary;
mod disposition;
mod flags;
mod head;
mod parser;

use std::ops::Range;

pub use flags::Flags;
pub use parser::parse;

/// What is wrong with a body or with its `Content-Type`: the first fault is ModSecurity's
/// `MULTIPART_…` error message and makes `REQBODY_ERROR` 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The field has more than 1,024 bytes.
    #[error("invalid boundary in Content-Type (length)")]
    TypeTooLong,
    /// The media type is not `multipart/form-data`.
    #[error("invalid media type")]
    WrongType,
    /// There is more than one boundary parameter.
    #[error("multiple boundary parameters in Content-Type")]
    ManyBoundaries,
    /// There is no boundary parameter.
    #[error("boundary not found in Content-Type")]
    NoBoundary,
    /// Something other than one semicolon stands before the boundary parameter, or no `=` in it.
    #[error("invalid boundary in Content-Type (malformed)")]
    MalformedBoundary,
    /// The parameter's name is not written in small letters.
    #[error("invalid boundary in Content-Type (case sensitivity)")]
    BoundaryCase,
    /// The parameter's name goes on behind `boundary`.
    #[error("invalid boundary in Content-Type (parameter name)")]
    BoundaryName,
    /// A quote on one side only.
    #[error("invalid boundary in Content-Type (quote)")]
    BoundaryQuote,
    /// The boundary has the word `boundary` and a `=` behind it.
    #[error("invalid boundary in Content-Type (content)")]
    BoundaryContent,
    /// The boundary has characters that RFC 2046 does not allow.
    #[error("invalid boundary in Content-Type (characters)")]
    BoundaryCharacters,
    /// The boundary is empty.
    #[error("invalid boundary in Content-Type (empty)")]
    BoundaryEmpty,
    /// Something comes behind a boundary on its line.
    #[error("invalid boundary")]
    BoundaryLine,
    /// A boundary in quotes, in the body.
    #[error("invalid boundary (quotes)")]
    QuotedBoundaryLine,
    /// White space in front of a boundary, in the body.
    #[error("invalid boundary (whitespace)")]
    SpacedBoundaryLine,
    /// A NUL in the head of a part.
    #[error("NUL byte in part headers")]
    NulInHead,
    /// A line of a head, or a folded header, has more than 4,096 bytes.
    #[error("part header line over 4096 bytes long")]
    HeadLineTooLong,
    /// A head goes on with white space before there is a header.
    #[error("invalid part header (folding error)")]
    Folding,
    /// A line of a head has no colon.
    #[error("invalid part header (colon missing)")]
    NoColon,
    /// A line of a head begins with its colon.
    #[error("invalid part header (header name missing)")]
    NoHeaderName,
    /// The name of a header has a byte that is none of the visible ASCII characters.
    #[error("invalid part header (contains invalid character)")]
    BadHeaderName,
    /// A header comes twice in one head.
    #[error("duplicate part header")]
    DuplicateHeader,
    /// A head has no `Content-Disposition`.
    #[error("part missing Content-Disposition header")]
    NoDisposition,
    /// A `Content-Disposition` is faulty; the number is ModSecurity's.
    #[error("invalid Content-Disposition header ({0})")]
    BadDisposition(i8),
    /// A `Content-Disposition` has no `name`.
    #[error("Content-Disposition header missing name field")]
    NoName,
    /// There is no boundary in the body.
    #[error("no boundaries found in payload")]
    NoBoundaryLine,
    /// The final boundary is missing.
    #[error("final boundary missing")]
    NoFinalBoundary,
    /// There are more parts than [`crate::Limits::items_max`], or more than 64 headers in one.
    /// This ends the reading.
    #[error("more parts or headers than the limit allows")]
    TooMany,
}

/// One part of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The field's name, without quotes and escapes. Empty where the head does not say it.
    pub name: Vec<u8>,
    /// The file's name, without quotes and escapes; where there is only a `filename*`, that, with
    /// its escapes. Empty in a part that is no file.
    pub file_name: Vec<u8>,
    /// The lines of the head without their ends; a folded header is one line
    /// (`MULTIPART_PART_HEADERS`).
    pub headers: Vec<Vec<u8>>,
    /// Where the content is in the body.
    pub content: Range<usize>,
}

impl Part {
    /// Whether this is a file (`FILES`) rather than an argument (`ARGS_POST`).
    #[must_use]
    pub fn is_file(&self) -> bool {
        !self.file_name.is_empty()
    }
}

/// A body that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multipart {
    /// The parts in order.
    pub parts: Vec<Part>,
    /// What is strange about the body and its `Content-Type`.
    pub flags: Flags,
    /// The first fault.
    pub error: Option<Error>,
}

impl Multipart {
    /// The bytes of all files together (`FILES_COMBINED_SIZE`).
    #[must_use]
    pub fn file_bytes(&self) -> usize {
        let files = self.parts.iter().filter(|part| part.is_file());
        files.map(|part| part.content.len()).sum()
    }

    /// `MULTIPART_STRICT_ERROR`: whether anything that ModSecurity counts as such is strange.
    #[must_use]
    pub fn strict_error(&self) -> bool {
        self.flags.strict_error()
    }

    pub(crate) fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
        self.flags.error = true;
    }
}
