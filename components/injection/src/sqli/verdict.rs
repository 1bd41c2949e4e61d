//! What a fingerprint means: injection or not (`libinjection_sqli_check_fingerprint`).

use super::token::{Kind, Token};
use super::{Fingerprint, Scan, words};
use crate::bytes;

impl Scan<'_> {
    /// The fingerprint, if it is that of an injection.
    pub(super) fn verdict(&self) -> Option<Fingerprint> {
        let letters = self.fingerprint.as_bytes();
        (words::is_fingerprint(letters) && self.is_injection(letters)).then_some(self.fingerprint)
    }

    /// Tells injections from benign values of the same shape (`libinjection_sqli_not_whitelist`).
    fn is_injection(&self, letters: &[u8]) -> bool {
        // Old audit logs of SQL Server left out what mentions it.
        if matches!(letters, [_, .., b'c'])
            && memchr::memmem::find(self.value, b"sp_password").is_some()
        {
            return true;
        }
        let [first, second, third, ..] = self.tokens;
        match letters {
            [_, b'U'] => self.read != 2,
            [_, _] => self.is_injection_of_two(&first, &second),
            b"sos" | b"s&s" => first.open == 0 && third.close == 0 && first.close == third.open,
            b"s&n" | b"n&1" | b"1&1" | b"1&v" | b"1&s" => self.read != 3,
            [_, b'k', _] => second.text.get(..5).is_some_and(|start| {
                start
                    .get(..4)
                    .is_some_and(|into| into.eq_ignore_ascii_case(b"INTO"))
            }),
            _ => true,
        }
    }

    /// Very small injections are hard to tell from plain text.
    fn is_injection_of_two(&self, first: &Token<'_>, second: &Token<'_>) -> bool {
        if second.first() == b'#' {
            return false;
        }
        let remark = second.kind == Kind::Comment;
        if remark && first.kind == Kind::Bareword && second.first() != b'/' {
            return false;
        }
        if remark && first.kind == Kind::Number {
            if second.first() == b'/' || self.read > 2 {
                return true;
            }
            // `1234-ABCDEF--` is no injection and `1234--` is: what follows the number decides.
            // It is looked for in the value, as if the number began there. A `char` is signed
            // there, so bytes past ASCII count as below the blank.
            let at = first.text.len();
            let next = bytes::at(self.value, at);
            let then = bytes::at(self.value, at + 1);
            return !matches!(next, 33..=127)
                || matches!((next, then), (b'/', b'*') | (b'-', b'-'));
        }
        // Many people write `--` in plain text: only at the end it counts.
        !(second.text.len() > 2 && second.first() == b'-')
    }
}

#[cfg(test)]
mod tests {
    use crate::sqli;

    fn check(value: &[u8], shape: &str) {
        let found = sqli(value).map_or_else(String::new, |found| found.to_string());
        assert_eq!(found, shape, "{}", value.escape_ascii());
    }

    #[test]
    fn two_tokens() {
        check(b"1 union", "");
        check(b"1 -- union", "1c");
        check(b"1/**/union", "1U");
        check(b"1--", "1c");
        check(b"1 -- foo", "1c");
        check(b"1234-ABCDEFEhfhihwuefi--", "1c");
        check(b"1234ABC--", "");
        check(b"foo --", "");
        check(b"foo/*", "nc");
        check(b"1#", "");
        check(b"a'-- foo", "");
        check(b"a'--sp_password", "sc");
    }

    #[test]
    fn three_tokens() {
        check(b"foo' + 'bar", "sos");
        check(b"'foo' + 'bar'", "");
        check(b"sexy and 17", "");
        check(b"17 and 17", "");
        check(b"17 and 17<18", "1&1");
    }
}
