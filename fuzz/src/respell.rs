//! Other spellings of one request target: what a firewall is got round with.

use crate::parts::Bits;

/// Another spelling of an origin-form target, which must have the same canonical form (RFC 3986
/// §6.2.2): unreserved characters and those that a target may not hold are percent-encoded,
/// triplets change case, `./` and `/` are put behind slashes of the path.
pub(crate) fn respell(target: &[u8], seed: u64) -> Vec<u8> {
    let mut bits = Bits(seed);
    let mut out = Vec::with_capacity(target.len() * 2);
    let mut in_path = true;
    let mut rest = target;
    while let [byte, after @ ..] = rest {
        rest = after;
        in_path &= *byte != b'?';
        match byte {
            b'%' => {
                out.push(b'%');
                if let [high, low, after @ ..] = after
                    && high.is_ascii_hexdigit()
                    && low.is_ascii_hexdigit()
                {
                    rest = after;
                    out.extend([*high, *low].map(|digit| flip(digit, &mut bits)));
                }
            }
            b'/' if in_path => {
                out.push(b'/');
                if bits.bit() {
                    out.extend_from_slice(if bits.bit() { b"./" } else { b"/" });
                }
            }
            _ if is_free(*byte) && bits.bit() => {
                let digits = format!("%{byte:02x}");
                out.extend(digits.bytes().map(|digit| flip(digit, &mut bits)));
            }
            _ => out.push(*byte),
        }
    }
    out
}

/// Means the same raw and encoded, in path and query: unreserved, or encoded for its sender.
fn is_free(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~<>\"[]^`{|}".contains(&byte) || byte >= 0x80
}

/// The byte in upper or in lower case.
pub(crate) fn flip(byte: u8, bits: &mut Bits) -> u8 {
    if bits.bit() {
        byte.to_ascii_uppercase()
    } else {
        byte.to_ascii_lowercase()
    }
}
