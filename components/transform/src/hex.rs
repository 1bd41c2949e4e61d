//! `hexDecode`, `hexEncode` and `sqlHexDecode`.

use crate::text::{at, hex_at, pair};

/// The small hexadecimal digit of the low four bits of `byte`.
pub(crate) const fn digit(byte: u8) -> u8 {
    match byte & 15 {
        low @ 0..10 => b'0' + low,
        low => b'a' + low - 10,
    }
}

/// Appends `byte` as two small hexadecimal digits.
pub(crate) fn push(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[digit(byte >> 4), digit(byte)]);
}

/// Writes every byte as two small hexadecimal digits.
pub(crate) fn encode(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    out.reserve(input.len() * 2);
    for &byte in input {
        push(byte, out);
    }
    !input.is_empty()
}

/// Reads pairs of hexadecimal digits. Other bytes are not refused: they have the value that
/// ModSecurity's arithmetic gives them. The last byte of an odd number is dropped.
pub(crate) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    for two in input.chunks_exact(2) {
        out.push(pair(two, 0));
    }
    !input.is_empty()
}

/// Decodes the hexadecimal literals of SQL, `0x414243`.
pub(crate) fn decode_sql(input: &[u8], out: &mut Vec<u8>) -> bool {
    if memchr::memchr2(b'x', b'X', input).is_none() {
        return false;
    }
    out.clear();
    out.reserve(input.len());
    let mut changed = false;
    let mut i = 0;
    while let Some(byte) = at(input, i) {
        let literal = byte == b'0'
            && matches!(at(input, i + 1), Some(b'x' | b'X'))
            && hex_at(input, i + 2)
            && hex_at(input, i + 3);
        if !literal {
            out.push(byte);
            i += 1;
            continue;
        }
        changed = true;
        i += 2;
        while hex_at(input, i) && hex_at(input, i + 1) {
            out.push(pair(input, i));
            i += 2;
        }
    }
    changed
}
