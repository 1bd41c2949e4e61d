//! White space and NUL bytes: `compressWhitespace`, `removeWhitespace`, `trim`, `trimLeft`,
//! `trimRight`, `removeNulls`, `replaceNulls`.

use crate::text::{any, at, is_space};

/// Makes every run of white space one space. With `no_break` the byte 0xA0 is white space.
pub(crate) fn compress(input: &[u8], out: &mut Vec<u8>, no_break: bool) -> bool {
    let is_space = |byte| is_space(byte) || (no_break && byte == 0xa0);
    let plain = input.iter().enumerate().all(|(i, &byte)| {
        !is_space(byte) || (byte == b' ' && !at(input, i + 1).is_some_and(is_space))
    });
    if plain {
        return false;
    }
    out.clear();
    out.reserve(input.len());
    let mut after_space = false;
    for &byte in input {
        if !is_space(byte) {
            out.push(byte);
        } else if !after_space {
            out.push(b' ');
        }
        after_space = is_space(byte);
    }
    true
}

/// Keeps the bytes that `keep` names.
fn retain(input: &[u8], out: &mut Vec<u8>, keep: impl Fn(u8) -> bool) -> bool {
    if !any(input, |byte| !keep(byte)) {
        return false;
    }
    out.clear();
    out.extend(input.iter().copied().filter(|&byte| keep(byte)));
    true
}

/// Drops white space and the bytes 0xA0 and 0xC2, of which no-break spaces are made.
pub(crate) fn remove(input: &[u8], out: &mut Vec<u8>) -> bool {
    retain(input, out, |byte| {
        !is_space(byte) && byte != 0xa0 && byte != 0xc2
    })
}

/// Drops NUL bytes.
pub(crate) fn remove_nulls(input: &[u8], out: &mut Vec<u8>) -> bool {
    memchr::memchr(0, input).is_some() && retain(input, out, |byte| byte != 0)
}

/// Makes NUL bytes spaces.
pub(crate) fn replace_nulls(input: &[u8], out: &mut Vec<u8>) -> bool {
    if memchr::memchr(0, input).is_none() {
        return false;
    }
    out.clear();
    out.extend(
        input
            .iter()
            .map(|&byte| if byte == 0 { b' ' } else { byte }),
    );
    true
}

/// Drops white space at the ends that are named.
pub(crate) fn trim(input: &[u8], out: &mut Vec<u8>, left: bool, right: bool) -> bool {
    let mut kept = input;
    while let [first, tail @ ..] = kept
        && left
        && is_space(*first)
    {
        kept = tail;
    }
    while let [head @ .., last] = kept
        && right
        && is_space(*last)
    {
        kept = head;
    }
    if kept.len() == input.len() {
        return false;
    }
    out.clear();
    out.extend_from_slice(kept);
    true
}
