//! `jsDecode` and `escapeSeqDecode`: the backslash escapes of JavaScript and of ANSI C.

use crate::text::{at, hex_at, narrow, octal, octal_at, pair, rest};

/// What a backslash and this letter stand for in both languages.
const fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}

/// Copies up to each backslash and lets `escape` read what follows it: it appends what the escape
/// stands for and says how many bytes the escape takes, its backslash included.
///
/// A backslash at the very end stays.
fn decode(
    input: &[u8],
    out: &mut Vec<u8>,
    escape: impl Fn(&[u8], usize, &mut Vec<u8>) -> usize,
) -> bool {
    let Some(first) = memchr::memchr(b'\\', input) else {
        return false;
    };
    if first + 1 == input.len() {
        return false;
    }
    out.clear();
    out.reserve(input.len());
    let mut i = 0;
    loop {
        let tail = rest(input, i);
        let Some(plain) = memchr::memchr(b'\\', tail) else {
            out.extend_from_slice(tail);
            return true;
        };
        out.extend_from_slice(tail.get(..plain).unwrap_or_default());
        i += plain;
        if i + 1 == input.len() {
            out.push(b'\\');
            return true;
        }
        i += escape(input, i, out);
    }
}

/// JavaScript: `\uhhhh` (low byte, full-width ASCII made narrow), `\xhh`, `\ooo` up to 377, the
/// control letters; any other character stands for itself.
pub(crate) fn decode_js(input: &[u8], out: &mut Vec<u8>) -> bool {
    decode(input, out, |input, i, out| {
        let next = at(input, i + 1).unwrap_or(b'\\');
        if next == b'u' && (2..6).all(|n| hex_at(input, i + n)) {
            let high = [at(input, i + 2), at(input, i + 3)];
            out.push(narrow(pair(input, i + 4), high));
            6
        } else if next == b'x' && hex_at(input, i + 2) && hex_at(input, i + 3) {
            out.push(pair(input, i + 2));
            4
        } else if octal_at(input, i + 1) {
            let (value, digits) = octal(input, i + 1);
            // Three digits that do not fit in a byte are two digits and a character.
            let (value, digits) = if value > 0o377 {
                (value >> 3, 2)
            } else {
                (value, digits)
            };
            out.push(value.to_le_bytes()[0]);
            1 + digits
        } else {
            out.push(control(next).unwrap_or(next));
            2
        }
    })
}

/// ANSI C: the control letters, `\xhh`, `\ooo` (low byte); any other character stands for itself.
pub(crate) fn decode_ansi_c(input: &[u8], out: &mut Vec<u8>) -> bool {
    decode(input, out, |input, i, out| {
        let next = at(input, i + 1).unwrap_or(b'\\');
        if matches!(next, b'x' | b'X') && hex_at(input, i + 2) && hex_at(input, i + 3) {
            out.push(pair(input, i + 2));
            4
        } else if octal_at(input, i + 1) {
            let (value, digits) = octal(input, i + 1);
            out.push(value.to_le_bytes()[0]);
            1 + digits
        } else {
            out.push(control(next).unwrap_or(next));
            2
        }
    })
}
