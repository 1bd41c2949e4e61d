//! What the C library's character functions answer in the "C" locale.

/// The byte at `index`, if there is one.
pub(crate) fn at(input: &[u8], index: usize) -> Option<u8> {
    input.get(index).copied()
}

/// The bytes of `input` from `from`; none past its end.
pub(crate) fn rest(input: &[u8], from: usize) -> &[u8] {
    input.get(from..).unwrap_or_default()
}

/// Whether `kind` names one of the bytes.
///
/// Looks at 32 bytes at a time without leaving early, which compilers turn into vector code.
pub(crate) fn any(input: &[u8], kind: impl Fn(u8) -> bool) -> bool {
    let some = |bytes: &[u8]| bytes.iter().fold(false, |found, &byte| found | kind(byte));
    input.chunks(32).any(some)
}

/// `isspace`: space, tab, line feed, vertical tab, form feed, carriage return.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Whether the byte at `index` is a hexadecimal digit.
pub(crate) fn hex_at(input: &[u8], index: usize) -> bool {
    at(input, index).is_some_and(|byte| byte.is_ascii_hexdigit())
}

/// Whether the byte at `index` is an octal digit.
pub(crate) fn octal_at(input: &[u8], index: usize) -> bool {
    at(input, index).is_some_and(|byte| matches!(byte, b'0'..=b'7'))
}

/// The value of one hexadecimal digit. Another byte has the value that ModSecurity's arithmetic
/// gives it, which `hexDecode` shows.
pub(crate) const fn digit(byte: u8) -> u8 {
    if byte >= b'A' {
        (byte & 0xdf).wrapping_sub(b'A').wrapping_add(10)
    } else {
        byte.wrapping_sub(b'0')
    }
}

/// The value of two hexadecimal digits at `index`; a missing one counts as NUL.
pub(crate) fn pair(input: &[u8], index: usize) -> u8 {
    let high = digit(at(input, index).unwrap_or(0));
    let low = digit(at(input, index + 1).unwrap_or(0));
    high.wrapping_mul(16).wrapping_add(low)
}

/// Undoes full-width ASCII (U+FF01 to U+FF5E): `low` is the low byte of the number, and `high`
/// are the two hexadecimal digits of its high byte.
pub(crate) fn narrow(low: u8, high: [Option<u8>; 2]) -> u8 {
    let wide = high.iter().all(|digit| matches!(digit, Some(b'f' | b'F')));
    if wide && low > 0 && low < 0x5f {
        low + 0x20
    } else {
        low
    }
}

/// The octal number that starts at `index`: its value, and how many digits (at most 3) it has.
pub(crate) fn octal(input: &[u8], index: usize) -> (u16, usize) {
    let mut value = 0;
    let mut digits = 0;
    while digits < 3 && octal_at(input, index + digits) {
        value = value * 8 + u16::from(digit(at(input, index + digits).unwrap_or(b'0')));
        digits += 1;
    }
    (value, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_pairs() {
        assert_eq!(pair(b"4a", 0), 0x4a);
        assert_eq!(pair(b"xFF", 1), 0xff);
        assert!(hex_at(b"g0", 1) && !hex_at(b"g0", 0) && !hex_at(b"g0", 2));
    }

    #[test]
    fn any_looks_at_every_byte() {
        for place in [0, 31, 32, 63, 64, 99] {
            let mut bytes = [b'a'; 100];
            bytes[place] = 0;
            assert!(any(&bytes, |byte| byte == 0));
        }
        assert!(!any(b"abc", |byte| byte == 0) && !any(b"", |_| true));
    }

    #[test]
    fn octal_numbers_end_at_three_digits() {
        assert_eq!(octal(b"1018", 0), (0o101, 3));
        assert_eq!(octal(b"18", 0), (1, 1));
        assert_eq!(octal(b"9", 0), (0, 0));
    }

    #[test]
    fn full_width_letters_become_narrow() {
        assert_eq!(narrow(0x21, [Some(b'f'), Some(b'F')]), b'A');
        assert_eq!(narrow(0x21, [Some(b'0'), Some(b'F')]), 0x21);
        assert_eq!(narrow(0x5f, [Some(b'f'), Some(b'f')]), 0x5f);
    }
}
