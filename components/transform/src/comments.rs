//! `removeComments`, `removeCommentsChar` and `replaceComments`.

use crate::text::{any, at, rest};

/// Makes every `/* ... */` one space; one that is not closed ends the value.
pub(crate) fn replace(input: &[u8], out: &mut Vec<u8>) -> bool {
    let opens = |star: &usize| star.checked_sub(1).and_then(|i| at(input, i)) == Some(b'/');
    let Some(star) = memchr::memchr_iter(b'*', input).find(opens) else {
        return false;
    };
    let mut open = star - 1;
    out.clear();
    out.reserve(input.len());
    let mut tail = input;
    loop {
        out.extend_from_slice(tail.get(..open).unwrap_or_default());
        out.push(b' ');
        let inside = rest(tail, open + 2);
        let Some(close) = memchr::memmem::find(inside, b"*/") else {
            return true;
        };
        tail = rest(inside, close + 2);
        let Some(next) = memchr::memmem::find(tail, b"/*") else {
            out.extend_from_slice(tail);
            return true;
        };
        open = next;
    }
}

/// Drops `/* ... */` and `<!-- ... -->`, and all from `--` or `#` on.
///
/// As in ModSecurity either end closes either comment, the byte after the end is kept whatever it
/// is (a NUL where the value ends there), and a comment that is not closed leaves a space.
pub(crate) fn remove(input: &[u8], out: &mut Vec<u8>) -> bool {
    let starts = |i: usize, text: &[u8]| rest(input, i).starts_with(text);
    if !any(input, |byte| matches!(byte, b'/' | b'<' | b'-' | b'#')) {
        return false;
    }
    out.clear();
    out.reserve(input.len());
    let mut changed = false;
    let mut inside = false;
    let mut i = 0;
    while let Some(byte) = at(input, i) {
        if inside {
            let end = if starts(i, b"*/") {
                2
            } else if starts(i, b"-->") {
                3
            } else {
                i += 1;
                continue;
            };
            inside = false;
            out.push(at(input, i + end).unwrap_or(0));
            i += end + 1;
        } else if starts(i, b"/*") {
            inside = true;
            i += 2;
        } else if starts(i, b"<!--") {
            inside = true;
            i += 4;
        } else if starts(i, b"--") || byte == b'#' {
            return true;
        } else {
            out.push(byte);
            i += 1;
            continue;
        }
        changed = true;
    }
    if inside {
        out.push(b' ');
    }
    changed
}

/// Drops the characters that begin and end comments: `/*`, `*/`, `<!--`, `-->`, `--`, `#`.
pub(crate) fn remove_characters(input: &[u8], out: &mut Vec<u8>) -> bool {
    const MARKS: [&[u8]; 6] = [b"/*", b"*/", b"<!--", b"-->", b"--", b"#"];
    let marker = |byte: &u8| matches!(byte, b'/' | b'*' | b'<' | b'-' | b'#');
    let Some(first) = input.iter().position(marker) else {
        return false;
    };
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(input.get(..first).unwrap_or_default());
    let mut i = first;
    while let Some(byte) = at(input, i) {
        let tail = rest(input, i);
        if let Some(mark) = MARKS.iter().find(|&&mark| tail.starts_with(mark)) {
            i += mark.len();
        } else {
            out.push(byte);
            i += 1;
        }
    }
    out.len() != input.len()
}
