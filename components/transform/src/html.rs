//! `htmlEntityDecode`: numbers and the five names `quot`, `amp`, `lt`, `gt` and `nbsp`.

use crate::text::{at, rest};

/// The named entities, and the byte that each stands for.
const NAMES: [(&[u8], u8); 5] = [
    (b"quot", b'"'),
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"nbsp", 0xa0),
];

/// Decodes entities to one byte each, with or without a semicolon after them. Of a number the low
/// byte is kept; a name need only begin with a known one.
pub(crate) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(first) = memchr::memchr(b'&', input) else {
        return false;
    };
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(input.get(..first).unwrap_or_default());
    let mut changed = false;
    let mut i = first;
    while let Some(byte) = at(input, i) {
        if byte != b'&' {
            let tail = rest(input, i);
            let plain = memchr::memchr(b'&', tail).unwrap_or(tail.len());
            out.extend_from_slice(tail.get(..plain).unwrap_or_default());
            i += plain;
            continue;
        }
        let (decoded, length) = match (at(input, i + 1), at(input, i + 2)) {
            (Some(b'#'), Some(b'x' | b'X')) => hexadecimal(input, i),
            (Some(b'#'), _) => decimal(input, i),
            _ => named(input, i),
        };
        let end = i + length;
        let Some(decoded) = decoded else {
            out.extend_from_slice(input.get(i..end).unwrap_or_else(|| rest(input, i)));
            i = end;
            continue;
        };
        out.push(decoded);
        changed = true;
        i = end + usize::from(at(input, end) == Some(b';'));
    }
    changed
}

/// `&#xhh` at `i`: its byte, if it has digits, and its length without a semicolon.
fn hexadecimal(input: &[u8], i: usize) -> (Option<u8>, usize) {
    let (byte, digits) = number(rest(input, i + 3), 16);
    (byte, 3 + digits)
}

/// `&#ddd` at `i`: its byte, if it has digits, and its length without a semicolon.
fn decimal(input: &[u8], i: usize) -> (Option<u8>, usize) {
    let (byte, digits) = number(rest(input, i + 2), 10);
    (byte, 2 + digits)
}

/// The low byte of the number that `input` begins with, if it has digits, and how many. A number
/// beyond 63 bits is the largest of 63 bits, as C's `strtol` has it.
fn number(input: &[u8], base: u32) -> (Option<u8>, usize) {
    let mut value: u64 = 0;
    let mut digits = 0;
    for digit in input
        .iter()
        .map_while(|&byte| char::from(byte).to_digit(base))
    {
        value = value
            .saturating_mul(u64::from(base))
            .saturating_add(u64::from(digit));
        digits += 1;
    }
    let value = value.min(u64::MAX >> 1);
    ((digits > 0).then_some(value.to_le_bytes()[0]), digits)
}

/// `&name` at `i`: its byte, if it has one, and its length.
fn named(input: &[u8], i: usize) -> (Option<u8>, usize) {
    let tail = rest(input, i + 1);
    let letters = tail.iter().take_while(|byte| byte.is_ascii_alphanumeric());
    let length = letters.count();
    let decoded = NAMES.iter().find(|(name, _)| {
        tail.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    });
    (decoded.map(|&(_, byte)| byte), 1 + length)
}
