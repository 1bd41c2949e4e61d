//! Bodies that are read for rules, and sent on.

use lockgate_shell::inspection::{Late, Pace, Reading, TooLong};
use wasip3::http::types::ErrorCode;

use crate::body::{Begun, BodyFault, ClientBody, End, Flow, begin};

/// A client's body of which as much was read as the rules look at.
pub struct Held {
    /// It, to be sent on.
    pub body: ClientBody,
    /// There is no more of it than was read.
    pub whole: bool,
    /// So many of the bytes are for the program, where it looks at them.
    pub program_bytes: Option<u32>,
}

/// Why a body does not go on: the answer's status and code, and the cause for the record. They are
/// those of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHeld {
    /// The status.
    pub status: u16,
    /// The stable code.
    pub code: &'static str,
    /// For the record.
    pub cause: String,
}

/// Reads as much of a client's body as the rules look at; `None`: it has no bytes, and announced
/// none. More than `bytes_max` may not come.
///
/// # Errors
/// [`NotHeld`].
pub async fn hold(
    mut body: ClientBody,
    reading: Reading,
    bytes_max: u64,
    pace: Pace,
) -> Result<Option<Held>, NotHeld> {
    // What the origin would be spared is not read here either.
    body.announced_within(bytes_max)?;
    reading.announced(body.length())?;
    let whole = body.hold(reading.most(), bytes_max, pace).await;
    let whole = whole.map_err(|fault| faulty(fault, bytes_max))?;
    if body.is_none() {
        return Ok(None);
    }
    let program_bytes = reading.program_bytes(body.held().len(), whole)?;
    Ok(Some(Held {
        body,
        whole,
        program_bytes,
    }))
}

/// Reads as much of a response's body as the rules look at: that, at most one byte more than
/// `most`, and the body to be sent on.
///
/// # Errors
/// It broke off; for the record.
pub async fn hold_response(body: Flow, most: usize) -> Result<(Vec<u8>, Begun), String> {
    let (stream, end) = body;
    let broken = "the origin's body broke off";
    // Without a pace and a limit nothing else can be wrong.
    let begun = begin(stream, most, None, |_| true).await;
    let (held, rest) = begun.map_err(|_| broken.to_owned())?;
    let seen = held.get(..most.saturating_add(1)).unwrap_or(&held).to_vec();
    let end = match rest {
        Some(_) => End::Coming(end),
        None => {
            let end = end.await.map_err(|error| format!("{broken}: {error:?}"))?;
            End::Come(end)
        }
    };
    let body = Begun { held, rest, end };
    Ok((seen, body))
}

impl From<TooLong> for NotHeld {
    fn from(error: TooLong) -> Self {
        Self {
            status: 403,
            code: TooLong::CODE,
            cause: error.to_string(),
        }
    }
}

/// A body that does not come as it should.
fn faulty(fault: BodyFault, bytes_max: u64) -> NotHeld {
    let (status, code, cause) = match fault {
        BodyFault::TooLong | BodyFault::Malformed(ErrorCode::HttpRequestBodySize(_)) => {
            let cause = format!("the body is longer than {bytes_max} bytes");
            (413, "body_too_large", cause)
        }
        BodyFault::Late(late) => (408, Late::CODE, late.to_string()),
        BodyFault::Malformed(ErrorCode::ConnectionReadTimeout) => {
            (408, Late::CODE, Late::Silent.to_string())
        }
        BodyFault::Malformed(ErrorCode::ConnectionTerminated) => {
            let cause = "the client closed the connection in the body".to_owned();
            (400, "client_gone", cause)
        }
        BodyFault::Malformed(error) => {
            let cause = format!("the client's body broke off: {error:?}");
            (400, "body_malformed", cause)
        }
    };
    NotHeld {
        status,
        code,
        cause,
    }
}
