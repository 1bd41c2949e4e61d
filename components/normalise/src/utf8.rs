//! UTF-8 checked byte by byte, so that a path is judged while it is decoded.

/// An automaton for the well-formed sequences of Unicode 16 table 3-7: no overlong form, no
/// surrogate, nothing above U+10FFFF.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Utf8 {
    left: u8,
    low: u8,
    high: u8,
}

/// The bytes are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotUtf8;

impl Utf8 {
    pub(crate) const fn new() -> Self {
        Self {
            left: 0,
            low: 0x80,
            high: 0xBF,
        }
    }

    /// Takes the next byte.
    #[inline]
    pub(crate) fn push(&mut self, byte: u8) -> Result<(), NotUtf8> {
        if self.left == 0 {
            if byte < 0x80 {
                return Ok(());
            }
            (self.left, self.low, self.high) = match byte {
                0xC2..=0xDF => (1, 0x80, 0xBF),
                0xE0 => (2, 0xA0, 0xBF),
                0xE1..=0xEC | 0xEE..=0xEF => (2, 0x80, 0xBF),
                0xED => (2, 0x80, 0x9F),
                0xF0 => (3, 0x90, 0xBF),
                0xF1..=0xF3 => (3, 0x80, 0xBF),
                0xF4 => (3, 0x80, 0x8F),
                _ => return Err(NotUtf8),
            };
            return Ok(());
        }
        if byte < self.low || byte > self.high {
            return Err(NotUtf8);
        }
        self.left = self.left.saturating_sub(1);
        (self.low, self.high) = (0x80, 0xBF);
        Ok(())
    }

    /// No sequence is left open.
    pub(crate) fn finish(self) -> Result<(), NotUtf8> {
        if self.left == 0 { Ok(()) } else { Err(NotUtf8) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(bytes: &[u8]) -> bool {
        let mut utf8 = Utf8::new();
        bytes.iter().all(|byte| utf8.push(*byte).is_ok()) && utf8.finish().is_ok()
    }

    #[test]
    fn every_short_sequence_agrees_with_the_standard_library() {
        for first in 0..=255_u8 {
            for second in 0..=255_u8 {
                let pair = [first, second];
                assert_eq!(accepts(&pair), str::from_utf8(&pair).is_ok(), "{pair:x?}");
                let quad = [first, second, 0x80, 0xBF];
                assert_eq!(accepts(&quad), str::from_utf8(&quad).is_ok(), "{quad:x?}");
                let three = [first, second, 0xBF];
                assert_eq!(
                    accepts(&three),
                    str::from_utf8(&three).is_ok(),
                    "{three:x?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_agree_with_the_standard_library(bytes: Vec<u8>) {
            prop_assert_eq!(accepts(&bytes), str::from_utf8(&bytes).is_ok());
        }

        #[test]
        fn text_is_accepted(text: String) {
            prop_assert!(accepts(text.as_bytes()));
        }
    }
}
