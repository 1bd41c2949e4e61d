//! `cssDecode`: the escapes of CSS 2 (section 4.1.3), of which only the last byte is kept.

use crate::text::{at, digit, hex_at, is_space, narrow, pair};

/// Decodes `\h` to `\hhhhhh`, each with one white space after it; drops a backslash before any
/// other character, and both the backslash and the line feed after it.
pub(crate) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(first) = memchr::memchr(b'\\', input) else {
        return false;
    };
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(input.get(..first).unwrap_or_default());
    let mut i = first;
    while let Some(byte) = at(input, i) {
        i += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let digits = (0..6).take_while(|n| hex_at(input, i + n)).count();
        if digits > 0 {
            out.push(escape(input, i, digits));
            i += digits;
            if at(input, i).is_some_and(is_space) {
                i += 1;
            }
        } else if let Some(other) = at(input, i) {
            if other != b'\n' {
                out.push(other);
            }
            i += 1;
        }
    }
    true
}

/// The byte that the `digits` hexadecimal digits at `start` stand for.
fn escape(input: &[u8], start: usize, digits: usize) -> u8 {
    if digits == 1 {
        return digit(at(input, start).unwrap_or(b'0'));
    }
    let end = start + digits;
    let low = pair(input, end - 2);
    let zero = |n: usize| at(input, start + n) == Some(b'0');
    let may_be_wide = match digits {
        4 => true,
        5 => zero(0),
        6 => zero(0) && zero(1),
        _ => false,
    };
    if may_be_wide {
        narrow(low, [at(input, end - 4), at(input, end - 3)])
    } else {
        low
    }
}
