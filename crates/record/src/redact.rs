//! Queries and paths without their secrets: the one list of parameter names, and how they are
//! found.

use crate::json;

/// Parameters whose value never enters a record. Compared with the decoded name in lower case,
/// `-` and `.` as `_`; a name with brackets (`user[password]`) by each of its parts.
pub const SECRET_NAMES: &[&str] = &[
    "assertion",
    "auth",
    "authorization",
    "code",
    "code_verifier",
    "cookie",
    "hmac",
    "jsessionid",
    "jwt",
    "key",
    "otp",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "phpsessid",
    "pin",
    "pwd",
    "saml_response",
    "samlresponse",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "sig",
    "ticket",
];

/// Endings that make any name secret: `access_token`, `x-amz-signature`, `apiKey`.
pub const SECRET_ENDINGS: &[&str] = &[
    "_key",
    "apikey",
    "credential",
    "credentials",
    "key_pair_id",
    "password",
    "secret",
    "signature",
    "token",
];

/// What stands for a secret value.
pub const REDACTED: &str = "[redacted]";

/// The longest decoded name that is compared; the values of longer ones are redacted unseen.
const NAME_BYTES_MAX: usize = 64;

/// Appends a query as the content of a JSON string, secrets redacted, at most `bytes_max` bytes
/// of it. True if something was redacted, cut or replaced.
///
/// Parameters end at `&` and at `;`, as some origins read them. A value that itself holds such a
/// parameter (a return address, percent-encoded or not) or that looks like a JWT is redacted
/// whole.
pub(crate) fn query(query: &[u8], bytes_max: usize, out: &mut Vec<u8>) -> bool {
    let mut altered = false;
    let mut left = bytes_max;
    let mut rest = query;
    loop {
        let end = rest
            .iter()
            .position(|b| matches!(b, b'&' | b';'))
            .unwrap_or(rest.len());
        let parameter = &rest[..end];
        let shown = match parameter.iter().position(|&b| b == b'=') {
            Some(eq) if is_secret(&parameter[..eq]) || value_is_secret(&parameter[eq + 1..]) => {
                &parameter[..=eq]
            }
            // A lone JWT: `?eyJ...`.
            None if looks_like_jwt(parameter) => &[],
            _ => parameter,
        };
        altered |= json::content(shown, left, out) == json::Written::Altered;
        left = left.saturating_sub(shown.len());
        if shown.len() < parameter.len() {
            altered = true;
            out.extend_from_slice(REDACTED.as_bytes());
            left = left.saturating_sub(REDACTED.len());
        }
        let Some(&separator) = rest.get(end) else {
            return altered;
        };
        if left <= 1 {
            return true;
        }
        out.push(separator);
        left -= 1;
        rest = &rest[end + 1..];
    }
}

/// Appends a path as the content of a JSON string, at most `bytes_max` bytes of it, the values of
/// secret parameters (`/cart;jsessionid=...`, RFC 3986, section 3.3) redacted. True if something
/// was redacted, cut or replaced.
pub(crate) fn path(path: &[u8], bytes_max: usize, out: &mut Vec<u8>) -> bool {
    if !path.iter().any(|byte| matches!(byte, b';' | b'%')) {
        return json::content(path, bytes_max, out) == json::Written::Altered;
    }
    let mut shown = Vec::with_capacity(path.len());
    let mut redacted = false;
    for (number, segment) in path.split(|b| *b == b'/').enumerate() {
        if number > 0 {
            shown.push(b'/');
        }
        let mut rest = segment;
        while let Some((start, width)) = next_semicolon(rest) {
            shown.extend_from_slice(&rest[..start + width]);
            rest = &rest[start + width..];
            let end = next_semicolon(rest).map_or(rest.len(), |(end, _)| end);
            let parameter = &rest[..end];
            match parameter.iter().position(|&b| b == b'=') {
                Some(eq)
                    if is_secret(&parameter[..eq]) || value_is_secret(&parameter[eq + 1..]) =>
                {
                    shown.extend_from_slice(&parameter[..=eq]);
                    shown.extend_from_slice(REDACTED.as_bytes());
                    redacted = true;
                }
                _ => shown.extend_from_slice(parameter),
            }
            rest = &rest[end..];
        }
        shown.extend_from_slice(rest);
    }
    let written = json::content(&shown, bytes_max, out);
    redacted || written == json::Written::Altered
}

fn is_encoded_semicolon(three: &[u8]) -> bool {
    three.eq_ignore_ascii_case(b"%3b")
}

/// Where the next `;` is, as it is or percent-encoded, and how many bytes it has.
fn next_semicolon(text: &[u8]) -> Option<(usize, usize)> {
    (0..text.len()).find_map(|at| match &text[at..] {
        [b';', ..] => Some((at, 1)),
        [a, b, c, ..] if is_encoded_semicolon(&[*a, *b, *c]) => Some((at, 3)),
        _ => None,
    })
}

/// Whether a parameter's name (as sent, percent-encoded) is one of a secret.
fn is_secret(name: &[u8]) -> bool {
    let mut decoded = [0_u8; NAME_BYTES_MAX];
    let Some(length) = decode(name, &mut decoded) else {
        return true;
    };
    decoded[..length]
        .split(|b| matches!(b, b'[' | b']'))
        .any(part_is_secret)
}

fn part_is_secret(part: &[u8]) -> bool {
    SECRET_NAMES.iter().any(|s| s.as_bytes() == part)
        || SECRET_ENDINGS.iter().any(|s| part.ends_with(s.as_bytes()))
}

/// Decodes a name into `to`, in lower case with `-`, `.` and `+` as `_`; white space around it
/// is dropped. `None` if it does not fit.
fn decode(name: &[u8], to: &mut [u8; NAME_BYTES_MAX]) -> Option<usize> {
    let mut length = 0;
    let mut at = 0;
    while at < name.len() {
        let (byte, width) = percent(&name[at..]);
        at += width;
        let byte = match byte.to_ascii_lowercase() {
            b'-' | b'.' => b'_',
            b'+' | b'\0'..=b' ' => continue,
            b => b,
        };
        *to.get_mut(length)? = byte;
        length += 1;
    }
    Some(length)
}

/// The first byte of `text` decoded, and how many bytes it took. `text` is not empty.
fn percent(text: &[u8]) -> (u8, usize) {
    let digit = |b: u8| char::from(b).to_digit(16);
    match *text {
        [b'%', a, b, ..] => match (digit(a), digit(b)) {
            (Some(a), Some(b)) => ((a * 16 + b) as u8, 3),
            _ => (b'%', 1),
        },
        [b, ..] => (b, 1),
        [] => (0, 1),
    }
}

/// Whether a value holds a secret under another name.
fn value_is_secret(value: &[u8]) -> bool {
    if looks_like_jwt(value) {
        return true;
    }
    // `=`, `%3D` or, encoded twice, `%253D`, behind a secret name.
    value.iter().enumerate().any(|(at, &b)| {
        let is_equals = b == b'='
            || b == b'%' && {
                let tail = &value[at + 1..];
                let tail = tail.strip_prefix(b"25").unwrap_or(tail);
                tail.starts_with(b"3D") || tail.starts_with(b"3d")
            };
        is_equals && ends_with_secret(&value[..at])
    })
}

/// Whether the text before an `=` within a value ends with a secret name. Loose on purpose: what
/// stands before the name may be half of a percent sequence.
fn ends_with_secret(text: &[u8]) -> bool {
    let ends = |name: &&str| {
        text.len().checked_sub(name.len()).is_some_and(|from| {
            text[from..]
                .iter()
                .zip(name.bytes())
                .all(|(&a, b)| a.to_ascii_lowercase() == b || a == b'-' && b == b'_')
        })
    };
    SECRET_NAMES.iter().any(ends) || SECRET_ENDINGS.iter().any(ends)
}

/// `eyJ` is `{"` in base64url: the start of every JOSE header.
fn looks_like_jwt(value: &[u8]) -> bool {
    value.windows(3).any(|w| w == b"eyJ") && value.contains(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (String, bool) {
        let mut out = Vec::new();
        let altered = query(text.as_bytes(), 200, &mut out);
        (String::from_utf8(out).unwrap(), altered)
    }

    #[test]
    fn harmless_queries_stay() {
        for text in [
            "",
            "a",
            "a=1&b=2",
            "width=800&fit=cover;q=80",
            "&&=&",
            "monkey=1&tokens=2&keyword=x&zip_code=1",
            "a=%zz&%=1",
        ] {
            assert_eq!(shown(text), (text.to_owned(), false));
        }
    }

    #[test]
    fn secrets_go() {
        for (text, expected) in [
            ("token=canary&a=1", "token=[redacted]&a=1"),
            ("a=1&ACCESS_TOKEN=canary", "a=1&ACCESS_TOKEN=[redacted]"),
            ("%74oken=canary", "%74oken=[redacted]"),
            ("a=1;sig=canary;b=2", "a=1;sig=[redacted];b=2"),
            ("X-Amz-Signature=canary", "X-Amz-Signature=[redacted]"),
            (
                "apiKey=canary&api_key=canary&api-key=canary",
                "apiKey=[redacted]&api_key=[redacted]&api-key=[redacted]",
            ),
            (
                "user[password]=canary&u%5Bpwd%5D=canary",
                "user[password]=[redacted]&u%5Bpwd%5D=[redacted]",
            ),
            (
                "code=canary&key=canary&+token=canary",
                "code=[redacted]&key=[redacted]&+token=[redacted]",
            ),
            ("next=/cb?token=canary", "next=[redacted]"),
            ("next=%2Fcb%3Ftoken%3Dcanary", "next=[redacted]"),
            ("next=%252Fcb%253Ftoken%253Dcanary", "next=[redacted]"),
            ("q=eyJhbGciOiJIUzI1NiJ9.e30.canary", "q=[redacted]"),
            ("eyJhbGciOiJIUzI1NiJ9.e30.canary", "[redacted]"),
            ("token==canary", "token=[redacted]"),
        ] {
            assert_eq!(shown(text), (expected.to_owned(), true), "{text}");
        }
        let long = format!("{}=canary", "x".repeat(65));
        assert!(!shown(&long).0.contains("canary"));
    }

    #[test]
    fn parameters_of_paths_go_too() {
        for (text, expected) in [
            ("/a/b", None),
            ("/a;v=1/b;w", None),
            ("/;", None),
            ("/%3", None),
            (
                "/cart;jsessionid=canary",
                Some("/cart;jsessionid=[redacted]"),
            ),
            (
                "/a;JSESSIONID=canary;v=1/b",
                Some("/a;JSESSIONID=[redacted];v=1/b"),
            ),
            (
                "/a;v=1;token=canary/b;sid=canary",
                Some("/a;v=1;token=[redacted]/b;sid=[redacted]"),
            ),
            ("/a%3Bsid=canary/b", Some("/a%3Bsid=[redacted]/b")),
        ] {
            let mut out = Vec::new();
            let altered = path(text.as_bytes(), 200, &mut out);
            let shown = String::from_utf8(out).unwrap();
            assert_eq!(shown, expected.unwrap_or(text));
            assert_eq!(altered, expected.is_some(), "{text}");
        }
        let mut out = Vec::new();
        assert!(path(b"/a;sid=canary", 5, &mut out));
        assert_eq!(out, b"/a;si");
    }

    #[test]
    fn every_listed_name_is_redacted() {
        for name in SECRET_NAMES.iter().chain(SECRET_ENDINGS) {
            let text = format!("{}=canary", name.to_uppercase());
            assert!(!shown(&text).0.contains("canary"), "{name}");
        }
    }

    #[test]
    fn the_bound_holds() {
        let text = "a=1&".repeat(100);
        let mut out = Vec::new();
        assert!(query(text.as_bytes(), 50, &mut out));
        assert!(out.len() <= 50);
        out.clear();
        assert!(query(b"password=0123456789", 3, &mut out));
        assert_eq!(out, b"pas[redacted]");
    }
}
