//! Number literals, and what begins like one.

use super::strings;
use super::token::{Kind, Token};
use super::tokenizer::{Tokenizer, is_white};
use crate::bytes::{self, ByteSet};

// NUL belongs to each set: libinjection asks `strchr`, which finds the end of the set as well.
static BITS: ByteSet = ByteSet::new(b"01\0");
static HEXADECIMAL: ByteSet = ByteSet::new(b"0123456789ABCDEFabcdef\0");
static AMOUNT: ByteSet = ByteSet::new(b"0123456789.,\0");
static LETTERS: ByteSet = ByteSet::new(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\0");

/// `b'01'`, or a word.
pub(super) fn bits<'a>(tokenizer: &mut Tokenizer<'a>) -> Token<'a> {
    quoted(tokenizer, &BITS)
}

/// `x'1f'`, or a word.
pub(super) fn hexadecimal<'a>(tokenizer: &mut Tokenizer<'a>) -> Token<'a> {
    quoted(tokenizer, &HEXADECIMAL)
}

fn quoted<'a>(tokenizer: &mut Tokenizer<'a>, digits: &ByteSet) -> Token<'a> {
    if tokenizer.left() > 2 && tokenizer.peek(1) == b'\'' {
        let len = digits.span(bytes::from(tokenizer.input, tokenizer.at + 2));
        if tokenizer.peek(2 + len) == b'\'' {
            return tokenizer.take(Kind::Number, len + 3);
        }
    }
    tokenizer.word()
}

/// An amount of money (`$1,000.00`), a string in dollars, or a word (`parse_money`).
pub(super) fn money<'a>(tokenizer: &mut Tokenizer<'a>) -> Token<'a> {
    let rest = bytes::from(tokenizer.input, tokenizer.at + 1);
    if rest.is_empty() {
        return tokenizer.take(Kind::Bareword, 1);
    }
    match AMOUNT.span(rest) {
        0 if tokenizer.peek(1) == b'$' => strings::dollar(tokenizer, 2),
        0 => match LETTERS.span(rest) {
            0 => tokenizer.take(Kind::Bareword, 1),
            len if rest.get(len) == Some(&b'$') => strings::dollar(tokenizer, len + 2),
            _ => tokenizer.take(Kind::Bareword, 1),
        },
        1 if tokenizer.peek(1) == b'.' => tokenizer.word(),
        len => tokenizer.take(Kind::Number, 1 + len),
    }
}

/// A number, or a dot (`parse_number`). No token for `1.e`, `2E+`: MySQL reads past an exponent
/// without digits as if nothing stood there.
pub(super) fn number<'a>(tokenizer: &mut Tokenizer<'a>) -> Option<Token<'a>> {
    if tokenizer.peek(0) == b'0' {
        let digits = match tokenizer.peek(1) {
            b'x' | b'X' => Some(&HEXADECIMAL),
            b'b' | b'B' => Some(&BITS),
            _ => None,
        };
        if let Some(digits) = digits {
            let len = digits.span(bytes::from(tokenizer.input, tokenizer.at + 2));
            let kind = if len == 0 {
                Kind::Bareword
            } else {
                Kind::Number
            };
            return Some(tokenizer.take(kind, 2 + len));
        }
    }
    let mut len = decimals(tokenizer, 0);
    if tokenizer.peek(len) == b'.' {
        len = decimals(tokenizer, len + 1);
        if len == 1 {
            return Some(tokenizer.take(Kind::Dot, 1));
        }
    }
    let mut ignored = false;
    if matches!(tokenizer.peek(len), b'e' | b'E') {
        len += 1;
        if matches!(tokenizer.peek(len), b'+' | b'-') {
            len += 1;
        }
        let end = decimals(tokenizer, len);
        ignored = end == len;
        len = end;
    }
    // Oracle's ending for floats, where it ends the word; `1fUNION` reads as `1f UNION`.
    if matches!(tokenizer.peek(len), b'd' | b'D' | b'f' | b'F')
        && (len + 1 == tokenizer.left()
            || is_white(tokenizer.peek(len + 1))
            || matches!(tokenizer.peek(len + 1), b';' | b'u' | b'U'))
    {
        len += 1;
    }
    let token = tokenizer.take(Kind::Number, len);
    (!ignored).then_some(token)
}

/// Where the decimal digits that begin `offset` bytes on end, as an offset too.
fn decimals(tokenizer: &Tokenizer<'_>, offset: usize) -> usize {
    let rest = bytes::from(tokenizer.input, tokenizer.at + offset);
    offset + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::super::tokenizer::{Reading, Tokenizer};

    /// Letters, texts and ends of the first tokens.
    fn check(input: &[u8], tokens: &[(u8, &[u8])]) {
        let reading = Reading {
            quote: None,
            mysql: false,
        };
        let mut tokenizer = Tokenizer::new(input, reading);
        for &(letter, text) in tokens {
            let token = tokenizer.next().expect("a token");
            assert_eq!(
                (token.kind.letter(), token.text),
                (letter, text),
                "{}",
                input.escape_ascii()
            );
        }
        assert_eq!(tokenizer.next(), None);
    }

    #[test]
    fn numbers() {
        check(b"12.5e+3", &[(b'1', b"12.5e+3")]);
        check(b"1.e", &[]);
        check(b"1.ef", &[]);
        check(b"9.e.a", &[(b'.', b"."), (b'n', b"a")]);
        check(b"2E-x", &[(b'n', b"x")]);
        check(b".", &[(b'.', b".")]);
        check(b".5", &[(b'1', b".5")]);
        check(b"1.", &[(b'1', b"1.")]);
        check(b"1funion", &[(b'1', b"1f"), (b'U', b"union")]);
        check(b"1from", &[(b'1', b"1"), (b'k', b"from")]);
        check(b"1d;", &[(b'1', b"1d"), (b';', b";")]);
        check(b"1f", &[(b'1', b"1f")]);
        check(b"0x1Fg", &[(b'1', b"0x1F"), (b'n', b"g")]);
        check(b"0xg", &[(b'n', b"0x"), (b'n', b"g")]);
        check(b"0b12", &[(b'1', b"0b1"), (b'1', b"2")]);
    }

    #[test]
    fn nul_is_a_digit_of_quoted_ones() {
        check(b"b'01'", &[(b'1', b"b'01'")]);
        check(b"x'1f\0'", &[(b'1', b"x'1f\0'")]);
        check(b"b'2'", &[(b'n', b"b"), (b's', b"2")]);
        check(b"0x\0", &[(b'1', b"0x\0")]);
    }

    #[test]
    fn money() {
        check(b"$1,000.00", &[(b'1', b"$1,000.00")]);
        check(b"$", &[(b'n', b"$")]);
        check(b"$.", &[(b'n', b"$.")]);
        check(b"$a b", &[(b'n', b"$"), (b'n', b"a"), (b'n', b"b")]);
        check(b"$-", &[(b'n', b"$"), (b'o', b"-")]);
    }
}
