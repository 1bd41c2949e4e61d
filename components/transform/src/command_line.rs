//! `cmdLine`: what shells read the same, written the same.

use crate::text::{any, at};

const fn touched(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'\'' | b'\\' | b'^' | b',' | b';' | b'\t' | b'\r' | b'\n' | b'A'..=b'Z'
    )
}

/// Drops quotes, backslashes and carets; makes commas, semicolons and white space one space;
/// drops a space before `/` and `(`; makes letters small.
pub(crate) fn normalise(input: &[u8], out: &mut Vec<u8>) -> bool {
    let dropped = |i: usize| matches!(at(input, i + 1), Some(b' ' | b'/' | b'('));
    if !any(input, touched) && !memchr::memchr_iter(b' ', input).any(dropped) {
        return false;
    }
    out.clear();
    out.reserve(input.len());
    let mut after_space = false;
    for &byte in input {
        match byte {
            b'"' | b'\'' | b'\\' | b'^' => {}
            b' ' | b',' | b';' | b'\t' | b'\r' | b'\n' => {
                if !after_space {
                    out.push(b' ');
                }
                after_space = true;
            }
            b'/' | b'(' => {
                if after_space {
                    out.pop();
                }
                after_space = false;
                out.push(byte);
            }
            _ => {
                after_space = false;
                out.push(byte.to_ascii_lowercase());
            }
        }
    }
    true
}
