//! Percent-decoding on demand, for rules and parameters that want plain text.

use std::borrow::Cow;

use crate::bytes;

/// The text that a piece of a canonical path or query stands for.
///
/// Total: a `%` that begins no triplet stays, bytes that are not UTF-8 become U+FFFD. Neither
/// occurs in canonical input.
#[must_use]
pub fn decode(text: &str) -> Cow<'_, str> {
    decode_with(text, false)
}

/// [`decode`], and `+` is a space (WHATWG `application/x-www-form-urlencoded`).
#[must_use]
pub fn decode_form(text: &str) -> Cow<'_, str> {
    decode_with(text, true)
}

fn decode_with(text: &str, plus_is_space: bool) -> Cow<'_, str> {
    let special = |byte: &u8| *byte == b'%' || (plus_is_space && *byte == b'+');
    if !text.as_bytes().iter().any(special) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'%' => match bytes::triplet(after) {
                Some(value) => {
                    out.push(value);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => out.push(b'%'),
            },
            b'+' if plus_is_space => out.push(b' '),
            _ => out.push(*byte),
        }
    }
    Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}
