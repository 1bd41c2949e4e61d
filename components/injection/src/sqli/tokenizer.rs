//! Cuts a value into tokens (`libinjection_sqli_tokenize`).

use super::token::{Kind, Token};
use super::{numbers, strings, words};
use crate::bytes::{self, ByteSet};

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The quote of the string that the value begins inside of, if it does.
    pub(super) quote: Option<u8>,
    /// As MySQL reads: `#` begins a remark and `--` only does before white space.
    pub(super) mysql: bool,
}

/// A value, how far it is read, and what was seen on the way.
#[derive(Debug)]
pub(super) struct Tokenizer<'a> {
    /// The whole value.
    pub(super) input: &'a [u8],
    /// Where the next token begins, in bytes.
    pub(super) at: usize,
    reading: Reading,
    /// How many tokens were read, remarks among them.
    pub(super) tokens: usize,
    /// Whether MySQL would read what was read so far otherwise: a `#`, or a `--` with no white
    /// space behind it.
    pub(super) differs_in_mysql: bool,
}

/// What ends a word.
static WORD_ENDS: ByteSet = ByteSet::new(b" []{}<>:\\?=@!#~+-*/&|^%(),';\t\n\x0b\x0c\r\"\xa0\0");
/// The same and what is looked at inside of a word.
static PLAIN_ENDS: ByteSet = ByteSet::new(b" []{}<>:\\?=@!#~+-*/&|^%(),';\t\n\x0b\x0c\r\"\xa0\0.`");
/// What ends the name of a variable.
static VARIABLE_ENDS: ByteSet = ByteSet::new(b" <>:\\?=@!#~+-*/&|^%(),';\t\n\x0b\x0c\r'`\"\0");

/// Whether `byte` is white space (`char_is_white`): 0xA0 is that of Latin-1, NUL that of Oracle.
pub(super) fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0xa0 | 0)
}

/// Whether a word goes on with `byte`, and nothing that is looked at inside of a word is there.
pub(super) fn is_plain(byte: u8) -> bool {
    !PLAIN_ENDS.has(byte)
}

impl<'a> Tokenizer<'a> {
    /// Begins to read `input`.
    pub(super) fn new(input: &'a [u8], reading: Reading) -> Self {
        Self {
            input,
            at: 0,
            reading,
            tokens: 0,
            differs_in_mysql: false,
        }
    }

    /// The next token; none at the end.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        if self.at == 0
            && !self.input.is_empty()
            && let Some(quote) = self.reading.quote
        {
            self.tokens += 1;
            return Some(strings::opened(self, 0, quote).quoted_open(0));
        }
        while let Some(&byte) = self.input.get(self.at) {
            if let Some(token) = self.token(byte) {
                self.tokens += 1;
                return Some(token);
            }
        }
        None
    }

    /// The token that begins with `byte`, which stands at `self.at`; none for what is passed over,
    /// such as white space.
    fn token(&mut self, byte: u8) -> Option<Token<'a>> {
        Some(match byte {
            0..=b' ' | 0x7f | 0xa0 => {
                self.at += 1;
                return None;
            }
            b'%' | b'+' | b'^' | b'~' => self.take(Kind::Operator, 1),
            b'!' | b'&' | b'*' | b':' | b'<' | b'=' | b'>' | b'|' => self.operator(byte),
            b'"' | b'\'' => strings::opened(self, self.at + 1, byte),
            b'#' => self.hash(),
            b'$' => numbers::money(self),
            b'(' => self.take(Kind::LeftParenthesis, 1),
            b')' => self.take(Kind::RightParenthesis, 1),
            b',' => self.take(Kind::Comma, 1),
            b';' => self.take(Kind::Semicolon, 1),
            b'{' => self.take(Kind::LeftBrace, 1),
            b'}' => self.take(Kind::RightBrace, 1),
            b'?' | b']' => self.take(Kind::Unknown, 1),
            b'-' => self.dash(),
            b'.' | b'0'..=b'9' => return numbers::number(self),
            b'/' => self.slash(),
            b'@' => self.variable(),
            b'B' | b'b' => numbers::bits(self),
            b'X' | b'x' => numbers::hexadecimal(self),
            b'E' | b'e' => strings::escaped(self),
            b'N' | b'n' => strings::national(self),
            b'Q' | b'q' => strings::oracle(self, 0),
            b'U' | b'u' => strings::unicode(self),
            b'[' => self.bracketed(),
            b'\\' => self.backslash(),
            b'`' => self.ticked(self.at),
            _ => self.word(),
        })
    }

    /// The byte `offset` bytes behind the token's first; NUL past the end.
    pub(super) fn peek(&self, offset: usize) -> u8 {
        bytes::at(self.input, self.at + offset)
    }

    /// How many bytes are left, the token's first among them.
    pub(super) fn left(&self) -> usize {
        self.input.len() - self.at
    }

    /// A token of the next `len` bytes, which are passed.
    pub(super) fn take(&mut self, kind: Kind, len: usize) -> Token<'a> {
        self.take_inner(kind, self.at, self.at + len, self.at + len)
    }

    /// A token of the bytes from `start` to `end`; goes on at `next`.
    pub(super) fn take_inner(
        &mut self,
        kind: Kind,
        start: usize,
        end: usize,
        next: usize,
    ) -> Token<'a> {
        self.at = next;
        Token::new(kind, bytes::range(self.input, start, end))
    }

    /// A remark to the end of the line (`parse_eol_comment`).
    fn remark(&mut self) -> Token<'a> {
        match bytes::find(self.input, self.at, b'\n') {
            Some(end) => self.take_inner(Kind::Comment, self.at, end, end + 1),
            None => self.take(Kind::Comment, self.left()),
        }
    }

    fn hash(&mut self) -> Token<'a> {
        self.differs_in_mysql = true;
        if self.reading.mysql {
            self.remark()
        } else {
            self.take(Kind::Operator, 1)
        }
    }

    /// `--` is a remark before white space and at the end; elsewhere MySQL reads two operators.
    fn dash(&mut self) -> Token<'a> {
        let doubled = self.peek(1) == b'-';
        if doubled && (self.left() == 2 || is_white(self.peek(2))) {
            self.remark()
        } else if doubled && !self.reading.mysql {
            self.differs_in_mysql = true;
            self.remark()
        } else {
            self.take(Kind::Operator, 1)
        }
    }

    /// A division or a remark. `/*!` (MySQL runs what is inside) and a remark within a remark
    /// (PostgreSQL nests them, others do not) are banned.
    fn slash(&mut self) -> Token<'a> {
        if self.peek(1) != b'*' {
            return self.take(Kind::Operator, 1);
        }
        let inside = self.at + 2;
        let end = bytes::find_pair(self.input, inside, b'*', b'/');
        // The star of the end counts: `/*/*/` is nested.
        let nested = end.is_some_and(|end| {
            memchr::memmem::find(bytes::range(self.input, inside, end + 1), b"/*").is_some()
        });
        let kind = if nested || self.peek(2) == b'!' {
            Kind::Evil
        } else {
            Kind::Comment
        };
        let end = end.map_or(self.input.len(), |end| end + 2);
        self.take_inner(kind, self.at, end, end)
    }

    /// `\N` is NULL to MySQL.
    fn backslash(&mut self) -> Token<'a> {
        if self.peek(1) == b'N' {
            self.take(Kind::Number, 2)
        } else {
            self.take(Kind::Backslash, 1)
        }
    }

    /// An operator of up to three bytes (`parse_operator2`).
    fn operator(&mut self, byte: u8) -> Token<'a> {
        let pair = bytes::range(self.input, self.at, self.at + 2);
        if pair.len() < 2 {
            return self.take(Kind::Operator, 1);
        }
        if bytes::from(self.input, self.at).starts_with(b"<=>") {
            return self.take(Kind::Operator, 3);
        }
        match words::lookup(pair) {
            Some((kind, _)) => self.take(kind, 2),
            None if byte == b':' => self.take(Kind::Colon, 1),
            None => self.take(Kind::Operator, 1),
        }
    }

    /// A name in brackets, as Transact-SQL has it.
    fn bracketed(&mut self) -> Token<'a> {
        let end = bytes::find(self.input, self.at, b']').map_or(self.input.len(), |end| end + 1);
        self.take_inner(Kind::Bareword, self.at, end, end)
    }

    /// A word (`parse_word`). A known word before a `.` or a `` ` `` ends there: `SELECT.1`.
    pub(super) fn word(&mut self) -> Token<'a> {
        let rest = bytes::from(self.input, self.at);
        let plain = PLAIN_ENDS.span_outside(rest);
        let mut len = plain;
        if matches!(bytes::at(rest, plain), b'.' | b'`') {
            len += WORD_ENDS.span_outside(bytes::from(rest, plain));
        }
        let token = Token::new(Kind::Bareword, bytes::range(rest, 0, len));
        for (offset, &byte) in token.text.iter().enumerate().skip(plain) {
            if matches!(byte, b'.' | b'`')
                && let Some((kind, _)) = words::lookup(bytes::range(token.text, 0, offset))
                && kind != Kind::Bareword
            {
                return self.take(kind, offset);
            }
        }
        self.at += len;
        if token.text.len() == len
            && let Some((kind, _)) = words::lookup(token.text)
        {
            return Token { kind, ..token };
        }
        token
    }

    /// A name in back quotes that opens at `start` (`parse_tick`).
    fn ticked(&mut self, start: usize) -> Token<'a> {
        let token = strings::opened(self, start + 1, b'`');
        let kind = match words::lookup(token.text) {
            Some((Kind::Function, _)) => Kind::Function,
            _ => Kind::Bareword,
        };
        Token { kind, ..token }
    }

    /// A variable: `@a`, `@@a`, `` @`a` ``, `@'a'`.
    fn variable(&mut self) -> Token<'a> {
        let mut start = self.at + 1;
        if bytes::at(self.input, start) == b'@' {
            start += 1;
        }
        let kind = Kind::Variable;
        match bytes::at(self.input, start) {
            b'`' => Token {
                kind,
                ..self.ticked(start)
            },
            quote @ (b'\'' | b'"') => Token {
                kind,
                ..strings::opened(self, start + 1, quote)
            },
            _ => {
                let len = VARIABLE_ENDS.span_outside(bytes::from(self.input, start));
                self.take_inner(kind, start, start + len, start + len)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSI: Reading = Reading {
        quote: None,
        mysql: false,
    };

    /// The tokens of `input`: a letter and the text of each.
    fn cut(input: &[u8], reading: Reading) -> Vec<String> {
        let mut tokenizer = Tokenizer::new(input, reading);
        std::iter::from_fn(|| tokenizer.next())
            .map(|token| {
                let letter = char::from(token.kind.letter());
                format!("{letter} {}", token.text.escape_ascii())
            })
            .collect()
    }

    #[test]
    fn words_and_operators() {
        assert_eq!(
            cut(b"select.1 foo<=>1 a:=2 :x", ANSI),
            [
                "E select", "1 .1", "n foo", "o <=>", "1 1", "n a", "o :=", "1 2", ": :", "n x"
            ]
        );
        assert_eq!(cut(b"a\x7fb \x7fc", ANSI), ["n a\\x7fb", "n c"]);
        assert_eq!(cut(b"[a b]c [d", ANSI), ["n [a b]", "n c", "n [d"]);
        assert_eq!(cut(b"1&&0 a&", ANSI), ["1 1", "& &&", "1 0", "n a", "o &"]);
        assert_eq!(cut(b"\\N\\n", ANSI), ["1 \\\\N", "\\ \\\\", "n n"]);
        assert_eq!(cut(b"", ANSI), [""; 0]);
    }

    #[test]
    fn remarks() {
        let mysql = Reading {
            quote: None,
            mysql: true,
        };
        assert_eq!(cut(b"1 -- x\n2", ANSI), ["1 1", "c -- x", "1 2"]);
        assert_eq!(cut(b"1--x", ANSI), ["1 1", "c --x"]);
        assert_eq!(cut(b"1--x", mysql), ["1 1", "o -", "o -", "n x"]);
        assert_eq!(cut(b"1--", mysql), ["1 1", "c --"]);
        assert_eq!(cut(b"1#x\n2", ANSI), ["1 1", "o #", "n x", "1 2"]);
        assert_eq!(cut(b"1#x\n2", mysql), ["1 1", "c #x", "1 2"]);
        assert_eq!(cut(b"/*a*/b/*", ANSI), ["c /*a*/", "n b", "c /*"]);
        assert_eq!(cut(b"/*!a*/", ANSI), ["X /*!a*/"]);
        assert_eq!(cut(b"/*a/*b*/", ANSI), ["X /*a/*b*/"]);
        assert_eq!(cut(b"/*/*/", ANSI), ["X /*/*/"]);
        assert_eq!(cut(b"/*/", ANSI), ["c /*/"]);
    }

    #[test]
    fn variables_and_names() {
        assert_eq!(
            cut(b"@@version @ @`a b` @'c' `user``x`", ANSI),
            ["v version", "v ", "v a b", "v c", "n user``x"]
        );
        assert_eq!(cut(b"`sleep`(1)", ANSI), ["f sleep", "( (", "1 1", ") )"]);
    }

    #[test]
    fn inside_a_string() {
        let inside = Reading {
            quote: Some(b'\''),
            mysql: false,
        };
        assert_eq!(cut(b"a' or 1", inside), ["s a", "& or", "1 1"]);
        assert_eq!(cut(b"'", inside), ["s "]);
    }
}
