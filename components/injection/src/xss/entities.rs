//! URLs that run script, behind HTML's numeric character references.

use crate::bytes;

/// The largest number of a reference; libinjection's, a slip for 0x10FFFF that is kept.
const REFERENCE_MAX: u32 = 0x10_00ff;

/// What a URL that runs script starts with: `JAVA` covers `javascript:`.
const SCRIPT_URLS: [&[u8]; 4] = [b"DATA", b"VIEW-SOURCE", b"JAVA", b"VBSCRIPT"];

/// Whether the URL `text` runs script (`is_black_url`).
pub(super) fn is_script_url(text: &[u8]) -> bool {
    // What browsers skip at the start, and every byte past ASCII: Opera skipped white space there.
    let start = text
        .iter()
        .position(|byte| matches!(byte, 33..=126))
        .unwrap_or(text.len());
    let url = bytes::from(text, start);
    SCRIPT_URLS.iter().any(|prefix| starts_with(url, prefix))
}

/// Whether `text` starts with `prefix` (in upper case), references decoded, whatever the case.
/// White space and control characters at the start, NULs and line ends do not count
/// (`htmlencode_startswith`).
fn starts_with(mut text: &[u8], mut prefix: &[u8]) -> bool {
    let mut first = true;
    while let [wanted, after @ ..] = prefix {
        let Some((character, len)) = decode(text) else {
            return false;
        };
        text = bytes::from(text, len);
        if (first && character <= 32) || character == 0 || character == 10 {
            continue;
        }
        first = false;
        // The case is folded first and the number cut to a byte afterwards.
        let upper = match character {
            0x61..=0x7a => character - 0x20,
            other => other,
        };
        if upper & 0xff != u32::from(*wanted) {
            return false;
        }
        prefix = after;
    }
    true
}

/// The first character of `text` and how many bytes it takes (`html_decode_char_at`); none at the end.
/// A reference that is none stands for its `&`.
fn decode(text: &[u8]) -> Option<(u32, usize)> {
    let first = *text.first()?;
    let none = Some((u32::from(first), 1));
    let (base, start) = match text {
        [b'&', b'#', b'x' | b'X', ..] => (16, 3),
        [b'&', b'#', ..] => (10, 2),
        _ => return none,
    };
    let mut value = 0;
    for (len, &byte) in text.iter().enumerate().skip(start) {
        let Some(digit) = char::from(byte).to_digit(base) else {
            return match (len == start, byte) {
                (true, _) => none,
                (false, b';') => Some((value, len + 1)),
                (false, _) => Some((value, len)),
            };
        };
        value = value * base + digit;
        if value > REFERENCE_MAX {
            return none;
        }
    }
    if text.len() == start {
        none
    } else {
        Some((value, text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        assert_eq!(decode(b"&#x6A;x"), Some((0x6a, 6)));
        assert_eq!(decode(b"&#106x"), Some((106, 5)));
        assert_eq!(decode(b"&#106"), Some((106, 5)));
        assert_eq!(decode(b"&#x"), Some((38, 1)));
        assert_eq!(decode(b"&#;"), Some((38, 1)));
        assert_eq!(decode(b"&amp;"), Some((38, 1)));
        assert_eq!(decode(b"&#x1000ff;"), Some((0x10_00ff, 10)));
        assert_eq!(decode(b"&#x100100;"), Some((38, 1)));
        assert_eq!(decode(b"\xff"), Some((255, 1)));
        assert_eq!(decode(b""), None);
    }

    #[test]
    fn urls() {
        for url in [
            &b"javascript:x"[..],
            b" \x01\xc2\xa0JaVa",
            b"&#x20;&#106;a\nv\0a",
            b"&#x14a;ava",
            b"data:",
            b"view-source:x",
            b"vbscript:",
        ] {
            assert!(is_script_url(url), "{}", url.escape_ascii());
        }
        for url in [
            &b"jav"[..],
            b"",
            b" ",
            b"https://x/javascript",
            b"ja va",
            b"&#x100100;",
        ] {
            assert!(!is_script_url(url), "{}", url.escape_ascii());
        }
    }
}
