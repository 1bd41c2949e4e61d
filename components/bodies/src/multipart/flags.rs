//! ModSecurity's `MULTIPART_…` variables.

/// What is strange about a body. Each field is the variable of its name.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a variable of its own in SecLang"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// A fault that is not among those below.
    pub error: bool,
    /// The boundary is quoted in `Content-Type`.
    pub boundary_quoted: bool,
    /// White space around the `=` of the boundary parameter.
    pub boundary_whitespace: bool,
    /// Data before the first boundary.
    pub data_before: bool,
    /// Data behind the final boundary.
    pub data_after: bool,
    /// A folded header.
    pub header_folding: bool,
    /// A header folded with white space that is neither space nor tab.
    pub invalid_header_folding: bool,
    /// A line of a head, or before a boundary, ends in a line feed only.
    pub lf_line: bool,
    /// A line of a head or a boundary ends in carriage return and line feed.
    pub crlf_line: bool,
    /// No semicolon before the boundary parameter.
    pub missing_semicolon: bool,
    /// A name or file name in single quotes, or with quotes where none can be.
    pub invalid_quoting: bool,
    /// A boundary where the content of a part begins, or in its head.
    pub invalid_part: bool,
    /// 0: nothing in the body resembles a boundary that is none. 1: something does, and no
    /// boundary came behind it. 2: at least two boundaries came (`MULTIPART_UNMATCHED_BOUNDARY`).
    pub unmatched_boundary: u8,
}

impl Flags {
    /// `MULTIPART_CRLF_LF_LINES`: both line ends occur.
    #[must_use]
    pub const fn crlf_lf_lines(&self) -> bool {
        self.crlf_line && self.lf_line
    }

    /// `MULTIPART_STRICT_ERROR`. An unmatched boundary is not part of it.
    #[must_use]
    pub const fn strict_error(&self) -> bool {
        self.error
            || self.boundary_quoted
            || self.boundary_whitespace
            || self.data_before
            || self.data_after
            || self.header_folding
            || self.invalid_header_folding
            || self.lf_line
            || self.missing_semicolon
            || self.invalid_quoting
            || self.invalid_part
    }
}
