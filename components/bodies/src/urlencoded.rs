//! `application/x-www-form-urlencoded`, in bodies and in query strings.

use crate::Limits;
use crate::text::{at, hex, rest, split_once, trim_end};

/// What stopped the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are more arguments than [`Limits::items_max`]; those before were handed over.
    #[error("more arguments than the limit allows")]
    TooManyArguments,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many arguments there are.
    pub arguments: usize,
    /// A `%` without two hexadecimal digits after it occurs: ModSecurity's `URLENCODED_ERROR`.
    pub invalid_escape: bool,
}

/// Hands every argument's decoded name and value to `each`, in order.
///
/// As ModSecurity: arguments end at `&`, the name ends at the first `=`, `+` is a space, an escape
/// that is none stays, an argument may be empty, and nothing comes behind an `&` at the end.
///
/// # Errors
///
/// [`Error::TooManyArguments`].
pub fn parse(
    input: &[u8],
    limits: &Limits,
    each: impl FnMut(&[u8], &[u8]),
) -> Result<Report, Error> {
    parse_separated(input, b'&', limits, each)
}

/// As [`parse`], with another separator (`SecArgumentSeparator`).
///
/// # Errors
///
/// [`Error::TooManyArguments`].
pub fn parse_separated(
    input: &[u8],
    separator: u8,
    limits: &Limits,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut name_room = Vec::new();
    let mut value_room = Vec::new();
    let mut left = (!input.is_empty()).then_some(input);
    while let Some(input) = left {
        let (argument, behind) = split_once(input, separator);
        left = behind.filter(|behind| !behind.is_empty());
        if report.arguments >= limits.items_max {
            return Err(Error::TooManyArguments);
        }
        report.arguments += 1;
        let (name, value) = split_once(argument, b'=');
        let name = decode(name, &mut name_room, &mut report.invalid_escape);
        let value = decode(
            value.unwrap_or_default(),
            &mut value_room,
            &mut report.invalid_escape,
        );
        each(name, value);
    }
    Ok(report)
}

/// `text` with its escapes decoded, in `room` where it has any.
fn decode<'a>(text: &'a [u8], room: &'a mut Vec<u8>, invalid: &mut bool) -> &'a [u8] {
    let Some(first) = memchr::memchr2(b'%', b'+', text) else {
        return text;
    };
    room.clear();
    room.extend_from_slice(text.get(..first).unwrap_or_default());
    let mut i = first;
    while let Some(byte) = at(text, i) {
        i += 1;
        match byte {
            b'+' => room.push(b' '),
            b'%' => {
                let digit = |index| at(text, index).and_then(hex);
                if let (Some(high), Some(low)) = (digit(i), digit(i + 1)) {
                    room.push(high << 4 | low);
                    i += 2;
                } else {
                    room.push(b'%');
                    *invalid = true;
                }
            }
            _ => {
                let tail = rest(text, i - 1);
                let plain = memchr::memchr2(b'%', b'+', tail).unwrap_or(tail.len());
                room.extend_from_slice(tail.get(..plain).unwrap_or_default());
                i += plain - 1;
            }
        }
    }
    room
}

/// `path` with its `%hh` decoded; a `+` stays (`REQUEST_FILENAME`, RFC 3986 section 2.1).
#[must_use]
pub fn decode_path(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut i = 0;
    while let Some(byte) = at(path, i) {
        let digit = |index| at(path, index).and_then(hex);
        if let (b'%', Some(high), Some(low)) = (byte, digit(i + 1), digit(i + 2)) {
            out.push(high << 4 | low);
            i += 3;
        } else {
            out.push(byte);
            i += 1;
        }
    }
    out
}

/// The path and the query string of a request target, as ModSecurity divides it: the fragment is
/// dropped, and the query is what comes behind the first `?`.
#[must_use]
pub fn split_target(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let (target, _) = split_once(target, b'#');
    split_once(target, b'?')
}

/// The last segment of a decoded path: `REQUEST_BASENAME`. Empty where the path ends in a slash.
#[must_use]
pub fn base_name(path: &[u8]) -> &[u8] {
    let directory = trim_end(path, |byte| !matches!(byte, b'/' | b'\\'));
    rest(path, directory.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(input: &[u8]) -> (Vec<(String, String)>, Report) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut found = Vec::new();
        let report = parse(input, &Limits::default(), |name, value| {
            found.push((text(name), text(value)));
        });
        (found, report.expect("few arguments"))
    }

    #[test]
    fn arguments_are_split_and_decoded() {
        let (found, report) = arguments(b"a=1&b%20c=d+e%3D&x&&=v&y=1=2");
        let expected = [
            ("a", "1"),
            ("b c", "d e="),
            ("x", ""),
            ("", ""),
            ("", "v"),
            ("y", "1=2"),
        ];
        let found: Vec<_> = found
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(found, expected);
        assert!(!report.invalid_escape);
        assert!(arguments(b"").0.is_empty());
        assert_eq!(arguments(b"a=1&").0.len(), 1);
    }

    #[test]
    fn an_escape_that_is_none_stays_and_is_reported() {
        for text in ["a=%zz", "a=%", "a=%4", "%=1"] {
            let (found, report) = arguments(text.as_bytes());
            assert!(report.invalid_escape, "{text}");
            let (name, value) = &found[0];
            assert_eq!(format!("{name}={value}"), text);
        }
    }

    #[test]
    fn the_number_of_arguments_is_bounded() {
        let many = b"a=1&".repeat(20_000);
        let mut seen = 0;
        let limits = Limits::default();
        let answer = parse(&many, &limits, |_, _| seen += 1);
        assert_eq!(answer, Err(Error::TooManyArguments));
        assert_eq!(seen, limits.items_max);
    }

    #[test]
    fn a_target_has_a_path_and_a_query() {
        assert_eq!(split_target(b"/a?b?c#d"), (&b"/a"[..], Some(&b"b?c"[..])));
        assert_eq!(split_target(b"/a"), (&b"/a"[..], None));
        assert_eq!(decode_path(b"/a%2fb+c%2"), b"/a/b+c%2");
        assert_eq!(base_name(b"/x/y.php"), b"y.php");
        assert_eq!(base_name(b"/x\\z"), b"z");
        assert_eq!(base_name(b"/x/"), b"");
    }
}
