//! String literals of the SQL dialects.

use super::token::{Kind, Token};
use super::tokenizer::Tokenizer;
use crate::bytes;

impl Token<'_> {
    /// The same with another opening quote.
    pub(super) fn quoted_open(self, open: u8) -> Self {
        Self { open, ..self }
    }
}

/// A string whose text begins at `start` and goes on to `quote` (`parse_string_core`). A quote
/// behind an odd number of backslashes and a doubled one belong to the text.
pub(super) fn opened<'a>(tokenizer: &mut Tokenizer<'a>, start: usize, quote: u8) -> Token<'a> {
    let input = tokenizer.input;
    let mut found = bytes::find(input, start, quote);
    while let Some(end) = found {
        let text = bytes::range(input, start, end);
        let backslashes = text.iter().rev().take_while(|&&byte| byte == b'\\').count();
        if backslashes % 2 == 1 {
            found = bytes::find(input, end + 1, quote);
        } else if input.get(end + 1) == Some(&quote) {
            found = bytes::find(input, end + 2, quote);
        } else {
            return tokenizer
                .take_inner(Kind::String, start, end, end + 1)
                .quoted(quote, quote);
        }
    }
    let end = input.len();
    tokenizer
        .take_inner(Kind::String, start, end, end)
        .quoted(quote, 0)
}

/// `e'...'` (PostgreSQL) and `n'...'` (MySQL), or a word (`parse_estring`).
pub(super) fn escaped<'a>(tokenizer: &mut Tokenizer<'a>) -> Token<'a> {
    if tokenizer.left() > 2 && tokenizer.peek(1) == b'\'' {
        opened(tokenizer, tokenizer.at + 2, b'\'')
    } else {
        tokenizer.word()
    }
}

/// `u&'...'`, or a word (`parse_ustring`).
pub(super) fn unicode<'a>(tokenizer: &mut Tokenizer<'a>) -> Token<'a> {
    if tokenizer.left() > 2 && tokenizer.peek(1) == b'&' && tokenizer.peek(2) == b'\'' {
        let token = opened(tokenizer, tokenizer.at + 3, b'\'');
        let close = if token.close == 0 { 0 } else { b'u' };
        token.quoted(b'u', close)
    } else {
        tokenizer.word()
    }
}

/// `n'...'`, or `nq'(...)'` of Oracle, or a word (`parse_nqstring`).
pub(super) fn national<'a>(tokenizer: &mut Tokenizer<'a>) -> Token<'a> {
    if tokenizer.left() > 2 && tokenizer.peek(1) == b'\'' {
        escaped(tokenizer)
    } else {
        oracle(tokenizer, 1)
    }
}

/// `q'(...)'` of Oracle, its `q` `offset` bytes on, or a word (`parse_qstring_core`).
pub(super) fn oracle<'a>(tokenizer: &mut Tokenizer<'a>, offset: usize) -> Token<'a> {
    let (letter, quote, delimiter) = (
        tokenizer.peek(offset),
        tokenizer.peek(offset + 1),
        tokenizer.peek(offset + 2),
    );
    // A `char` is signed there, so bytes past ASCII count as below the blank too.
    if !matches!(letter, b'q' | b'Q') || quote != b'\'' || !matches!(delimiter, 33..=127) {
        return tokenizer.word();
    }
    let close = match delimiter {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        other => other,
    };
    let start = tokenizer.at + offset + 3;
    match bytes::find_pair(tokenizer.input, start, close, b'\'') {
        Some(end) => tokenizer
            .take_inner(Kind::String, start, end, end + 2)
            .quoted(b'q', b'q'),
        None => {
            let end = tokenizer.input.len();
            tokenizer
                .take_inner(Kind::String, start, end, end)
                .quoted(b'q', 0)
        }
    }
}

/// `$$...$$` and `$tag$...$tag$` of PostgreSQL: the mark (with its dollars) has `mark` bytes.
pub(super) fn dollar<'a>(tokenizer: &mut Tokenizer<'a>, mark: usize) -> Token<'a> {
    let input = tokenizer.input;
    let start = tokenizer.at + mark;
    let needle = bytes::range(input, tokenizer.at, start);
    match memchr::memmem::find(bytes::from(input, start), needle) {
        Some(len) => tokenizer
            .take_inner(Kind::String, start, start + len, start + len + mark)
            .quoted(b'$', b'$'),
        None => tokenizer
            .take_inner(Kind::String, start, input.len(), input.len())
            .quoted(b'$', 0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokenizer::Reading;
    use super::*;

    /// The first token of `input` and where it ends.
    fn first(input: &[u8]) -> (Token<'_>, usize) {
        let reading = Reading {
            quote: None,
            mysql: false,
        };
        let mut tokenizer = Tokenizer::new(input, reading);
        let token = tokenizer.next().expect("a token");
        (token, tokenizer.at)
    }

    fn check(input: &[u8], text: &[u8], quotes: [u8; 2], end: usize) {
        let expected = Token::new(Kind::String, text).quoted(quotes[0], quotes[1]);
        assert_eq!(first(input), (expected, end), "{}", input.escape_ascii());
    }

    #[test]
    fn quotes_and_escapes() {
        check(b"'a'b", b"a", *b"''", 3);
        check(b"'a", b"a", *b"'\0", 2);
        check(b"'a''b'", b"a''b", *b"''", 6);
        check(b"'a\\'b'", b"a\\'b", *b"''", 6);
        check(b"'a\\\\'b'", b"a\\\\", *b"''", 5);
        check(b"\"a'b\"", b"a'b", *b"\"\"", 5);
        check(b"'a\\''", b"a\\'", *b"''", 5);
        check(b"'", b"", *b"'\0", 1);
    }

    #[test]
    fn prefixed() {
        check(b"e'a'", b"a", *b"''", 4);
        check(b"N'a'", b"a", *b"''", 4);
        check(b"u&'a'", b"a", *b"uu", 5);
        check(b"u&'a", b"a", *b"u\0", 4);
        check(b"q'(a)'b", b"a", *b"qq", 6);
        check(b"nq'!a'b!'", b"a'b", *b"qq", 9);
        check(b"q'[a", b"a", *b"q\0", 4);
        assert_eq!(first(b"q'\xe0a\xe0'").0.kind, Kind::Bareword);
        assert_eq!(first(b"e'").0, Token::new(Kind::Bareword, b"e"));
    }

    #[test]
    fn dollars() {
        check(b"$$a$$b", b"a", *b"$$", 5);
        check(b"$$a", b"a", *b"$\0", 3);
        check(b"$t$a$t$", b"a", *b"$$", 7);
        check(b"$t$a$u$", b"a$u$", *b"$\0", 7);
        check(b"$$", b"", *b"$\0", 2);
    }
}
