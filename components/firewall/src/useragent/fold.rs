//! The User-Agent in lower case, once for all lists of a request.

use super::PATTERN_BYTES_MAX;

/// The most bytes of a User-Agent that are looked at. Real ones stay well below 1,000.
pub const USER_AGENT_BYTES_MAX: usize = 2048;

/// A User-Agent with its ASCII letters in lower case; `None` for an oversize one.
pub struct FoldedUserAgent(Option<Vec<u8>>);

impl FoldedUserAgent {
    /// Folds the field value. One that is longer than [`USER_AGENT_BYTES_MAX`] is only marked as oversize.
    #[must_use]
    pub fn new(user_agent: &[u8]) -> Self {
        let fits = user_agent.len() <= USER_AGENT_BYTES_MAX;
        Self(fits.then(|| user_agent.to_ascii_lowercase()))
    }

    /// The folded bytes; `None` for an oversize one.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }
}

impl std::fmt::Debug for FoldedUserAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.bytes() {
            Some(bytes) => write!(f, "FoldedUserAgent({})", bytes.escape_ascii()),
            None => f.write_str("FoldedUserAgent(oversize)"),
        }
    }
}

/// The last bytes of `text`, reversed, as far as a pattern can reach.
pub(super) fn reversed_tail<'a>(text: &[u8], buffer: &'a mut [u8; PATTERN_BYTES_MAX]) -> &'a [u8] {
    let mut length = 0;
    for (to, from) in buffer.iter_mut().zip(text.iter().rev()) {
        *to = *from;
        length += 1;
    }
    buffer.get(..length).unwrap_or_default()
}
