//! `base64Decode`, `base64DecodeExt` and `base64Encode`.

use crate::text::at;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The six bits that a character of the alphabet stands for.
const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Decodes strictly, up to the first NUL. Line ends may stand anywhere, spaces at the end of a
/// line or of the text. What is not base64 with its padding stays as it is.
pub(crate) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    if input.is_empty() {
        return false;
    }
    let input = match memchr::memchr(0, input) {
        Some(end) => input.get(..end).unwrap_or_default(),
        None => input,
    };
    let mut quantum: u32 = 0;
    let mut characters = 0;
    let mut padding = 0;
    let mut after_space = false;
    let mut i = 0;
    while let Some(byte) = at(input, i) {
        i += 1;
        match byte {
            b' ' => {
                after_space = true;
                continue;
            }
            b'\n' => {
                after_space = false;
                continue;
            }
            b'\r' if at(input, i) == Some(b'\n') => {
                i += 1;
                after_space = false;
                continue;
            }
            _ if after_space => return false,
            b'=' => {
                padding += 1;
                quantum <<= 6;
            }
            _ => match value(byte) {
                Some(bits) if padding == 0 => quantum = quantum << 6 | u32::from(bits),
                _ => return false,
            },
        }
        if padding > 2 {
            return false;
        }
        characters += 1;
        if characters % 4 == 0 {
            let [_, bytes @ ..] = quantum.to_be_bytes();
            out.extend(bytes.iter().take(3 - padding));
            quantum = 0;
        }
    }
    characters % 4 == 0
}

/// Decodes what can be: other characters are passed over, padding too, and a last group that is
/// too short gives the whole bytes that it has.
pub(crate) fn decode_ext(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let mut bits: u32 = 0;
    let mut count = 0;
    for (i, &byte) in input.iter().enumerate() {
        if byte == b'=' && count % 4 == 1 && at(input, i + 1) != Some(b'=') {
            out.clear();
            break;
        }
        let Some(six) = value(byte) else { continue };
        bits = bits << 6 | u32::from(six);
        count += 1;
        let whole = match count % 4 {
            2 => bits >> 4,
            3 => bits >> 2,
            0 => bits,
            _ => continue,
        };
        out.push(whole.to_le_bytes()[0]);
    }
    !input.is_empty()
}

/// Encodes with padding and without line ends.
pub(crate) fn encode(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    out.reserve(input.len().div_ceil(3) * 4);
    for three in input.chunks(3) {
        let byte = |n: usize| u32::from(at(three, n).unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for n in 0..4 {
            let index = (group >> (18 - 6 * n) & 63) as usize;
            out.push(if n as usize > three.len() {
                b'='
            } else {
                at(ALPHABET, index).unwrap_or(b'=')
            });
        }
    }
    !input.is_empty()
}
