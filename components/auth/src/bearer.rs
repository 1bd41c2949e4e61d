//! The bearer token of an `Authorization` field value (RFC 6750 §2.1).

/// The token after the scheme `Bearer`, in any case (RFC 9110 §11.1).
///
/// `None` when the scheme is another one or no token follows. The token's own characters are
/// checked by [`crate::SignIn::inspect`].
#[must_use]
pub fn bearer_token(authorization: &[u8]) -> Option<&[u8]> {
    let value = authorization.trim_ascii();
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"bearer") || rest.first() != Some(&b' ') {
        return None;
    }
    let token = rest.trim_ascii();
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::bearer_token;

    #[test]
    fn only_the_bearer_scheme_gives_a_token() {
        let cases: [(&[u8], Option<&[u8]>); 9] = [
            (b"Bearer a.b.c", Some(b"a.b.c")),
            (b"bearer a.b.c", Some(b"a.b.c")),
            (b"BEARER   a.b.c ", Some(b"a.b.c")),
            (b"Basic a.b.c", None),
            (b"Bearera.b.c", None),
            (b"Bearer", None),
            (b"Bearer  ", None),
            (b"", None),
            (b"\xff\xfe", None),
        ];
        for (value, token) in cases {
            assert_eq!(bearer_token(value), token, "{value:?}");
        }
    }
}
