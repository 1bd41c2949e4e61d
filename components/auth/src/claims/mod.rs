//! The claims of a verified token, as compact bytes that the host remembers.
//!
//! [`VerifiedClaims`] owns the bytes, [`ClaimsRef`] reads them in place. The layout belongs to
//! this crate alone; its first byte is a version, so bytes of an older build are refused and the
//! token is verified anew.
//!
//! | field | bytes |
//! |---|---|
//! | version, flags (which of exp, nbf, iat, sub, iss are there) | 1 + 1 |
//! | exp, nbf, iat | 3 × 8, little-endian, seconds since 1970 |
//! | sub, iss | text: length (2), UTF-8 |
//! | aud, scopes | count (2), texts |
//! | other claims | count (2), then each: name (text), tag (1), value by tag |

mod cursor;
mod encode;
mod view;

pub use view::{Claim, ClaimsRef, TextList};

pub(crate) use encode::from_payload;

/// Longest encoding that is written or read, in bytes.
pub const CLAIMS_BYTES_MAX: usize = 48 * 1024;

const VERSION: u8 = 1;

const HAS_EXP: u8 = 1;
const HAS_NBF: u8 = 1 << 1;
const HAS_IAT: u8 = 1 << 2;
const HAS_SUB: u8 = 1 << 3;
const HAS_ISS: u8 = 1 << 4;
const FLAGS_KNOWN: u8 = HAS_EXP | HAS_NBF | HAS_IAT | HAS_SUB | HAS_ISS;

const TAG_NULL: u8 = 0;
const TAG_FALSE: u8 = 1;
const TAG_TRUE: u8 = 2;
const TAG_INTEGER: u8 = 3;
const TAG_NUMBER: u8 = 4;
const TAG_TEXT: u8 = 5;
const TAG_TEXT_LIST: u8 = 6;
const TAG_OTHER: u8 = 7;

/// The bytes are not what [`VerifiedClaims::to_bytes`] of this build writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the remembered claims cannot be read")]
pub struct ClaimsBytesError;

/// The claims of a token whose signature was good. Times, issuer, audience and scopes are not
/// checked yet: [`crate::SignIn::check`] does that for every request.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedClaims {
    bytes: Vec<u8>,
}

impl VerifiedClaims {
    /// Takes remembered bytes back.
    ///
    /// # Errors
    ///
    /// [`ClaimsBytesError`] when they are garbage, too long or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ClaimsBytesError> {
        ClaimsRef::from_bytes(bytes)?;
        Ok(Self {
            bytes: bytes.to_vec(),
        })
    }

    /// The bytes to remember, at most [`CLAIMS_BYTES_MAX`].
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes to remember, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A reader of the claims.
    ///
    /// # Errors
    ///
    /// Cannot fail in practice, since the bytes were checked when this value was made.
    pub fn view(&self) -> Result<ClaimsRef<'_>, ClaimsBytesError> {
        ClaimsRef::from_bytes(&self.bytes)
    }
}

/// Shows the size only: claims are personal data and do not belong into a log.
impl core::fmt::Debug for VerifiedClaims {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "VerifiedClaims({} bytes)", self.bytes.len())
    }
}
