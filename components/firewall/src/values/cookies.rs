//! Cookies as a request carries them (RFC 6265, section 4.2): `a=1; b=2`.

/// Each cookie of one header value: name and value, undecoded, quotes kept. A piece without `=` is a value
/// without a name, as browsers send it.
pub(crate) fn cookies(value: &[u8]) -> Cookies<'_> {
    Cookies { rest: value }
}

/// The cookies that are still to come.
#[derive(Debug, Clone)]
pub(crate) struct Cookies<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Cookies<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (piece, behind) = split(self.rest, b';').unwrap_or((self.rest, &[]));
            self.rest = behind;
            let piece = piece.trim_ascii();
            if !piece.is_empty() {
                let cookie = split(piece, b'=');
                return Some(cookie.map_or((&[], piece), |(name, value)| {
                    (name.trim_ascii_end(), value.trim_ascii_start())
                }));
            }
        }
        None
    }
}

/// What stands before and behind the first such byte.
#[inline]
fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(at, bytes)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
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
