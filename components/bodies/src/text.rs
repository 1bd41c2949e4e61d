//! Bytes of text, as the C library sees them in the "C" locale.

/// The byte at `index`, if there is one.
pub(crate) fn at(input: &[u8], index: usize) -> Option<u8> {
    input.get(index).copied()
}

/// The bytes of `input` from `from`; none past its end.
pub(crate) fn rest(input: &[u8], from: usize) -> &[u8] {
    input.get(from..).unwrap_or_default()
}

/// `isspace`: space, tab, line feed, vertical tab, form feed, carriage return.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `input` without the bytes at its beginning that `drop` names.
pub(crate) fn trim_start(mut input: &[u8], drop: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, tail @ ..] = input
        && drop(*first)
    {
        input = tail;
    }
    input
}

/// `input` without the bytes at its end that `drop` names.
pub(crate) fn trim_end(mut input: &[u8], drop: impl Fn(u8) -> bool) -> &[u8] {
    while let [head @ .., last] = input
        && drop(*last)
    {
        input = head;
    }
    input
}

/// The parts before and behind the first `separator`; the second is `None` where there is none.
pub(crate) fn split_once(input: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(separator, input) {
        Some(at) => (
            input.get(..at).unwrap_or_default(),
            Some(rest(input, at + 1)),
        ),
        None => (input, None),
    }
}

/// The value of a hexadecimal digit.
pub(crate) const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
