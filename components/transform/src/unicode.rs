//! `utf8toUnicode`: UTF-8 sequences written as `%uhhhh`.

use crate::text::{any, at};

/// Writes every UTF-8 sequence of two to four bytes as `%u` and at least four small hexadecimal
/// digits.
///
/// As in ModSecurity: a first byte whose followers are missing or wrong is dropped, a follower
/// without a first byte stays, an overlong sequence or a surrogate leaves its first byte behind
/// its number, a first byte above 0xF4 stays in front of it, and a NUL is dropped unless it is the
/// last byte.
pub(crate) fn encode(input: &[u8], out: &mut Vec<u8>) -> bool {
    if !any(input, |byte| byte >= 0x80 || byte == 0) {
        return false;
    }
    out.clear();
    out.reserve(input.len() * 2);
    let mut changed = false;
    let mut i = 0;
    while let Some(first) = at(input, i) {
        let (length, bits, least) = match first {
            0 if i + 1 < input.len() => {
                changed = true;
                i += 1;
                continue;
            }
            0xc0..=0xdf => (2, first & 0x1f, 0x80),
            0xe0..=0xef => (3, first & 0x0f, 0x800),
            0xf0..=0xf7 => (4, first & 0x07, 0x1_0000),
            _ => {
                out.push(first);
                i += 1;
                continue;
            }
        };
        changed = true;
        if first >= 0xf5 && length == 4 {
            out.push(first);
        }
        let Some(number) = number(input, i, length, bits) else {
            i += 1;
            continue;
        };
        push(number, out);
        if (0xd800..=0xdfff).contains(&number) {
            out.push(first);
        }
        if number < least {
            out.push(first);
        }
        i += length;
    }
    changed && out.as_slice() != input
}

/// The number of the sequence of `length` bytes at `i`, whose first byte gives `bits`.
fn number(input: &[u8], i: usize, length: usize, bits: u8) -> Option<u32> {
    (1..length).try_fold(u32::from(bits), |number, n| {
        let byte = at(input, i + n)?;
        (byte & 0xc0 == 0x80).then(|| number << 6 | u32::from(byte & 0x3f))
    })
}

/// Appends `%u` and the number in at least four digits.
fn push(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"%u");
    let [_, high, middle, low] = number.to_be_bytes();
    if high >= 0x10 {
        out.push(crate::hex::digit(high >> 4));
    }
    if high > 0 {
        out.push(crate::hex::digit(high));
    }
    crate::hex::push(middle, out);
    crate::hex::push(low, out);
}
