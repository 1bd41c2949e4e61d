//! Names and values as forms and queries join them: `a=1&b=2`.

/// Each pair as it stands there: name and value, undecoded. Empty pieces are no pairs; a piece without `=`
/// is a name with an empty value.
pub(crate) fn pairs(bytes: &[u8]) -> Pairs<'_> {
    Pairs { rest: bytes }
}

/// The pairs that are still to come.
#[derive(Debug, Clone)]
pub(crate) struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Pairs<'a> {
    /// What the pairs to come stand in.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let [b'&', behind @ ..] = self.rest {
            self.rest = behind;
        }
        if self.rest.is_empty() {
            return None;
        }
        let (piece, behind) = split(self.rest, b'&');
        self.rest = behind;
        Some(split(piece, b'='))
    }
}

/// What stands before and behind the first such byte; all, and nothing, where there is none.
fn split(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    let end = memchr::memchr(at, bytes).unwrap_or(bytes.len());
    (
        bytes.get(..end).unwrap_or_default(),
        bytes.get(end + 1..).unwrap_or_default(),
    )
}

/// Whether an encoded name is this one: `%XX` and `+` are decoded, ASCII case is ignored. An origin that
/// reads names with their case is asked about too much rather than too little.
pub(crate) fn is_named(encoded: &[u8], name: &[u8]) -> bool {
    let mut wanted = name.iter();
    Decoded(encoded).all(|byte| {
        let wanted = wanted.next();
        wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(&byte))
    }) && wanted.next().is_none()
}

/// A name with `%XX` and `+` decoded; nothing where it is longer than the buffer.
pub(crate) fn decoded_name<'b>(encoded: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut length = 0;
    for byte in Decoded(encoded) {
        *buffer.get_mut(length)? = byte;
        length += 1;
    }
    buffer.get(..length)
}

/// The bytes of an encoded name, decoded.
struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, tail) = self.0.split_first()?;
        let (byte, tail) = match (byte, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', tail),
            },
            (b'+', tail) => (b' ', tail),
            (byte, tail) => (*byte, tail),
        };
        self.0 = tail;
        Some(byte)
    }
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_names_and_values() {
        let found: Vec<_> = pairs(b"a=1&&b&=c&d==e").collect();
        let wanted: [(&[u8], &[u8]); 4] = [(b"a", b"1"), (b"b", b""), (b"", b"c"), (b"d", b"=e")];
        assert_eq!(found, wanted);
        assert_eq!(pairs(b"").count(), 0);
        let mut some = pairs(b"&a=1&&b=2&c");
        assert_eq!(some.next(), Some((&b"a"[..], &b"1"[..])));
        assert_eq!(some.rest(), b"&b=2&c");
    }

    #[test]
    fn names_are_compared_decoded() {
        assert!(is_named(b"id", b"id"));
        assert!(is_named(b"I%64", b"id"));
        assert!(is_named(b"a+b%20c", b"a b c"));
        assert!(is_named(b"a%zz", b"a%zz"));
        assert!(is_named(b"a%", b"a%"));
        assert!(!is_named(b"id2", b"id"));
        assert!(!is_named(b"i", b"id"));
    }
}
