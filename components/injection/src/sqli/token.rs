//! Tokens of SQL and their kinds.

/// How many bytes of a token's text are kept (`LIBINJECTION_SQLI_TOKEN_SIZE` less the ending NUL).
pub(super) const VALUE_BYTES_MAX: usize = 31;

/// What a token is. Its letter in a fingerprint is [`Kind::letter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// No token: white space.
    None = 0,
    Keyword = b'k',
    Union = b'U',
    Group = b'B',
    Expression = b'E',
    SqlType = b't',
    Function = b'f',
    Bareword = b'n',
    Number = b'1',
    Variable = b'v',
    String = b's',
    Operator = b'o',
    LogicOperator = b'&',
    Comment = b'c',
    Collate = b'A',
    LeftParenthesis = b'(',
    RightParenthesis = b')',
    LeftBrace = b'{',
    RightBrace = b'}',
    Dot = b'.',
    Comma = b',',
    Colon = b':',
    Semicolon = b';',
    /// What begins a statement of Transact-SQL.
    Tsql = b'T',
    Unknown = b'?',
    /// What cannot be read the same way by every database, and is banned.
    Evil = b'X',
    Backslash = b'\\',
}

impl Kind {
    /// Its letter in a fingerprint.
    pub(super) fn letter(self) -> u8 {
        self as u8
    }

    /// The kind of a word by its letter in `data/words.txt`.
    pub(super) const fn of_word(letter: u8) -> Option<Self> {
        Some(match letter {
            b'k' => Self::Keyword,
            b'U' => Self::Union,
            b'B' => Self::Group,
            b'E' => Self::Expression,
            b't' => Self::SqlType,
            b'f' => Self::Function,
            b'n' => Self::Bareword,
            b'1' => Self::Number,
            b'v' => Self::Variable,
            b'o' => Self::Operator,
            b'&' => Self::LogicOperator,
            b'A' => Self::Collate,
            b'T' => Self::Tsql,
            _ => return None,
        })
    }
}

/// A token. Its text lies in the value that was read, or in the table of words when folding has
/// made one word of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// The quote that opens a string; NUL where the value began inside of one.
    pub(super) open: u8,
    /// The quote that closes a string; NUL where none does.
    pub(super) close: u8,
    /// Its text, [`VALUE_BYTES_MAX`] bytes at most.
    pub(super) text: &'a [u8],
}

impl<'a> Token<'a> {
    /// What stands where no token is.
    pub(super) const EMPTY: Token<'static> = Token {
        kind: Kind::None,
        open: 0,
        close: 0,
        text: &[],
    };

    /// A token without quotes. Of `text` the first [`VALUE_BYTES_MAX`] bytes are kept.
    pub(super) fn new(kind: Kind, text: &'a [u8]) -> Self {
        Self {
            kind,
            open: 0,
            close: 0,
            text: text.get(..VALUE_BYTES_MAX).unwrap_or(text),
        }
    }

    /// The same with these quotes.
    pub(super) fn quoted(self, open: u8, close: u8) -> Self {
        Self {
            open,
            close,
            ..self
        }
    }

    /// The first byte of its text; NUL when it has none.
    pub(super) fn first(&self) -> u8 {
        self.text.first().copied().unwrap_or(0)
    }

    /// Whether its text is `word` (in upper case), whatever the case.
    pub(super) fn is(&self, word: &[u8]) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is `* / - + %`.
    pub(super) fn is_arithmetic(&self) -> bool {
        self.kind == Kind::Operator && matches!(self.text, [b'*' | b'/' | b'-' | b'+' | b'%'])
    }

    /// Whether it is `+ - ! ~ !!` or NOT.
    pub(super) fn is_unary(&self) -> bool {
        self.kind == Kind::Operator
            && match self.text {
                [b'+' | b'-' | b'!' | b'~'] | [b'!', b'!'] => true,
                [_, _, _] => self.is(b"NOT"),
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut() {
        let token = Token::new(Kind::Bareword, &[b'a'; 40]);
        assert_eq!(token.text.len(), VALUE_BYTES_MAX);
        assert_eq!(token.first(), b'a');
        assert_eq!(Token::EMPTY.first(), 0);
    }

    #[test]
    fn operators() {
        let operator = |text: &'static [u8]| Token::new(Kind::Operator, text);
        for text in [&b"+"[..], b"-", b"!", b"~", b"!!", b"nOt"] {
            assert!(operator(text).is_unary(), "{}", text.escape_ascii());
        }
        for text in [&b"*"[..], b"", b"--", b"AND", b"not "] {
            assert!(!operator(text).is_unary(), "{}", text.escape_ascii());
        }
        assert!(operator(b"%").is_arithmetic() && !operator(b"=").is_arithmetic());
        assert!(!Token::new(Kind::Bareword, b"not").is_unary());
    }
}
