//! The boundary in a `Content-Type` field.

use super::{Error, Multipart};
use crate::text::{at, is_space, rest, split_once, trim_start};

const TYPE: &[u8] = b"multipart/form-data";
const NAME: &[u8] = b"boundary";
/// ModSecurity reads no longer fields, in bytes.
const FIELD_MAX: usize = 1024;

/// The boundary of a body with this `Content-Type`; faults and flags go into `found`.
///
/// A fault does not keep the boundary from being used where it can be known: origins are not as
/// strict.
pub(super) fn of(field: &[u8], found: &mut Multipart) -> Option<Vec<u8>> {
    if field.len() > FIELD_MAX {
        found.fail(Error::TypeTooLong);
        return None;
    }
    let beginning = field.get(..TYPE.len()).unwrap_or_default();
    if !beginning.eq_ignore_ascii_case(TYPE) {
        found.fail(Error::WrongType);
        return None;
    }
    let lower = field.to_ascii_lowercase();
    let parameters = count_parameters(&lower);
    if parameters > 1 {
        found.fail(Error::ManyBoundaries);
    }
    let start = if let Some(start) = memchr::memmem::find(field, NAME) {
        start
    } else {
        found.fail(if parameters > 0 {
            Error::BoundaryCase
        } else {
            Error::NoBoundary
        });
        memchr::memmem::find(&lower, NAME)?
    };
    before(field.get(TYPE.len()..start).unwrap_or_default(), found);
    let (name, value) = split_once(rest(field, start + NAME.len()), b'=');
    let Some(value) = value else {
        found.fail(Error::MalformedBoundary);
        return None;
    };
    for &byte in name {
        if is_space(byte) {
            found.flags.boundary_whitespace = true;
        } else {
            found.fail(Error::BoundaryName);
        }
    }
    if at(value, 0).is_some_and(is_space) {
        found.flags.boundary_whitespace = true;
    }
    let boundary = unquote(value, found);
    let boundary = characters(boundary, found);
    if boundary.is_empty() {
        found.fail(Error::BoundaryEmpty);
        return None;
    }
    Some(boundary.to_vec())
}

/// How often the word stands before a `=`. `lower` is in small letters.
fn count_parameters(lower: &[u8]) -> usize {
    let last = memchr::memrchr(b'=', lower).unwrap_or(0);
    memchr::memmem::find_iter(lower, NAME)
        .filter(|start| start + NAME.len() <= last)
        .count()
}

/// What stands between the media type and the parameter: one semicolon and white space.
fn before(between: &[u8], found: &mut Multipart) {
    let mut semicolon = false;
    for &byte in between {
        if byte == b';' && !semicolon {
            semicolon = true;
        } else if !is_space(byte) {
            found.fail(Error::MalformedBoundary);
        }
    }
    found.flags.missing_semicolon |= !semicolon;
}

/// The boundary without its quotes.
fn unquote<'a>(value: &'a [u8], found: &mut Multipart) -> &'a [u8] {
    match value {
        [b'"', inner @ .., b'"'] => {
            found.flags.boundary_quoted = true;
            inner
        }
        [b'"', inner @ ..] => {
            found.fail(Error::BoundaryQuote);
            split_once(inner, b'"').0
        }
        [inner @ .., b'"'] if !inner.is_empty() => {
            found.fail(Error::BoundaryQuote);
            trim_start(inner, is_space)
        }
        _ => value,
    }
}

/// The boundary up to a parameter that comes behind it, its characters checked.
fn characters<'a>(boundary: &'a [u8], found: &mut Multipart) -> &'a [u8] {
    if count_parameters(&boundary.to_ascii_lowercase()) > 0 {
        found.fail(Error::BoundaryContent);
    }
    if valid(boundary) {
        return boundary;
    }
    let (boundary, _) = split_once(boundary, b';');
    if !valid(boundary) {
        found.fail(Error::BoundaryCharacters);
    }
    boundary
}

/// Whether RFC 2046, section 5.1.1, allows all of these characters.
fn valid(boundary: &[u8]) -> bool {
    let allowed = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b' ' | b'\''
                    | b'('
                    | b')'
                    | b'+'
                    | b'_'
                    | b','
                    | b'-'
                    | b'.'
                    | b'/'
                    | b':'
                    | b'='
                    | b'?'
            )
    };
    boundary.iter().all(allowed) && boundary.last() != Some(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> (Option<String>, Multipart) {
        let mut found = Multipart::default();
        let boundary = of(field.as_bytes(), &mut found);
        let boundary = boundary.map(|text| String::from_utf8(text).expect("text"));
        (boundary, found)
    }

    #[test]
    fn a_boundary_as_it_should_be() {
        for (field, boundary) in [
            ("multipart/form-data; boundary=a-b", "a-b"),
            ("Multipart/Form-Data;boundary=x y", "x y"),
            ("multipart/form-data; boundary=b; charset=utf-8", "b"),
        ] {
            let (found, state) = read(field);
            assert_eq!(found.as_deref(), Some(boundary));
            assert_eq!(state, Multipart::default(), "{field}");
        }
    }

    #[test]
    fn strange_boundaries_are_used_and_flagged() {
        let (found, state) = read("multipart/form-data; boundary=\"b\"");
        assert_eq!(found.as_deref(), Some("b"));
        assert!(state.flags.boundary_quoted && state.error.is_none());
        let (found, state) = read("multipart/form-data boundary =b");
        assert_eq!(found.as_deref(), Some("b"));
        assert!(state.flags.missing_semicolon && state.flags.boundary_whitespace);
    }

    #[test]
    fn faulty_boundaries_are_used_and_reported() {
        for (field, boundary, error) in [
            (
                "multipart/form-data; Boundary=b",
                Some("b"),
                Error::BoundaryCase,
            ),
            (
                "multipart/form-data; a=1; boundary=b",
                Some("b"),
                Error::MalformedBoundary,
            ),
            (
                "multipart/form-data; boundary=b; boundary=c",
                Some("b"),
                Error::ManyBoundaries,
            ),
            (
                "multipart/form-data; boundaryx=b",
                Some("b"),
                Error::BoundaryName,
            ),
            (
                "multipart/form-data; boundary=\"b",
                Some("b"),
                Error::BoundaryQuote,
            ),
            (
                "multipart/form-data; boundary=b{",
                Some("b{"),
                Error::BoundaryCharacters,
            ),
            ("multipart/form-data; boundary=", None, Error::BoundaryEmpty),
            (
                "multipart/form-data; boundary",
                None,
                Error::MalformedBoundary,
            ),
            ("multipart/form-data", None, Error::NoBoundary),
            ("multipart/mixed; boundary=b", None, Error::WrongType),
        ] {
            let (found, state) = read(field);
            assert_eq!(found.as_deref(), boundary, "{field}");
            assert_eq!(state.error, Some(error), "{field}");
            assert!(state.flags.error);
        }
    }
}
