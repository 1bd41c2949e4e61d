//! Byte classes (one table) and percent triplets.

/// Stands for itself in a canonical path: RFC 3986 pchar without `%`, and `/`.
pub(crate) const PATH: u8 = 1;
/// Stands for itself in a canonical query: RFC 3986 query without `%`.
pub(crate) const QUERY: u8 = 2;
/// RFC 3986 §2.3 unreserved.
pub(crate) const UNRESERVED: u8 = 4;
/// RFC 9110 §5.6.2 tchar.
pub(crate) const TOKEN: u8 = 8;
/// May stand in a canonical host name: lower-case letter, digit, `-`, `_`.
pub(crate) const HOST: u8 = 16;

static CLASSES: [u8; 256] = classes();

/// Whether `byte` is of the class.
#[inline]
pub(crate) fn is(byte: u8, class: u8) -> bool {
    // A u8 never leaves the table, so the compiler drops the check.
    CLASSES
        .get(usize::from(byte))
        .is_some_and(|bits| bits & class != 0)
}

/// Whether all bytes are of the class.
#[inline]
pub(crate) fn all(bytes: &[u8], class: u8) -> bool {
    bytes.iter().all(|byte| is(*byte, class))
}

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, where a fault is a compile error"
)]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0_usize;
    while index < 256 {
        let byte = index as u8;
        let alphanumeric = byte.is_ascii_alphanumeric();
        let unreserved = alphanumeric || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let sub_delim = matches!(
            byte,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        );
        let path = unreserved || sub_delim || matches!(byte, b':' | b'@' | b'/');
        let token = alphanumeric
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        let host =
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let mut bits = 0;
        if path {
            bits |= PATH;
        }
        if path || byte == b'?' {
            bits |= QUERY;
        }
        if unreserved {
            bits |= UNRESERVED;
        }
        if token {
            bits |= TOKEN;
        }
        if host {
            bits |= HOST;
        }
        table[index] = bits;
        index += 1;
    }
    table
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The value of the two hexadecimal digits that `after_percent` begins with.
#[inline]
pub(crate) fn triplet(after_percent: &[u8]) -> Option<u8> {
    match after_percent {
        [high, low, ..] => Some(hex_digit(*high)? << 4 | hex_digit(*low)?),
        _ => None,
    }
}

fn upper_hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'A' + (nibble & 15) - 10,
    }
}

/// Appends `%XX` in upper case.
pub(crate) fn push_triplet(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&upper_triplet(byte));
}

/// `%XX` in upper case.
pub(crate) fn upper_triplet(byte: u8) -> [u8; 3] {
    [b'%', upper_hex_digit(byte >> 4), upper_hex_digit(byte & 15)]
}

/// Whether all bytes are letters, digits or `-`, which is what field names are made of. Looks at
/// eight bytes at a time; `false` for a name of less than eight.
#[inline]
pub(crate) fn is_plain_name(name: &[u8]) -> bool {
    let (words, _) = name.as_chunks::<8>();
    let Some(last) = name.last_chunk::<8>() else {
        return false;
    };
    let mut all = HIGH_BITS;
    for bytes in words.iter().chain([last]) {
        all &= plain(u64::from_le_bytes(*bytes));
    }
    all & HIGH_BITS == HIGH_BITS
}

/// The high bit of each byte that is a letter, a digit or `-`; that of no other byte.
#[inline]
fn plain(word: u64) -> u64 {
    // Without its high bit no byte carries into the next.
    let low = word & !HIGH_BITS;
    let lower = low | (LOW_BITS * 0x20);
    let at_least = |word: u64, byte: u8| word.wrapping_add(LOW_BITS * u64::from(0x80 - byte));
    // `lower` makes letters of no other bytes: those with bit 0x40 alone.
    let letter = at_least(lower, b'a') & !at_least(lower, b'z' + 1) & at_least(low, b'A');
    let digit = at_least(low, b'0') & !at_least(low, b'9' + 1);
    let hyphen = !at_least(low ^ (LOW_BITS * u64::from(b'-')), 1);
    (letter | digit | hyphen) & !word
}

/// What one look at every byte of a field value tells.
pub(crate) struct Look {
    /// A control byte but tab, or DEL.
    pub(crate) control: bool,
    /// A byte above 0x7f.
    pub(crate) high: bool,
}

/// Looks at every byte, eight at a time; the last eight overlap the ones before them.
#[inline]
pub(crate) fn look(value: &[u8]) -> Look {
    let (words, _) = value.as_chunks::<8>();
    let Some(last) = value.last_chunk::<8>() else {
        return look_closely(value);
    };
    let (mut suspect, mut high) = (0, 0);
    for bytes in words.iter().chain([last]) {
        let word = u64::from_le_bytes(*bytes);
        high |= word;
        suspect |= maybe_control(word);
    }
    if suspect & HIGH_BITS == 0 {
        return Look {
            control: false,
            high: high & HIGH_BITS != 0,
        };
    }
    look_closely(value)
}

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// A high bit is set if a byte is below 0x20 (a tab is, too) or is 0x7f; none is set otherwise.
#[inline]
fn maybe_control(word: u64) -> u64 {
    let below_space = word.wrapping_sub(LOW_BITS * 0x20) & !word;
    let flipped = word ^ (LOW_BITS * 0x7F);
    let delete = flipped.wrapping_sub(LOW_BITS) & !flipped;
    below_space | delete
}

fn look_closely(value: &[u8]) -> Look {
    Look {
        control: value
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t'),
        high: !value.is_ascii(),
    }
}

/// Without spaces and tabs at both ends (RFC 9110 §5.6.3 OWS).
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// ASCII bytes as text; empty if they are not ASCII, which no caller passes.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

/// [`ascii`] for an owned buffer.
pub(crate) fn ascii_owned(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_has_no_other_byte_wherever_it_stands() {
        for length in 8..28 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut name = vec![b'n'; length];
                    name[at] = byte;
                    let plain = byte.is_ascii_alphanumeric() || byte == b'-';
                    assert_eq!(is_plain_name(&name), plain, "{byte:#x} at {at} of {length}");
                }
            }
        }
        assert!(!is_plain_name(b"te"));
    }

    #[test]
    fn a_control_byte_is_seen_wherever_it_stands() {
        for length in 1..40 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut value = vec![b'~'; length];
                    value[at] = byte;
                    let found = look(&value);
                    let control = byte.is_ascii_control() && byte != b'\t';
                    assert_eq!(found.control, control, "{byte:#x} at {at} of {length}");
                    assert_eq!(found.high, byte >= 0x80, "{byte:#x} at {at} of {length}");
                }
            }
        }
    }
}
