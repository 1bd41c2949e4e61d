//! `lowercase`, `uppercase` and `length`.

use crate::text::any;

/// Makes the letters A to Z small.
pub(crate) fn lower(input: &[u8], out: &mut Vec<u8>) -> bool {
    if !any(input, |byte| byte.is_ascii_uppercase()) {
        return false;
    }
    out.clear();
    out.extend_from_slice(input);
    out.make_ascii_lowercase();
    true
}

/// Makes the letters a to z large.
pub(crate) fn upper(input: &[u8], out: &mut Vec<u8>) -> bool {
    if !any(input, |byte| byte.is_ascii_lowercase()) {
        return false;
    }
    out.clear();
    out.extend_from_slice(input);
    out.make_ascii_uppercase();
    true
}

/// The number of bytes, as decimal digits.
pub(crate) fn length(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    out.extend_from_slice(input.len().to_string().as_bytes());
    out.as_slice() != input
}
