//! Zero-width assertions, decided by the kind of the byte before and by the byte after.

/// What stands before a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Before {
    /// Nothing: the value begins here. Also where no assertion will ask.
    Start,
    /// A line feed.
    Feed,
    /// A letter, a digit or an underscore.
    Word,
    /// Any other byte.
    Other,
}

impl Before {
    /// The kind of `byte`.
    pub(crate) fn of(byte: u8) -> Self {
        match byte {
            b'\n' => Self::Feed,
            _ if is_word(byte) => Self::Word,
            _ => Self::Other,
        }
    }

    /// What stands before position `at` of `value`.
    pub(crate) fn at(value: &[u8], at: usize) -> Self {
        at.checked_sub(1)
            .and_then(|at| value.get(at))
            .map_or(Self::Start, |byte| Self::of(*byte))
    }
}

/// A letter, a digit or an underscore, in ASCII.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// An assertion, as numbered in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Look {
    /// `\A`, or `^` in single-line mode.
    Start,
    /// `\z`, or `$` in single-line mode.
    End,
    /// `^` in multi-line mode.
    LineStart,
    /// `$` in multi-line mode.
    LineEnd,
    /// `\b`.
    Word,
    /// `\B`.
    NotWord,
    /// `\b{start}`.
    WordStart,
    /// `\b{end}`.
    WordEnd,
    /// `\b{start-half}`.
    WordStartHalf,
    /// `\b{end-half}`.
    WordEndHalf,
}

impl Look {
    const ALL: [Self; 10] = [
        Self::Start,
        Self::End,
        Self::LineStart,
        Self::LineEnd,
        Self::Word,
        Self::NotWord,
        Self::WordStart,
        Self::WordEnd,
        Self::WordStartHalf,
        Self::WordEndHalf,
    ];

    /// The assertion with this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// Whether the byte after has a say.
    pub(crate) fn asks_after(self) -> bool {
        !matches!(self, Self::Start | Self::LineStart | Self::WordStartHalf)
    }

    /// Whether the byte before has a say.
    pub(crate) fn asks_before(self) -> bool {
        !matches!(self, Self::End | Self::LineEnd | Self::WordEndHalf)
    }

    /// Whether it holds between `before` and `after`; no `after` is the end of the value.
    pub(crate) fn holds(self, before: Before, after: Option<u8>) -> bool {
        let word_before = before == Before::Word;
        let word_after = after.is_some_and(is_word);
        match self {
            Self::Start => before == Before::Start,
            Self::End => after.is_none(),
            Self::LineStart => matches!(before, Before::Start | Before::Feed),
            Self::LineEnd => after.is_none_or(|byte| byte == b'\n'),
            Self::Word => word_before != word_after,
            Self::NotWord => word_before == word_after,
            Self::WordStart => !word_before && word_after,
            Self::WordEnd => word_before && !word_after,
            Self::WordStartHalf => !word_before,
            Self::WordEndHalf => !word_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_variants_agree() {
        for (number, look) in Look::ALL.into_iter().enumerate() {
            assert_eq!(look as usize, number);
            assert_eq!(Look::from_number(number as u32), Some(look));
        }
        assert_eq!(Look::from_number(10), None);
    }

    #[test]
    fn word_boundaries_stand_between_word_and_other() {
        assert!(Look::Word.holds(Before::Start, Some(b'a')));
        assert!(Look::Word.holds(Before::Word, None));
        assert!(!Look::Word.holds(Before::Word, Some(b'_')));
        assert!(Look::NotWord.holds(Before::Start, None));
        assert!(Look::LineStart.holds(Before::Feed, Some(b'x')));
        assert!(!Look::Start.holds(Before::Feed, Some(b'x')));
        assert!(Look::LineEnd.holds(Before::Word, Some(b'\n')));
        assert!(!Look::End.holds(Before::Word, Some(b'\n')));
    }
}
