//! Validators of single values.

/// Whether a byte occurs whose bit is not set in `allowed`.
pub(super) fn has_byte_outside(value: &[u8], allowed: &[u64; 4]) -> bool {
    let [a, b, c, d] = *allowed;
    if a & b & c & d == u64::MAX {
        return false;
    }
    value.iter().any(|byte| {
        let word = match byte >> 6 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        word >> (byte & 63) & 1 == 0
    })
}

/// Whether a `%` is not followed by two hexadecimal digits.
pub(super) fn has_broken_escape(value: &[u8]) -> bool {
    memchr::memchr_iter(b'%', value).any(|at| {
        !value
            .get(at + 1..at + 3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Whether the digits of a text satisfy Luhn's formula (ISO/IEC 7812-1, annex B). Other characters
/// do not count.
pub(super) fn is_card_number(text: &[u8]) -> bool {
    let digits = text.iter().rev().filter(|byte| byte.is_ascii_digit());
    let mut count = 0;
    let mut sum = 0_u32;
    for (at, digit) in digits.enumerate() {
        let digit = u32::from(digit - b'0');
        sum += match (at % 2, digit) {
            (0, _) => digit,
            (_, 9) => 9,
            _ => digit * 2 % 9,
        };
        count += 1;
    }
    count > 0 && sum.is_multiple_of(10)
}

/// Whether a value is made of letters alone or of digits alone. libinjection reads it as a single
/// token in every context that it tries, and takes no single token of these kinds for an attack.
pub(super) fn is_plain_word(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_alphabetic) || value.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_ranges() {
        let mut allowed = [u64::MAX; 4];
        assert!(!has_byte_outside(b"\0", &allowed));
        allowed[0] &= !1;
        assert!(has_byte_outside(b"a\0b", &allowed));
        assert!(!has_byte_outside(b"a\xffb", &allowed));
    }

    #[test]
    fn escapes() {
        assert!(!has_broken_escape(b"a%20b%fF"));
        for broken in ["%", "%2", "a%zz", "%25%g0"] {
            assert!(has_broken_escape(broken.as_bytes()), "{broken}");
        }
    }

    #[test]
    fn plain_words_are_no_attacks() {
        for word in [
            "select", "UNION", "and", "or", "x", "sleep", "null", "1", "007", "",
        ] {
            assert!(is_plain_word(word.as_bytes()));
            assert!(
                lockgate_injection::sqli(word.as_bytes()).is_none(),
                "{word}"
            );
            assert!(!lockgate_injection::xss(word.as_bytes()), "{word}");
        }
        assert!(!is_plain_word(b"1or") && !is_plain_word(b"a b"));
    }

    #[test]
    fn card_numbers() {
        assert!(is_card_number(b"4111 1111 1111 1111"));
        assert!(!is_card_number(b"4111 1111 1111 1112"));
        assert!(is_card_number(b"79927398713"));
        assert!(!is_card_number(b"none"));
    }
}
