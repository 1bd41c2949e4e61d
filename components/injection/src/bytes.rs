//! Byte sets, and searches that never step outside of the value.

/// A set of bytes.
pub(crate) struct ByteSet([bool; 256]);

impl ByteSet {
    /// The set of the bytes of `members`.
    #[allow(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a panic is a compile error; 256 entries hold every byte"
    )]
    pub(crate) const fn new(mut members: &[u8]) -> Self {
        let mut set = [false; 256];
        while let [first, rest @ ..] = members {
            set[*first as usize] = true;
            members = rest;
        }
        Self(set)
    }

    /// Whether `byte` belongs to the set.
    #[inline]
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).copied().unwrap_or(false)
    }

    /// How many bytes at the start of `text` belong to the set.
    #[inline]
    pub(crate) fn span(&self, text: &[u8]) -> usize {
        text.iter()
            .position(|&byte| !self.has(byte))
            .unwrap_or(text.len())
    }

    /// How many bytes at the start of `text` do not belong to the set.
    #[inline]
    pub(crate) fn span_outside(&self, text: &[u8]) -> usize {
        text.iter()
            .position(|&byte| self.has(byte))
            .unwrap_or(text.len())
    }
}

/// `text` from `at` on; empty past its end.
#[inline]
pub(crate) fn from(text: &[u8], at: usize) -> &[u8] {
    text.get(at..).unwrap_or_default()
}

/// `text[start..end]`, cut where `text` ends; empty when the range is none.
#[inline]
pub(crate) fn range(text: &[u8], start: usize, end: usize) -> &[u8] {
    text.get(start..end.min(text.len())).unwrap_or_default()
}

/// The byte at `at`, or NUL past the end, as after a string of C.
#[inline]
pub(crate) fn at(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// Where `byte` stands first at or after `start`.
#[inline]
pub(crate) fn find(text: &[u8], start: usize, byte: u8) -> Option<usize> {
    memchr::memchr(byte, from(text, start)).map(|found| start + found)
}

/// Where `first` directly followed by `second` stands first at or after `start`.
pub(crate) fn find_pair(text: &[u8], start: usize, first: u8, second: u8) -> Option<usize> {
    memchr::memmem::find(from(text, start), &[first, second]).map(|found| start + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_searches() {
        let set = ByteSet::new(b"ab\0\xff");
        assert!(set.has(0) && set.has(0xff) && set.has(b'a') && !set.has(b'c'));
        assert_eq!(set.span(b"abba!a"), 4);
        assert_eq!(set.span(b""), 0);
        assert_eq!(set.span_outside(b"xyz"), 3);
        assert_eq!(find(b"a.b.", 2, b'.'), Some(3));
        assert_eq!(find(b"a.b.", 9, b'.'), None);
        assert_eq!(find_pair(b"*/*/", 1, b'*', b'/'), Some(2));
        assert_eq!(find_pair(b"*", 0, b'*', b'/'), None);
        assert_eq!(range(b"abc", 1, 9), b"bc");
        assert_eq!(range(b"abc", 3, 2), b"");
        assert_eq!(at(b"abc", 3), 0);
    }
}
