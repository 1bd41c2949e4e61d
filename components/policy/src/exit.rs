//! The ways off the path before its end.

use lockgate_wire::{Answer, Need};

/// Why the stages stop.
#[derive(Debug)]
pub(crate) enum Exit<'r> {
    /// This answer.
    Answer(Box<Answer<'r>>),
    /// Something must be had first.
    Need(Need<'r>),
}

impl<'r> Exit<'r> {
    /// A refusal: status, stable code, and what the client may read.
    pub(crate) fn answer(status: u16, code: &'r str, detail: &'r str) -> Self {
        Self::Answer(Box::new(Answer {
            status,
            code: code.as_bytes(),
            detail: detail.as_bytes(),
            ..Answer::default()
        }))
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

    /// Lets the host remember claims whose signature was verified in this call: a token that is
    /// refused for another reason costs its signature once.
    pub(crate) fn remember(mut self, claims: Option<&'r [u8]>) -> Self {
        if let (Self::Answer(answer), Some(claims)) = (&mut self, claims) {
            answer.remember = claims;
        }
        self
    }

    /// Lets the host remember for a short time that the signature is wrong.
    pub(crate) fn remember_wrong(mut self, mark: &'r [u8]) -> Self {
        if let Self::Answer(answer) = &mut self {
            answer.remember = mark;
            answer.remember_briefly = true;
        }
        self
    }
}
