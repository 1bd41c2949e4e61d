//! SQL injection: the readings of a value and the fingerprint that one of them comes to.

mod fold;
mod numbers;
mod strings;
mod three;
mod token;
mod tokenizer;
mod two;
mod verdict;
mod words;

use self::fold::{TOKENS_MAX, fold};
use self::token::{Kind, Token};
use self::tokenizer::{Reading, Tokenizer, is_plain};
use std::fmt;

/// The shape of an SQL injection: a letter a token, five at most, or `X` for what is banned as such.
/// The letters are those of libinjection: `s&1c` is a string, a logical operator, a number and a
/// remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    letters: [u8; TOKENS_MAX],
    len: u8,
}

impl Fingerprint {
    /// The letters of `kinds`, as far as there is room.
    fn new(kinds: impl Iterator<Item = Kind>) -> Self {
        let mut out = Self {
            letters: [0; TOKENS_MAX],
            len: 0,
        };
        for (letter, kind) in out.letters.iter_mut().zip(kinds) {
            *letter = kind.letter();
            out.len += 1;
        }
        out
    }

    /// Its letters, ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.letters
            .get(..usize::from(self.len))
            .unwrap_or_default()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(std::str::from_utf8(self.as_bytes()).unwrap_or_default())
    }
}

/// Whether `value` is an SQL injection, and of which shape (`libinjection_sqli`; `@detectSQLi`).
#[must_use]
pub fn sqli(value: &[u8]) -> Option<Fingerprint> {
    if is_one_word(value) {
        return None;
    }
    let read = |quote, mysql| Scan::new(value, Reading { quote, mysql });
    let plain = read(None, false);
    if let found @ Some(_) = plain.verdict() {
        return found;
    }
    if plain.differs_in_mysql
        && let found @ Some(_) = read(None, true).verdict()
    {
        return found;
    }
    if memchr::memchr(b'\'', value).is_some() {
        let single = read(Some(b'\''), false);
        if let found @ Some(_) = single.verdict() {
            return found;
        }
        if single.differs_in_mysql
            && let found @ Some(_) = read(Some(b'\''), true).verdict()
        {
            return found;
        }
    }
    if memchr::memchr(b'"', value).is_some() {
        return read(Some(b'"'), true).verdict();
    }
    None
}

/// Whether `value` is one word or one whole number, or empty.
///
/// Such a value is one token and has no quote, so it has one reading and a fingerprint of one letter.
/// Of these only `X` is in the table, and no word is of that kind. (A first byte of `b`, `e`, `n`,
/// `q`, `u` or `x` begins something else only before a quote or `&`, `$` is left out, and `.`, `` ` ``,
/// quotes and what ends a word are not plain.)
fn is_one_word(value: &[u8]) -> bool {
    match value {
        [] => true,
        [b'0'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        [b'$' | 0x7f | 0..=b' ', ..] => false,
        all => all.iter().all(|&byte| is_plain(byte)),
    }
}

/// One reading of a value.
struct Scan<'a> {
    value: &'a [u8],
    tokens: [Token<'a>; 8],
    fingerprint: Fingerprint,
    /// How many tokens were read, before folding.
    read: usize,
    differs_in_mysql: bool,
}

impl<'a> Scan<'a> {
    /// Reads `value` as `reading` says (`libinjection_sqli_fingerprint`).
    fn new(value: &'a [u8], reading: Reading) -> Self {
        let mut tokenizer = Tokenizer::new(value, reading);
        let (mut tokens, len) = fold(&mut tokenizer);
        // PHP's remark: an empty name in back quotes that nothing closes.
        if len > 2
            && let Some(last) = tokens.get_mut(len - 1)
            && last.kind == Kind::Bareword
            && (last.open, last.close) == (b'`', 0)
            && last.text.is_empty()
        {
            last.kind = Kind::Comment;
        }
        let kinds = tokens.iter().take(len).map(|token| token.kind);
        let fingerprint = if kinds.clone().any(|kind| kind == Kind::Evil) {
            Fingerprint::new([Kind::Evil].into_iter())
        } else {
            Fingerprint::new(kinds)
        };
        Self {
            value,
            tokens,
            fingerprint,
            read: tokenizer.tokens,
            differs_in_mysql: tokenizer.differs_in_mysql,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(value: &[u8]) -> String {
        sqli(value).map_or_else(String::new, |found| found.to_string())
    }

    #[test]
    fn injections() {
        assert_eq!(shape(b"1' or '1'='1"), "s&sos");
        assert_eq!(shape(b"1 union select 1,2 from x"), "1UE1k");
        assert_eq!(shape(b"-1 /*!union*/ select"), "X");
        assert_eq!(shape(b"1 into outfile 'x'"), "1ks");
        assert_eq!(
            shape(b"-1 LOCK IN SHARE MODE UNION SELECT a from b"),
            "1kUEn"
        );
        assert_eq!(shape(b"admin'--"), "sc");
    }

    #[test]
    fn benign() {
        for value in [
            &b""[..],
            b"select",
            b"a-b_c.d",
            b"O'Neil",
            b"550e8400-e29b-41d4-a716-446655440000",
            b"it's a fine day",
            b"you and me",
            b"2024-01-01T00:00:00Z",
        ] {
            assert_eq!(sqli(value), None, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn the_screen_only_takes_one_token() {
        let reading = Reading {
            quote: None,
            mysql: false,
        };
        for first in 0..=255 {
            for second in 0..=255 {
                for value in [
                    vec![first],
                    vec![first, second],
                    vec![first, b'a', second, b'1'],
                ] {
                    if is_one_word(&value) {
                        let scan = Scan::new(&value, reading);
                        assert_eq!(
                            (scan.read, scan.fingerprint.len),
                            (1, 1),
                            "{}",
                            value.escape_ascii()
                        );
                        assert!(scan.verdict().is_none());
                    }
                }
            }
        }
        assert!(is_one_word(b"select") && is_one_word(b"12") && is_one_word(b"na\xc3\xafve_1"));
        assert!(!is_one_word(b"1a") && !is_one_word(b"e'") && !is_one_word(b"a.b"));
    }

    #[test]
    fn fingerprints_print_padded() {
        let found = sqli(b"admin'--").expect("an injection");
        assert_eq!(format!("{found:>4}"), "  sc");
        assert_eq!(found.as_bytes(), b"sc");
    }
}
