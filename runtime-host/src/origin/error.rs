//! Why there is no answer of an origin, and what the client is told.

use std::error::Error;
use std::io;

use crate::http::BodyError;

/// The most bytes of a cause in the record.
const CAUSE_BYTES_MAX: usize = 512;

/// Why there is no answer. Each is one status and one code; the rest is for the record.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// No connection: refused, no route, no such name.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// No connection within `connect_timeout_ms`.
    #[error("connecting took too long: {0}")]
    ConnectTimeout(String),
    /// No head of a response within `first_byte_timeout_ms`.
    #[error("no answer within {waited_ms} ms")]
    Timeout {
        /// How long was waited, in milliseconds.
        waited_ms: u128,
    },
    /// What came is no HTTP/1 response, or too large a head.
    #[error("the answer is malformed: {0}")]
    Malformed(String),
    /// The connection ended before the head of a response.
    #[error("the connection ended before the answer: {0}")]
    Reset(String),
    /// The client's body failed on its way.
    #[error("{cause}")]
    Body {
        /// 400, 408 or 413.
        status: u16,
        /// Stable.
        code: &'static str,
        /// For the record.
        cause: String,
    },
    /// A component of an app gave no answer.
    #[error("{cause}")]
    Component {
        /// 500, 503 or 504.
        status: u16,
        /// Stable.
        code: &'static str,
        /// For the record.
        cause: String,
    },
    /// The request cannot be written as HTTP/1.1.
    #[error("the request cannot be forwarded: {0}")]
    Request(&'static str),
}

impl OriginError {
    /// The status of the answer to the client.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unreachable(_) | Self::Malformed(_) | Self::Reset(_) => 502,
            Self::ConnectTimeout(_) | Self::Timeout { .. } => 504,
            Self::Body { status, .. } | Self::Component { status, .. } => *status,
            Self::Request(_) => 400,
        }
    }

    /// The stable code of the answer to the client.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "origin_unreachable",
            Self::ConnectTimeout(_) => "origin_connect_timeout",
            Self::Timeout { .. } => "origin_timeout",
            Self::Malformed(_) => "origin_malformed",
            Self::Reset(_) => "origin_reset",
            Self::Body { code, .. } | Self::Component { code, .. } => code,
            Self::Request(_) => "request_not_forwardable",
        }
    }

    /// The whole story, for the record only.
    #[must_use]
    pub fn cause(&self) -> String {
        self.to_string()
    }

    /// Why there is no connection; what happened stands in the chain of sources.
    pub(super) fn from_connector(error: &(dyn Error + 'static)) -> Self {
        let timed_out =
            find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
        match timed_out {
            true => Self::ConnectTimeout(story(error)),
            false => Self::Unreachable(story(error)),
        }
    }

    /// Why there is no answer on a connection.
    pub(super) fn from_client(error: &hyper::Error) -> Self {
        if let Some(body) = find::<BodyError>(error) {
            return Self::from_body(body);
        }
        match error.is_parse() {
            true => Self::Malformed(story(error)),
            false => Self::Reset(story(error)),
        }
    }

    /// What a body that fails means for the request.
    pub(crate) fn from_body(error: &BodyError) -> Self {
        let (status, code) = match error {
            BodyError::ClientTimeout | BodyError::ClientSlow(_) => (408, "body_timeout"),
            BodyError::TooLarge(_) => (413, "body_too_large"),
            BodyError::Malformed(_) => (400, "body_malformed"),
            BodyError::ClientGone | BodyError::Stream(_) => (400, "client_gone"),
            BodyError::OriginTimeout | BodyError::Origin(_) | BodyError::Component(_) => {
                return Self::Reset(error.to_string());
            }
        };
        Self::Body {
            status,
            code,
            cause: error.to_string(),
        }
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        (*error).source()
    })
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The chain in one line, without what repeats.
fn story(error: &(dyn Error + 'static)) -> String {
    let mut story = String::new();
    for part in chain(error).map(ToString::to_string) {
        if story.contains(&part) {
            continue;
        }
        if !story.is_empty() {
            story.push_str(": ");
        }
        story.push_str(&part);
    }
    let end = story.floor_char_boundary(CAUSE_BYTES_MAX);
    story.truncate(end);
    story
}
