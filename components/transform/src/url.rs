//! `urlDecode`, `urlDecodeUni` and `urlEncode`.

use crate::text::{at, hex_at, narrow, pair, rest};

/// Decodes `%hh` and `+`; what is no escape stays.
pub(crate) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    decode_with(input, out, false)
}

/// As [`decode`], and `%uhhhh` as IIS reads it: the low byte, full-width ASCII made narrow. A
/// `%u` that is no escape stays, and its `u` is not looked at again.
pub(crate) fn decode_uni(input: &[u8], out: &mut Vec<u8>) -> bool {
    decode_with(input, out, true)
}

fn decode_with(input: &[u8], out: &mut Vec<u8>, iis: bool) -> bool {
    let Some(first) = memchr::memchr2(b'%', b'+', input) else {
        return false;
    };
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(input.get(..first).unwrap_or_default());
    let mut changed = false;
    let mut i = first;
    while let Some(byte) = at(input, i) {
        match byte {
            b'+' => {
                out.push(b' ');
                changed = true;
                i += 1;
            }
            b'%' if iis && matches!(at(input, i + 1), Some(b'u' | b'U')) => {
                if (2..6).all(|n| hex_at(input, i + n)) {
                    let high = [at(input, i + 2), at(input, i + 3)];
                    out.push(narrow(pair(input, i + 4), high));
                    changed = true;
                    i += 6;
                } else {
                    out.extend_from_slice(input.get(i..i + 2).unwrap_or_default());
                    i += 2;
                }
            }
            b'%' if hex_at(input, i + 1) && hex_at(input, i + 2) => {
                out.push(pair(input, i + 1));
                changed = true;
                i += 3;
            }
            b'%' => {
                out.push(b'%');
                i += 1;
            }
            _ => {
                let tail = rest(input, i);
                let plain = memchr::memchr2(b'%', b'+', tail).unwrap_or(tail.len());
                out.extend_from_slice(tail.get(..plain).unwrap_or_default());
                i += plain;
            }
        }
    }
    changed
}

/// Writes all but letters, digits and `*` as `%hh` with small letters, and a space as `+`.
pub(crate) fn encode(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let mut changed = false;
    for &byte in input {
        match byte {
            b' ' => {
                out.push(b'+');
                changed = true;
            }
            b'*' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(byte),
            _ => {
                out.push(b'%');
                crate::hex::push(byte, out);
                changed = true;
            }
        }
    }
    changed
}
