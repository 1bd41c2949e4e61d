//! JSON strings (RFC 8259, section 7) from bytes that may be anything.

/// How a text went into the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Written {
    /// Every byte of it.
    Whole,
    /// Cut at the bound, or with invalid UTF-8 replaced by U+FFFD.
    Altered,
}

/// Appends `text` between quotes, at most `bytes_max` bytes of it, cut at a character's edge.
///
/// Escaped are `"`, `\`, all control characters (C0, DEL and C1: a record may be read on a
/// terminal) and U+2028/2029 (a record may be pasted into a script). Each run of invalid UTF-8
/// becomes U+FFFD as `String::from_utf8_lossy` does.
#[inline]
pub(crate) fn string(text: &[u8], bytes_max: usize, out: &mut Vec<u8>) -> Written {
    out.push(b'"');
    let written = content(text, bytes_max, out);
    out.push(b'"');
    written
}

/// The same without the quotes.
#[inline]
pub(crate) fn content(text: &[u8], bytes_max: usize, out: &mut Vec<u8>) -> Written {
    let kept = cut(text, bytes_max);
    let cut_short = kept.len() < text.len();
    let plain = plain_prefix(kept);
    out.extend_from_slice(&kept[..plain]);
    let invalid = plain < kept.len() && escape(&kept[plain..], out);
    if cut_short || invalid {
        Written::Altered
    } else {
        Written::Whole
    }
}

/// At most `bytes_max` bytes, not ending within a character.
fn cut(text: &[u8], bytes_max: usize) -> &[u8] {
    if text.len() <= bytes_max {
        return text;
    }
    let is_continuation = |i: &usize| text[*i] & 0xc0 == 0x80;
    // A character has at most three continuation bytes; more are invalid anyway.
    let end = (bytes_max.saturating_sub(3)..=bytes_max)
        .rev()
        .find(|i| !is_continuation(i));
    &text[..end.unwrap_or(bytes_max)]
}

/// The length of the part that needs no look: printable ASCII other than `"` and `\`.
/// Eight bytes at a time, then the rest one by one.
#[inline]
fn plain_prefix(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of each byte that is below n, for bytes below 0x80 and n up to 0x80.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let (words, _) = text.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let odd = below(word, 0x20)
            | below(word ^ (ONES * 0x22), 1)
            | below(word ^ (ONES * 0x5c), 1)
            | below(word ^ (ONES * 0x7f), 1)
            | (word & HIGH);
        if odd != 0 {
            break;
        }
        at += 8;
    }
    let plain = |b: &u8| (0x20..0x7f).contains(b) && *b != b'"' && *b != b'\\';
    at + text[at..].iter().take_while(|b| plain(b)).count()
}

/// Escapes what needs it; true if there was invalid UTF-8.
#[cold]
fn escape(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut invalid = false;
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => {
                    const DIGITS: &[u8; 16] = b"0123456789abcdef";
                    out.extend_from_slice(b"\\u");
                    for shift in [12, 8, 4, 0] {
                        out.push(DIGITS[(c as usize >> shift) & 15]);
                    }
                }
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !chunk.invalid().is_empty() {
            invalid = true;
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    invalid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &[u8], bytes_max: usize) -> (String, Written) {
        let mut out = Vec::new();
        let how = string(text, bytes_max, &mut out);
        (String::from_utf8(out).unwrap(), how)
    }

    #[test]
    fn edges() {
        for (text, json) in [
            (&b""[..], r#""""#),
            (
                b"plain text, longer than eight",
                r#""plain text, longer than eight""#,
            ),
            (
                b"12345678\"\\/\n\r\t\x00\x1f\x7f",
                r#""12345678\"\\/\n\r\t\u0000\u001f\u007f""#,
            ),
            (
                "caf\u{e9} \u{9b} \u{2028} \u{1f600}".as_bytes(),
                "\"caf\u{e9} \\u009b \\u2028 \u{1f600}\"",
            ),
        ] {
            assert_eq!(written(text, 100), (json.to_owned(), Written::Whole));
        }
        assert_eq!(
            written(b"a\xff\xc3", 100),
            ("\"a\u{fffd}\u{fffd}\"".to_owned(), Written::Altered)
        );
        assert_eq!(
            written("ab\u{e9}".as_bytes(), 3),
            ("\"ab\"".to_owned(), Written::Altered)
        );
        assert_eq!(
            written("ab\u{e9}".as_bytes(), 4),
            ("\"ab\u{e9}\"".to_owned(), Written::Whole)
        );
        assert_eq!(written(b"abc", 0), ("\"\"".to_owned(), Written::Altered));
        assert_eq!(written(&[0x80; 6], 4).1, Written::Altered);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_as_their_lossy_text(
            text in proptest::collection::vec(prop_oneof![any::<u8>(), 0x20..0x7f_u8, Just(b'"')], 0..80),
        ) {
            let (json, how) = written(&text, 1_000);
            let back: String = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&back, &String::from_utf8_lossy(&text));
            prop_assert_eq!(how == Written::Whole, std::str::from_utf8(&text).is_ok());
        }

        #[test]
        fn a_cut_is_a_prefix(text in ".{0,40}", bytes_max in 0_usize..60) {
            let (json, how) = written(text.as_bytes(), bytes_max);
            let back: String = serde_json::from_str(&json).unwrap();
            prop_assert!(text.starts_with(&back) && back.len() <= bytes_max);
            prop_assert_eq!(how == Written::Whole, back == text);
            prop_assert!(back.len() + 3 >= bytes_max.min(text.len()));
        }
    }
}
