//! The request target for the origin, and that of the cache key.

use lockgate_bundle::RoutePlan;

use super::image::{Picture, forwarded};
use crate::stages::normalise::Request;

/// Writes the origin's target; nothing where it is the canonical one.
pub(super) fn for_origin(
    out: &mut Vec<u8>,
    route: &RoutePlan,
    request: &Request<'_, '_>,
    picture: &Picture,
) {
    let rewritten = !route.strip_prefix.is_empty() || !route.add_prefix.is_empty();
    if !rewritten && !picture.in_query {
        return;
    }
    let rest = strip(request.path, &route.strip_prefix);
    out.extend_from_slice(route.add_prefix.as_bytes());
    if rest.is_empty() {
        out.push(b'/');
    }
    out.extend_from_slice(rest.as_bytes());
    write_query(out, request, picture);
}

/// Writes the canonical target without the options of pictures.
pub(super) fn canonical(out: &mut Vec<u8>, request: &Request<'_, '_>, picture: &Picture) {
    out.extend_from_slice(request.path.as_bytes());
    write_query(out, request, picture);
}

/// Takes a prefix of whole segments off.
fn strip<'p>(path: &'p str, prefix: &str) -> &'p str {
    match path.strip_prefix(prefix) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => path,
    }
}

fn write_query(out: &mut Vec<u8>, request: &Request<'_, '_>, picture: &Picture) {
    let Some(query) = request.query else {
        return;
    };
    if !picture.in_query {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
        return;
    }
    let mut separator = b'?';
    for piece in forwarded(query) {
        out.push(separator);
        out.extend_from_slice(piece.as_bytes());
        separator = b'&';
    }
}
