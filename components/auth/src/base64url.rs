//! Strict base64url: no padding, no white space, no spare bits (RFC 7515 §2, RFC 4648 §3.5).

use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder};

/// The text is not base64url in its one canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotBase64Url;

/// Decodes `text`, or refuses it when encoding the result again would not give `text` back.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, NotBase64Url> {
    Base64UrlSafeNoPadding::decode_to_vec(text, None).map_err(|_| NotBase64Url)
}

/// Encodes `bytes` without padding.
#[cfg(feature = "mint")]
pub(crate) fn encode(bytes: &[u8]) -> String {
    use jwt_simple::reexports::ct_codecs::Encoder;
    // The encoder fails only when the length overflows `usize`.
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_read() {
        assert_eq!(decode(b""), Ok(vec![]));
        assert_eq!(decode(b"AA"), Ok(vec![0]));
        assert_eq!(decode(b"-_8"), Ok(vec![0xfb, 0xff]));
        // Padding, the other alphabet, white space, spare bits, an impossible length.
        for text in ["AA==", "+/8", "A A", "AA\n", "AB", "A", "A?"] {
            assert_eq!(decode(text.as_bytes()), Err(NotBase64Url), "{text}");
        }
    }
}
