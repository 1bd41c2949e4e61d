//! Why there is no picture, and what the client is told.

use super::component::wit;

/// Why there is no picture. Each is one status and one code; the text is for the record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// As many pictures as there may be are made or wait.
    #[error("the queue of the image pool is full")]
    Busy,
    /// The sources that are held leave no room for this one.
    #[error("the sources held at once reach sources_bytes_max")]
    SourcesFull,
    /// Not done within `wall_clock_ms_max`, waiting included.
    #[error("the picture was not done in time, waiting included")]
    Late,
    /// No format that is read.
    #[error("unsupported format: {0}")]
    Unsupported(String),
    /// The source breaks the rules of its format, or ends early.
    #[error("corrupt source: {0}")]
    Corrupt(String),
    /// The source has more bytes, pixels or lines than allowed.
    #[error("too large a source: {0}")]
    TooLarge(String),
    /// An option is out of its range.
    #[error("invalid options: {0}")]
    OptionsInvalid(String),
    /// A trap, a deadline, the memory cap, or a fault that the component owns up to.
    #[error("{cause}{}{stderr}", if stderr.is_empty() { "" } else { ": " })]
    Failed {
        /// What ended it.
        cause: String,
        /// What the component wrote before, usually a panic's message; bounded.
        stderr: String,
    },
}

impl ImageError {
    /// The status of the answer to the client. 503 comes with `Retry-After: 1`.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Busy | Self::SourcesFull | Self::Late => 503,
            Self::Unsupported(_) => 415,
            Self::Corrupt(_) => 422,
            Self::TooLarge(_) => 413,
            Self::OptionsInvalid(_) => 400,
            Self::Failed { .. } => 500,
        }
    }

    /// The stable code of the answer to the client.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy => "image_queue_full",
            Self::SourcesFull => "image_sources_full",
            Self::Late => "image_timeout",
            Self::Unsupported(_) => "image_unsupported",
            Self::Corrupt(_) => "image_corrupt",
            Self::TooLarge(_) => "image_too_large",
            Self::OptionsInvalid(_) => "image_options_invalid",
            Self::Failed { .. } => "image_failed",
        }
    }

    /// The code in short, as `Lockgate-Image` has it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        let code = self.code();
        code.strip_prefix("image_").unwrap_or(code)
    }

    /// The whole story, for the record only.
    #[must_use]
    pub fn cause(&self) -> String {
        self.to_string()
    }

    /// What the component answered.
    pub(super) fn from_component(error: wit::Error) -> Self {
        use wit::ErrorCode as Code;
        let message = error.message;
        match error.code {
            Code::UnsupportedFormat => Self::Unsupported(message),
            Code::Truncated | Code::Corrupt => Self::Corrupt(message),
            Code::TooManyPixels | Code::DimensionTooLarge | Code::SourceTooLarge => {
                Self::TooLarge(message)
            }
            Code::BadOptions => Self::OptionsInvalid(message),
            Code::BadIntermediate | Code::Internal => Self::Failed {
                cause: message,
                stderr: String::new(),
            },
        }
    }
}
