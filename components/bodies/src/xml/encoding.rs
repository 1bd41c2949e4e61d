//! The encodings of documents: UTF-8 and its subsets as they are, UTF-16 and ISO 8859-1 recoded.

use std::borrow::Cow;

/// The document as UTF-8, and whether its encoding is known. Bytes of an unknown encoding stay.
pub(super) fn to_utf8(input: &[u8]) -> (Cow<'_, [u8]>, bool) {
    match input {
        [0xef, 0xbb, 0xbf, text @ ..] => (Cow::Borrowed(text), true),
        [0xff, 0xfe, text @ ..] => (utf16(text, u16::from_le_bytes), true),
        [0xfe, 0xff, text @ ..] => (utf16(text, u16::from_be_bytes), true),
        [b'<', 0, ..] => (utf16(input, u16::from_le_bytes), true),
        [0, b'<', ..] => (utf16(input, u16::from_be_bytes), true),
        _ => match declared(input).to_ascii_lowercase().as_slice() {
            b"" | b"utf-8" | b"utf8" | b"us-ascii" | b"ascii" => (Cow::Borrowed(input), true),
            b"iso-8859-1" | b"latin1" => {
                let text: String = input.iter().copied().map(char::from).collect();
                (Cow::Owned(text.into_bytes()), true)
            }
            _ => (Cow::Borrowed(input), false),
        },
    }
}

fn utf16(input: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Cow<'_, [u8]> {
    let (pairs, _) = input.as_chunks::<2>();
    let characters = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    let text: String = characters
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Cow::Owned(text.into_bytes())
}

/// The encoding that the XML declaration names; empty where it names none.
fn declared(input: &[u8]) -> &[u8] {
    let Some(declaration) = input.strip_prefix(b"<?xml") else {
        return &[];
    };
    let window = declaration.get(..200).unwrap_or(declaration);
    let end = memchr::memmem::find(window, b"?>").unwrap_or(window.len());
    let window = window.get(..end).unwrap_or_default();
    let Some(start) = memchr::memmem::find(window, b"encoding") else {
        return &[];
    };
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let mut quoted = window.get(start..).unwrap_or_default().split(is_quote);
    quoted.nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let plain = b"<a>\xc3\xa9</a>";
        assert_eq!(to_utf8(plain), (Cow::Borrowed(&plain[..]), true));
        let text = "<a>\u{e9}\u{1f600}</a>";
        for (mark, unit) in [
            (&b"\xff\xfe"[..], u16::to_le_bytes as fn(u16) -> [u8; 2]),
            (b"\xfe\xff", u16::to_be_bytes),
            (b"", u16::to_le_bytes),
            (b"", u16::to_be_bytes),
        ] {
            let mut bytes = mark.to_vec();
            bytes.extend(text.encode_utf16().flat_map(unit));
            assert_eq!(&*to_utf8(&bytes).0, text.as_bytes());
        }
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
        assert!(to_utf8(latin).0.ends_with("<a>\u{e9}</a>".as_bytes()));
        let other = b"<?xml version='1.0' encoding=\"utf-7\"?><a/>";
        assert!(!to_utf8(other).1);
    }
}
