//! The `Cookie` header field (RFC 6265, section 4.2), as lenient as ModSecurity reads it.

use crate::Limits;
use crate::text::{is_space, split_once, trim_end, trim_start};

/// What stopped the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are more cookies than [`Limits::items_max`]; those before were handed over.
    #[error("more cookies than the limit allows")]
    TooManyCookies,
}

/// Hands every cookie's name and value to `each`, in order. Nothing is decoded.
///
/// As ModSecurity: cookies end at `;`, the name ends at the first `=`, white space in front of a
/// name is dropped, that behind the last value too; what has no name is none.
///
/// # Errors
///
/// [`Error::TooManyCookies`].
pub fn parse(
    field: &[u8],
    limits: &Limits,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<(), Error> {
    let mut count = 0;
    let mut left = Some(field);
    while let Some(field) = left {
        let (cookie, behind) = split_once(field, b';');
        // Nothing comes behind a semicolon at the end: the last cookie is the one before it.
        left = behind.filter(|behind| !behind.is_empty());
        let cookie = if left.is_none() {
            trim_end(cookie, is_space)
        } else {
            cookie
        };
        let (name, value) = split_once(cookie, b'=');
        let name = trim_start(name, is_space);
        if name.is_empty() {
            continue;
        }
        if count >= limits.items_max {
            return Err(Error::TooManyCookies);
        }
        count += 1;
        each(name, value.unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(field: &str) -> Vec<String> {
        let mut found = Vec::new();
        parse(field.as_bytes(), &Limits::default(), |name, value| {
            let text = [name, b"|", value].concat();
            found.push(String::from_utf8(text).expect("text"));
        })
        .expect("few cookies");
        found
    }

    #[test]
    fn cookies_as_modsecurity_reads_them() {
        assert_eq!(cookies("a=1; b=2"), ["a|1", "b|2"]);
        assert_eq!(
            cookies("a=b=c;;x; =y;d= e ;f=g \t"),
            ["a|b=c", "x|", "d| e ", "f|g"]
        );
        assert_eq!(cookies("a=1 ;"), ["a|1"]);
        assert!(cookies("").is_empty());
    }

    #[test]
    fn the_number_of_cookies_is_bounded() {
        let many = b"a=1;".repeat(20_000);
        let answer = parse(&many, &Limits::default(), |_, _| ());
        assert_eq!(answer, Err(Error::TooManyCookies));
    }
}
