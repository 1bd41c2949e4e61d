//! Cookies as a request carries them (RFC 6265, section 4.2): `a=1; b=2`.

/// Each cookie of one header value: name and value, undecoded, quotes kept. A piece without `=` is a value
/// without a name, as browsers send it.
pub(crate) fn cookies(value: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pieces = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    pieces.filter(|piece| !piece.is_empty()).map(|piece| {
        match piece.iter().position(|byte| *byte == b'=') {
            Some(at) => (
                piece.get(..at).unwrap_or_default().trim_ascii_end(),
                piece.get(at + 1..).unwrap_or_default().trim_ascii_start(),
            ),
            None => (&[][..], piece),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_told_apart() {
        let found: Vec<_> = cookies(b" a=1;b = \"x y\" ;; c ;d==").collect();
        let wanted: [(&[u8], &[u8]); 4] =
            [(b"a", b"1"), (b"b", b"\"x y\""), (b"", b"c"), (b"d", b"=")];
        assert_eq!(found, wanted);
    }
}
