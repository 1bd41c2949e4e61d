//! Why a frame was not read or written.

use thiserror::Error;

/// Why a frame was not read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WebpError {
    /// The bytes end before the pixels do.
    #[error("the frame ends before its pixels do")]
    Truncated,
    /// The bytes break a rule of RFC 6386 or RFC 9649.
    #[error("{0}")]
    Corrupt(&'static str),
    /// The picture to be written has a side of zero or over 16,383, or other pixels than its size
    /// says.
    #[error("{0}")]
    BadPicture(&'static str),
}
