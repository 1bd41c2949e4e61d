//! The ways off the path before its end.

use lockgate_wire::{Answer, Need};

/// Why the stages stop.
#[derive(Debug)]
pub(crate) enum Exit<'r> {
    /// This answer.
    Answer(Answer<'r>),
    /// Something must be had first.
    Need(Need<'r>),
}

impl<'r> Exit<'r> {
    /// A refusal: status, stable code, and what the client may read.
    pub(crate) fn answer(status: u16, code: &'r str, detail: &'r str) -> Self {
        Self::Answer(Answer {
            status,
            code: code.as_bytes(),
            detail: detail.as_bytes(),
            ..Answer::default()
        })
    }

    /// Adds what only the record says.
    pub(crate) fn cause(mut self, cause: &'r [u8]) -> Self {
        if let Self::Answer(answer) = &mut self {
            answer.cause = cause;
        }
        self
    }

    /// Adds a header field.
    pub(crate) fn header(mut self, name: &'static str, value: &'r [u8]) -> Self {
        if let Self::Answer(answer) = &mut self {
            answer.headers.push((name.as_bytes(), value));
        }
        self
    }
}
