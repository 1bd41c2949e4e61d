//! The `Content-Disposition` of a part (RFC 7578, section 4.2), as ModSecurity reads it.

use super::Flags;
use crate::text::{at, is_space, rest, trim_start};

/// What a field says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Disposition {
    /// The value of `name`.
    pub(super) name: Vec<u8>,
    /// The value of `filename`.
    pub(super) file_name: Vec<u8>,
    /// The value of `filename*` behind its language, with its escapes.
    pub(super) file_name_extended: Vec<u8>,
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Reads a field: what it says up to a fault, and ModSecurity's number of the fault.
pub(super) fn read(field: &[u8], flags: &mut Flags) -> (Disposition, Result<(), i8>) {
    let mut found = Disposition::default();
    let answer = read_into(field, flags, &mut found);
    (found, answer)
}

fn read_into(field: &[u8], flags: &mut Flags, found: &mut Disposition) -> Result<(), i8> {
    let Some(mut left) = field.strip_prefix(b"form-data") else {
        return Err(-1);
    };
    left = trim_start(left, is_blank);
    left = match left.split_first() {
        None => return Ok(()),
        Some((b';', left)) => left,
        Some(_) => return Err(-2),
    };
    while !left.is_empty() {
        let (name, value) = parameter_name(left)?;
        let (value, behind, quote) = if name == b"filename*" {
            let (value, behind) = extended(value)?;
            (value.to_vec(), behind, None)
        } else {
            plain(value, flags)?
        };
        if matches!(name, b"name" | b"filename") && quote != Some(b'"') && value.contains(&b'\'') {
            flags.invalid_quoting = true;
        }
        let (place, duplicate) = match name {
            b"name" => (&mut found.name, -14),
            b"filename" => (&mut found.file_name, -15),
            b"filename*" => (&mut found.file_name_extended, -20),
            _ => return Err(-11),
        };
        if !place.is_empty() {
            return Err(duplicate);
        }
        *place = value;
        left = next(behind, flags)?;
    }
    if found.file_name.is_empty() && !found.file_name_extended.is_empty() {
        return Err(-21);
    }
    Ok(())
}

/// The name of the parameter that comes next, and what is behind its `=`.
fn parameter_name(left: &[u8]) -> Result<(&[u8], &[u8]), i8> {
    let left = trim_start(left, is_blank);
    if left.is_empty() {
        return Err(-3);
    }
    let ends = |byte: &u8| *byte == b'=' || is_blank(*byte);
    let end = left.iter().position(ends).ok_or(-4)?;
    let (name, behind) = left.split_at_checked(end).unwrap_or((left, &[]));
    let behind = trim_start(behind, is_blank);
    if behind.is_empty() {
        return Err(-5);
    }
    let value = behind.strip_prefix(b"=").ok_or(-13)?;
    let value = trim_start(value, is_blank);
    if value.is_empty() {
        return Err(-6);
    }
    Ok((name, value))
}

/// `charset'language'value` (RFC 8187): the value, and what is behind it.
fn extended(text: &[u8]) -> Result<(&[u8], &[u8]), i8> {
    let charset = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&+-^_`{}~".contains(&byte);
    let behind = trim_start(text, charset);
    if behind.len() == text.len() {
        return Err(-16);
    }
    let behind = behind.strip_prefix(b"'").ok_or(-16)?;
    let behind = trim_start(behind, |byte| byte != b'\'');
    let start = behind.strip_prefix(b"'").ok_or(-17)?;
    let mut i = 0;
    while let Some(byte) = at(start, i) {
        let hex = |index| at(start, index).is_some_and(|byte| byte.is_ascii_hexdigit());
        match byte {
            b';' => break,
            b'%' if hex(i + 1) && hex(i + 2) => i += 3,
            b'%' => return Err(-18),
            _ if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`~".contains(&byte) => i += 1,
            _ => return Err(-19),
        }
    }
    Ok(start.split_at_checked(i).unwrap_or((start, &[])))
}

/// A value, what is behind it, and the quote that it stands in.
type Plain<'a> = (Vec<u8>, &'a [u8], Option<u8>);

/// A quoted value, either kind of quote, or a token.
fn plain<'a>(text: &'a [u8], flags: &mut Flags) -> Result<Plain<'a>, i8> {
    let quote = match at(text, 0) {
        Some(quote @ (b'"' | b'\'')) => quote,
        _ => {
            let behind = trim_start(text, is_token);
            let value = text.get(..text.len() - behind.len()).unwrap_or_default();
            return Ok((value.to_vec(), behind, None));
        }
    };
    flags.invalid_quoting |= quote == b'\'';
    if text.len() == 1 {
        return Err(-7);
    }
    let mut value = Vec::new();
    let mut i = 1;
    while let Some(byte) = at(text, i) {
        i += 1;
        if byte == quote {
            return Ok((value, rest(text, i), Some(quote)));
        }
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        // Only the quote and the backslash are escaped: browsers send paths as they are.
        match at(text, i) {
            None => return Err(-8),
            Some(escaped) if escaped == quote || escaped == b'\\' => {
                value.push(escaped);
                i += 1;
            }
            Some(_) => value.push(b'\\'),
        }
    }
    Ok((value, &[], Some(quote)))
}

/// What is behind the semicolon that follows a value.
fn next<'a>(behind: &'a [u8], flags: &mut Flags) -> Result<&'a [u8], i8> {
    let left = trim_start(behind, is_blank);
    match left.split_first() {
        None => Ok(left),
        Some((b';', left)) => Ok(left),
        Some(_) => {
            // A quoted value that goes on behind its quote.
            if left.len() == behind.len() {
                flags.invalid_quoting = true;
            }
            Err(-12)
        }
    }
}

/// A character of a token (RFC 2045, section 5.1).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte) && !is_space(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(field: &str) -> (String, String, Result<(), i8>, bool) {
        let mut flags = Flags::default();
        let (found, answer) = read(field.as_bytes(), &mut flags);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let quoting = flags.invalid_quoting;
        (text(found.name), text(found.file_name), answer, quoting)
    }

    fn good(field: &str, name: &str, file_name: &str) {
        let expected = (name.to_owned(), file_name.to_owned(), Ok(()), false);
        assert_eq!(names(field), expected, "{field}");
    }

    #[test]
    fn names_and_file_names() {
        good("form-data", "", "");
        good("form-data; name=a", "a", "");
        good(
            "form-data;name = \"a b\" ;\tfilename=\"c\\\"d\\\\e\\f\"",
            "a b",
            "c\"d\\e\\f",
        );
        good("form-data; name=\"it's\"", "it's", "");
        good(
            "form-data; name=\"a\"; filename=\"b\"; filename*=utf-8'en'b%20",
            "a",
            "b",
        );
    }

    #[test]
    fn faults_have_the_numbers_of_modsecurity() {
        for (field, number) in [
            ("attachment", -1),
            ("form-data x", -2),
            ("form-data; ", -3),
            ("form-data; name", -4),
            ("form-data; name ", -5),
            ("form-data; name=", -6),
            ("form-data; name=\"", -7),
            ("form-data; name=\"a\\", -8),
            ("form-data; other=a", -11),
            ("form-data; name=\"a\"b", -12),
            ("form-data; name x=a", -13),
            ("form-data; name=a; name=b", -14),
            ("form-data; filename=a; filename=b", -15),
            ("form-data; filename*=b", -16),
            ("form-data; filename*=u'b", -17),
            ("form-data; filename*=u''%2", -18),
            ("form-data; filename*=u''(", -19),
            ("form-data; name=a; filename*=u''x", -21),
        ] {
            assert_eq!(names(field).2, Err(number), "{field}");
        }
    }

    #[test]
    fn strange_quotes_are_flagged() {
        assert!(names("form-data; name='a'").3);
        assert!(names("form-data; name=a'b").3);
        assert!(names("form-data; name=\"a\"b").3);
    }
}
