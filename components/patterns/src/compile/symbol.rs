//! The alphabet of filters: bytes that a filter does not tell apart are one symbol.
//!
//! Fewer symbols make conditions shorter and rows narrower (there are at most 63); what they blur, the
//! pattern's own automaton decides.

/// The symbol of `byte`: a byte that stands for all like it. Upper and lower case are one, so are digits,
/// blanks, ends of lines, and whatever is no printable ASCII.
pub(super) fn symbol(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte.to_ascii_lowercase(),
        b'0'..=b'9' => b'0',
        b' ' | b'\t' | 0x0b | 0x0c => b' ',
        b'\n' | b'\r' => b'\n',
        b'!'..=b'~' => byte,
        _ => 0,
    }
}

/// How often a symbol occurs in ordinary values: arguments, cookies, headers, names. An estimate, made once
/// by eye from the headers of browsers, form fields and query strings. It decides which condition of a
/// pattern is the rarest, never whether a pattern matches.
pub(super) fn share(symbol: u8) -> f64 {
    match symbol {
        b'e' | b'a' | b'i' | b'o' | b't' | b'n' | b's' | b'r' => 0.055,
        b'l' | b'c' | b'd' | b'm' | b'p' | b'u' => 0.03,
        b'g' | b'h' | b'b' | b'f' | b'k' | b'w' => 0.016,
        b'v' | b'y' | b'x' | b'z' | b'j' | b'q' => 0.008,
        b'0' => 0.15,
        b' ' => 0.03,
        b'.' | b'/' | b'-' => 0.02,
        b'_' | b'=' | b';' | b',' | b':' => 0.01,
        b'%' | b'+' | b'(' | b')' | b'"' => 0.004,
        b'&' | b'?' | b'@' | b'*' | b'~' => 0.002,
        0 => 0.002,
        b'\'' | b'!' | b'#' | b'\n' => 0.0006,
        _ => 0.0003,
    }
}

/// How often `literal`, of symbols, is expected in a value of 50 bytes. Symbols of words come together more
/// often than by chance.
pub(super) fn expected(literal: &[u8]) -> f64 {
    let mut product = 50.0;
    for (at, symbol) in literal.iter().enumerate() {
        let companion = match at {
            0 => 1.0,
            1 => 1.5,
            _ => 3.0,
        };
        product *= (share(*symbol) * companion).min(0.4);
    }
    product
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn shares_are_about_one_together() {
        let symbols: BTreeSet<u8> = (0..=u8::MAX).map(symbol).collect();
        assert!(symbols.len() <= 63, "{}", symbols.len());
        assert!(symbols.iter().all(|one| symbol(*one) == *one));
        let total: f64 = symbols.into_iter().map(share).sum();
        assert!((0.9..1.2).contains(&total), "{total}");
    }

    #[test]
    fn longer_and_odder_is_rarer() {
        assert!(expected(b"select") < expected(b"sel"));
        assert!(expected(b"||") < expected(b"ab"));
    }
}
