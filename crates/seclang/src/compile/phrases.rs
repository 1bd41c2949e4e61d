//! The phrases of `@pm` and `@pmFromFile`.
use crate::ast::beside;
use crate::fault::Fault;
use crate::parse::{bad_value, read, unreadable};
use crate::place::Text;

/// The phrases of `@pm`: words, in which `|41 42|` stands for bytes in hexadecimal
/// (ModSecurity reference manual, `pm`).
///
/// # Errors
/// There is none, or a `|` opens what is no list of bytes.
pub(crate) fn words(argument: &Text) -> Result<Vec<Vec<u8>>, Fault> {
    let decoded = decode(argument.as_str())
        .ok_or_else(|| bad_value(argument, "a list of phrases: bytes stand as `|41 42|`"))?;
    let phrases: Vec<Vec<u8>> = decoded
        .split(|(byte, plain)| *plain && byte.is_ascii_whitespace())
        .map(|phrase| phrase.iter().map(|(byte, _)| *byte).collect())
        .filter(|phrase: &Vec<u8>| !phrase.is_empty())
        .collect();
    if phrases.is_empty() {
        return Err(bad_value(argument, "a list of phrases"));
    }
    Ok(phrases)
}

/// Each byte, and whether it stands for itself.
fn decode(text: &str) -> Option<Vec<(u8, bool)>> {
    let mut out = Vec::new();
    for (number, part) in text.split('|').enumerate() {
        if number % 2 == 0 {
            out.extend(part.bytes().map(|byte| (byte, true)));
        } else {
            for pair in part.split_ascii_whitespace() {
                out.push((u8::from_str_radix(pair, 16).ok()?, false));
            }
        }
    }
    (text.split('|').count() % 2 == 1).then_some(out)
}

/// The phrases of the files that an argument names: a phrase a line. Lines that begin with `#`
/// and blank lines are none; white space at the ends is no part of a phrase.
///
/// # Errors
/// A file cannot be read, or there is no phrase.
pub(crate) fn files(argument: &Text) -> Result<Vec<Vec<u8>>, Fault> {
    let mut phrases = Vec::new();
    for path in beside(argument) {
        let bytes =
            read::bytes(&path).map_err(|error| unreadable(&argument.start(), &path, &error))?;
        let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        phrases.extend(
            lines
                .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
                .map(<[u8]>::to_vec),
        );
    }
    if phrases.is_empty() {
        return Err(bad_value(argument, "a list of files with phrases in them"));
    }
    Ok(phrases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::text;

    #[test]
    fn words_and_bytes() {
        let of = |source: &str| words(&text(source)).unwrap();
        assert_eq!(
            of("a  ?> b"),
            [b"a".to_vec(), b"?>".to_vec(), b"b".to_vec()]
        );
        assert_eq!(of("a|20 0d|b c"), [b"a \rb".to_vec(), b"c".to_vec()]);
        assert!(words(&text("a|20")).is_err());
        assert!(words(&text("a|zz|")).is_err());
        assert!(words(&text("")).is_err());
    }

    #[test]
    fn a_missing_file_is_a_fault() {
        let fault = files(&text("no-such.data")).unwrap_err();
        assert!(
            fault
                .to_string()
                .starts_with("t.conf:1:1: cannot read no-such.data")
        );
    }
}
