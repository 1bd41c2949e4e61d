//! Strings and their escapes (RFC 8259, section 7).

use crate::text::{at, hex, rest};

/// A string as it stands in the document, between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    pub(super) const fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The string, decoded in `room` where it has escapes.
    ///
    /// An escape that is none stands for its character; half of a surrogate pair for `?`.
    #[must_use]
    pub fn decode<'b>(&self, room: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        if !self.escaped {
            return self.raw;
        }
        room.clear();
        let mut i = 0;
        loop {
            let tail = rest(self.raw, i);
            let plain = memchr::memchr(b'\\', tail).unwrap_or(tail.len());
            room.extend_from_slice(tail.get(..plain).unwrap_or_default());
            i += plain + 1;
            let Some(letter) = at(self.raw, i) else {
                return room;
            };
            i += 1;
            let byte = match letter {
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'u' => {
                    i += self.unicode(i, room);
                    continue;
                }
                other => other,
            };
            room.push(byte);
        }
    }

    /// Appends the character whose four digits are at `i`; how many bytes it takes from there.
    fn unicode(&self, i: usize, room: &mut Vec<u8>) -> usize {
        let Some(unit) = four_digits(self.raw, i) else {
            room.push(b'u');
            return 0;
        };
        let mut length = 4;
        let mut number = unit;
        if (0xd800..0xdc00).contains(&unit)
            && rest(self.raw, i + 4).starts_with(b"\\u")
            && let Some(low @ 0xdc00..=0xdfff) = four_digits(self.raw, i + 6)
        {
            number = 0x1_0000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
            length = 10;
        }
        let character = char::from_u32(number).unwrap_or('?');
        room.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        length
    }
}

/// The number that four hexadecimal digits at `i` make.
pub(super) fn four_digits(input: &[u8], i: usize) -> Option<u32> {
    (i..i + 4).try_fold(0, |number, index| {
        let digit = at(input, index).and_then(hex)?;
        Some(number << 4 | u32::from(digit))
    })
}
