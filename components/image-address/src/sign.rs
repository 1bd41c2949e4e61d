//! Signatures of addresses: HMAC-SHA-256 (RFC 2104, FIPS 180-4) over a canonical message.
//!
//! The message is five lines without one at the end:
//!
//! ```text
//! lockgate-image-1
//! the canonical path, without the segment of options where there is one
//! the arguments of the query that are no options, in their order, between &
//! the options: preset, dpr, f=auto, then the canonical text of the others
//! exp as given, or nothing
//! ```
//!
//! The method and the host are not in it. Every secret has a purpose of its own: one that signs
//! addresses should sign nothing else.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder as _, Encoder as _};

use crate::Refusal;

/// The argument that holds a signature.
pub const SIGNATURE: &str = "s";

/// The argument that holds the second from which on an address is refused.
pub const EXPIRES: &str = "exp";

/// The fewest bytes of a signature: 128 bits. It may be cut to them.
pub const SIGNATURE_BYTES_MIN: usize = 16;

/// The fewest bytes of a key of the gate's own addresses. Those of other services are as long as
/// they are there.
pub const KEY_BYTES_MIN: usize = 16;

pub(crate) fn message(subject: &str, options: &str, expires: &str) -> String {
    format!("lockgate-image-1\n{subject}\n{options}\n{expires}")
}

/// A signature as text: base64url (RFC 4648 section 5) without padding.
#[must_use]
pub fn made(key: &[u8], message: &[u8]) -> String {
    let mac = hmac_sha256::HMAC::mac(message, key);
    // 32 bytes always have a text.
    Base64UrlSafeNoPadding::encode_to_string(mac).unwrap_or_default()
}

/// Checks a signature against each key.
pub(crate) fn check(keys: &[Vec<u8>], message: &[u8], signature: &str) -> Result<(), Refusal> {
    let given = Base64UrlSafeNoPadding::decode_to_vec(signature, None).unwrap_or_default();
    if given.len() < SIGNATURE_BYTES_MIN {
        return Err(wrong());
    }
    let right = |key: &Vec<u8>| {
        let mac = hmac_sha256::HMAC::mac(message, key);
        mac.get(..given.len()).is_some_and(|mac| same(mac, &given))
    };
    match any(keys, right) {
        true => Ok(()),
        false => Err(wrong()),
    }
}

/// Whether any key is right; all are tried, so that the time does not tell which one was.
pub(crate) fn any(keys: &[Vec<u8>], right: impl Fn(&Vec<u8>) -> bool) -> bool {
    keys.iter().fold(false, |found, key| found | right(key))
}

/// Compares in a time that depends on the lengths only.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && ct_codecs::verify(one, other)
}

/// `exp` is whole seconds since the Unix epoch; without it a signature does not end.
pub(crate) fn check_expiry(expires: Option<&str>, now_s: u64) -> Result<(), Refusal> {
    let Some(expires) = expires else {
        return Ok(());
    };
    let digits = (1..=15).contains(&expires.len()) && expires.bytes().all(|b| b.is_ascii_digit());
    match expires.parse::<u64>() {
        Ok(second) if digits && now_s < second => Ok(()),
        Ok(_) if digits => Err(expired()),
        _ => Err(Refusal::options("exp takes whole seconds since 1970")),
    }
}

pub(crate) fn expired() -> Refusal {
    Refusal {
        status: 403,
        code: "image_signature_expired",
        detail: "The address was valid for a time that is over.".to_owned(),
    }
}

pub(crate) fn missing() -> Refusal {
    Refusal {
        status: 403,
        code: "image_signature_missing",
        detail: "Addresses of these pictures are signed.".to_owned(),
    }
}

pub(crate) fn wrong() -> Refusal {
    Refusal {
        status: 403,
        code: "image_signature_invalid",
        detail: "The signature does not belong to this address.".to_owned(),
    }
}
