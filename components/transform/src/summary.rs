//! Which kinds of bytes occur in a value.

use crate::text::is_space;

pub(crate) const ANY: u32 = 1 << 0;
pub(crate) const UPPER: u32 = 1 << 1;
pub(crate) const LOWER: u32 = 1 << 2;
pub(crate) const SPACE: u32 = 1 << 3;
pub(crate) const SHELL: u32 = 1 << 4;
pub(crate) const BACKSLASH: u32 = 1 << 5;
pub(crate) const PERCENT_PLUS: u32 = 1 << 6;
pub(crate) const AMPERSAND: u32 = 1 << 7;
pub(crate) const DOT: u32 = 1 << 8;
pub(crate) const SLASH: u32 = 1 << 9;
pub(crate) const COMMENT: u32 = 1 << 10;
pub(crate) const STAR: u32 = 1 << 11;
pub(crate) const NUL: u32 = 1 << 12;
pub(crate) const HIGH: u32 = 1 << 13;
pub(crate) const NO_BREAK: u32 = 1 << 14;
pub(crate) const LETTER_X: u32 = 1 << 15;
pub(crate) const URL_UNSAFE: u32 = 1 << 16;
pub(crate) const NOT_BASE64: u32 = 1 << 17;

const CLASSES: [u32; 256] = classes();

const fn classes() -> [u32; 256] {
    let mut table = [ANY; 256];
    let mut byte: u8 = 0;
    loop {
        let mut class = ANY;
        if byte.is_ascii_uppercase() {
            class |= UPPER;
        }
        if byte.is_ascii_lowercase() {
            class |= LOWER;
        }
        if is_space(byte) {
            class |= SPACE;
        }
        if !(byte.is_ascii_alphanumeric() || byte == b'*') {
            class |= URL_UNSAFE;
        }
        if byte >= 0x80 {
            class |= HIGH;
        }
        if !(byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'=' | b' ' | b'\r' | b'\n' | 0))
        {
            class |= NOT_BASE64;
        }
        class |= match byte {
            b'\\' => BACKSLASH | SHELL,
            b'"' | b'\'' | b'^' | b',' | b';' => SHELL,
            b'%' | b'+' => PERCENT_PLUS,
            b'&' => AMPERSAND,
            b'.' => DOT,
            b'/' => SLASH | COMMENT,
            b'<' | b'-' | b'#' => COMMENT,
            b'*' => STAR,
            0 => NUL,
            0xa0 | 0xc2 => NO_BREAK,
            b'x' | b'X' => LETTER_X,
            _ => 0,
        };
        #[allow(
            clippy::indexing_slicing,
            reason = "evaluated at compile time; the index is a byte"
        )]
        {
            table[byte as usize] = class;
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    table
}

/// The kinds of bytes that occur in a value, as far as transformations tell them apart.
///
/// Made once for a value, it says of every transformation whether it can change that value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary(u32);

impl Summary {
    /// Looks at every byte of `value` once.
    #[must_use]
    pub fn of(value: &[u8]) -> Self {
        let mut classes = 0;
        for &byte in value {
            classes |= CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
        }
        Self(classes)
    }

    /// The summary of a value in which exactly the bytes of `set` occur: byte `b` is bit `b % 64`
    /// of word `b / 64`.
    #[must_use]
    pub fn of_set(set: [u64; 4]) -> Self {
        let mut classes = 0;
        for (byte, &class) in CLASSES.iter().enumerate() {
            let word = set.get(byte / 64).copied().unwrap_or(0);
            if word >> (byte % 64) & 1 == 1 {
                classes |= class;
            }
        }
        Self(classes)
    }

    /// The summary of a value that is made of the two values summarised.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a byte of one of these kinds occurs.
    pub(crate) const fn has(self, kinds: u32) -> bool {
        self.0 & kinds != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_and_its_bytes_have_one_summary() {
        for text in [&b"GET /a?b=c"[..], b"", b"\0\xa0x", b"a%20b"] {
            let mut set = [0; 4];
            for &byte in text {
                set[usize::from(byte) / 64] |= 1 << (byte % 64);
            }
            assert_eq!(Summary::of_set(set), Summary::of(text));
        }
    }

    #[test]
    fn kinds_of_bytes() {
        let summary = Summary::of(b"a.X");
        assert!(summary.has(DOT) && summary.has(UPPER) && summary.has(LETTER_X));
        assert!(!summary.has(SPACE | SLASH | NUL));
        assert!(!Summary::of(b"").has(ANY));
        assert!(Summary::of(b"a").and(Summary::of(b" ")).has(SPACE));
    }
}
