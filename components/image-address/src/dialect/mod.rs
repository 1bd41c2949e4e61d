//! Addresses of other image services, so that a site can move over without touching its pages.
//!
//! Each is read as that service documents it. What it asks for that there is not here is refused
//! with its name, never passed over; and a source is what `sources` of the route maps to a path on
//! its origin, nothing else.

pub mod aws;
pub mod imgproxy;
pub mod thumbor;

use lockgate_normalise::percent;

use crate::{Asked, ImageRoute, Refusal, Request, Signed, sign};

/// What follows the route's prefix in the canonical path. Two slashes are one there.
fn rest<'a>(route: &ImageRoute, request: &Request<'a>) -> Result<&'a str, Refusal> {
    let rest = request.path.strip_prefix(route.prefix.as_str());
    let rest = rest.filter(|rest| rest.len() <= ADDRESS_BYTES_MAX);
    rest.ok_or_else(|| Refusal::options("the address is not written as it has to be here"))
}

/// The same as the client wrote it, which is what was signed; the canonical one where that is
/// spelt so that it does not begin with the prefix.
fn as_written<'a>(route: &ImageRoute, request: &Request<'a>) -> Result<&'a str, Refusal> {
    let rest = request.raw_path.strip_prefix(route.prefix.as_str());
    match rest.filter(|rest| rest.len() <= ADDRESS_BYTES_MAX) {
        Some(rest) => Ok(rest),
        None => self::rest(route, request),
    }
}

/// What follows the signature in an address as it was written.
fn signed_part<'a>(route: &ImageRoute, request: &Request<'a>) -> Result<&'a str, Refusal> {
    let written = as_written(route, request)?;
    Ok(written.split_once('/').map_or("", |(_, rest)| rest))
}

/// The first part of an address, which is its signature or a word that it has none, and what
/// follows it. `what` is said to be missing where nothing does.
fn opening<'a>(
    route: &ImageRoute,
    request: &Request<'a>,
    what: &str,
) -> Result<(&'a str, &'a str), Refusal> {
    let parts = rest(route, request)?.split_once('/');
    parts.ok_or_else(|| Refusal::options(format!("the address has no signature, or no {what}")))
}

/// Begins an address that says of itself that it is `unsigned`, or has a signature that `check`
/// looks at; on a route that is not signed nothing is checked, and nothing is trusted.
fn begin(
    route: &ImageRoute,
    unsigned: bool,
    check: impl FnOnce() -> Result<(), Refusal>,
) -> Result<Asked, Refusal> {
    let trusted = match (unsigned, route.signed) {
        (true, Signed::Required) => return Err(sign::missing()),
        (true, Signed::Optional) | (_, Signed::No) => false,
        (false, Signed::Optional | Signed::Required) => {
            check()?;
            true
        }
    };
    Ok(Asked {
        trusted,
        ..Asked::default()
    })
}

/// The most bytes of an address behind the prefix.
const ADDRESS_BYTES_MAX: usize = 8192;

/// A piece of a path as text; a byte that is none is refused.
fn decoded(piece: &str) -> Result<String, Refusal> {
    let text = percent::decode(piece);
    let broken = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
    if text.chars().any(broken) {
        return Err(Refusal::options("the address holds bytes that are no text"));
    }
    Ok(text.into_owned())
}

/// Bytes of base64 in any of its alphabets, padded or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    use ct_codecs::{Base64NoPadding, Decoder as _};
    let text: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    Base64NoPadding::decode_to_vec(text, None).ok()
}
