//! Tables that are text files: a record a line, lines that start with `#` are remarks.

/// The lines of `text` that are no remarks, split at compile time.
///
/// # Panics
/// At compile time, when there are not exactly `N` records.
#[allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "evaluated at compile time, where a panic is a compile error"
)]
pub(crate) const fn records<const N: usize>(text: &'static [u8]) -> [&'static [u8]; N] {
    let mut out: [&[u8]; N] = [&[]; N];
    let mut filled = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let mut len = 0;
        while len < rest.len() && rest[len] != b'\n' {
            len += 1;
        }
        let (line, after) = rest.split_at(len);
        if !matches!(line, [b'#', ..]) {
            out[filled] = line;
            filled += 1;
        }
        rest = match after {
            [_, after @ ..] => after,
            [] => after,
        };
    }
    assert!(filled == N, "the file has another number of records");
    out
}

/// `text` without the remarks at its start.
pub(crate) const fn body(mut text: &'static [u8]) -> &'static [u8] {
    let mut remark = matches!(text, [b'#', ..]);
    while remark {
        while let [byte, rest @ ..] = text {
            text = rest;
            if *byte == b'\n' {
                break;
            }
        }
        remark = matches!(text, [b'#', ..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_left_out() {
        assert_eq!(records::<2>(b"# x\na\n# y\nbc\n"), [&b"a"[..], b"bc"]);
        assert_eq!(records::<1>(b"a"), [b"a"]);
        assert_eq!(body(b"# x\n#\nab\nc\n"), b"ab\nc\n");
        assert_eq!(body(b"ab"), b"ab");
        assert_eq!(body(b"# only"), b"");
    }
}
