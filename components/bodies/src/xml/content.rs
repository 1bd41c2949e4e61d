//! Text and attribute values: references and line ends.

use super::{Document, Error};
use crate::text::{at, hex, rest};

/// The longest reference that is looked for, in bytes.
const REFERENCE_MAX: usize = 64;

/// Appends text with its references decoded and its line ends as line feeds (XML 1.0, section
/// 2.11).
pub(super) fn text(raw: &[u8], found: &mut Document) {
    let mut out = std::mem::take(&mut found.text);
    append(raw, &mut out, false, found);
    found.text = out;
}

/// An attribute's value: references decoded, white space made spaces (XML 1.0, section 3.3.3).
pub(super) fn attribute(raw: &[u8], found: &mut Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    append(raw, &mut out, true, found);
    out
}

/// Appends a section's text, in which nothing is a reference.
pub(super) fn section(raw: &[u8], found: &mut Document) {
    let mut i = 0;
    while let Some(end) = memchr::memchr(b'\r', rest(raw, i)) {
        found
            .text
            .extend_from_slice(raw.get(i..i + end).unwrap_or_default());
        i += end + 1;
        if at(raw, i) != Some(b'\n') {
            found.text.push(b'\n');
        }
    }
    found.text.extend_from_slice(rest(raw, i));
}

fn append(raw: &[u8], out: &mut Vec<u8>, attribute: bool, found: &mut Document) {
    let special =
        |byte: &u8| matches!(byte, b'&' | b'\r') || (attribute && matches!(byte, b'\t' | b'\n'));
    let mut i = 0;
    while let Some(plain) = rest(raw, i).iter().position(special) {
        out.extend_from_slice(raw.get(i..i + plain).unwrap_or_default());
        i += plain;
        match at(raw, i) {
            Some(b'&') => {
                if let Some((character, length)) = reference(rest(raw, i)) {
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    i += length;
                    continue;
                }
                found.note(Error::UnknownEntity);
                out.push(b'&');
            }
            Some(b'\r') if at(raw, i + 1) == Some(b'\n') => {}
            _ => out.push(if attribute { b' ' } else { b'\n' }),
        }
        i += 1;
    }
    out.extend_from_slice(rest(raw, i));
}

/// The character of the reference that `input` begins with, and the reference's length.
fn reference(input: &[u8]) -> Option<(char, usize)> {
    let window = input.get(..REFERENCE_MAX).unwrap_or(input);
    let end = memchr::memchr(b';', window)?;
    let character = match window.get(1..end)? {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((character, end + 1))
}

fn number(digits: &[u8], base: u32) -> Option<char> {
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0_u32, |number, &digit| {
        let digit = u32::from(hex(digit)?);
        let number = number.checked_mul(base)?.checked_add(digit)?;
        (digit < base).then_some(number)
    })?;
    char::from_u32(number).filter(|&character| character != '\0')
}
