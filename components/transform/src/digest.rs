//! `md5` and `sha1`: the digest itself, not its digits (`hexEncode` writes those).

use md5::Md5;
use sha1::{Digest, Sha1};

/// The MD5 digest, 16 bytes.
pub(crate) fn md5(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    out.extend_from_slice(&Md5::digest(input));
    out.as_slice() != input
}

/// The SHA-1 digest, 20 bytes.
pub(crate) fn sha1(input: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    out.extend_from_slice(&Sha1::digest(input));
    out.as_slice() != input
}
