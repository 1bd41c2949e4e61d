//! Why no pixels came out.

use thiserror::Error;

/// Why no pixels came out.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum JpegError {
    /// The file ends before its pixels do.
    #[error("the file ends before its pixels do")]
    Truncated,
    /// The file breaks the rules of T.81.
    #[error("{0}")]
    Corrupt(&'static str),
    /// A kind of JPEG that is not read.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Over one of [`crate::Limits`].
    #[error("{0}")]
    OverLimit(&'static str),
}
