//! The request target for the origin, and that of the cache key.

use lockgate_bundle::RoutePlan;
use lockgate_bundle::image::Place;

use super::image::{Picture, forwarded};
use crate::stages::normalise::Request;

/// Writes the origin's target; nothing where it is the canonical one.
pub(super) fn for_origin(
    out: &mut Vec<u8>,
    route: &RoutePlan,
    request: &Request<'_, '_>,
    picture: &Picture<'_>,
) {
    let prefixes = !route.strip_prefix.is_empty() || !route.add_prefix.is_empty();
    match &picture.place {
        Place::Path { in_query } => {
            if prefixes || *in_query {
                write_path(out, route, request.path);
                write_query(out, route, request, *in_query);
            }
        }
        Place::Other {
            path,
            query,
            rewrite,
        } => {
            if *rewrite {
                write_path(out, route, path);
            } else {
                out.extend_from_slice(path.as_bytes());
            }
            write_other(out, query.as_deref());
        }
    }
}

/// Writes what tells one source of a cache key from another: the canonical target without the
/// options of pictures. Where the source is at another path, that belongs to the route, whose name
/// stands before it, and which is no path of a request.
pub(super) fn canonical(
    out: &mut Vec<u8>,
    route: &RoutePlan,
    request: &Request<'_, '_>,
    picture: &Picture<'_>,
) {
    match &picture.place {
        Place::Path { in_query } => {
            out.extend_from_slice(request.path.as_bytes());
            write_query(out, route, request, *in_query);
        }
        Place::Other { path, query, .. } => {
            out.push(1);
            out.extend_from_slice(route.name.as_bytes());
            out.push(0);
            out.extend_from_slice(path.as_bytes());
            write_other(out, query.as_deref());
        }
    }
}

fn write_path(out: &mut Vec<u8>, route: &RoutePlan, path: &str) {
    let rest = strip(path, &route.strip_prefix);
    out.extend_from_slice(route.add_prefix.as_bytes());
    if rest.is_empty() {
        out.push(b'/');
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Takes a prefix of whole segments off.
fn strip<'p>(path: &'p str, prefix: &str) -> &'p str {
    match path.strip_prefix(prefix) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => path,
    }
}

fn write_other(out: &mut Vec<u8>, query: Option<&str>) {
    if let Some(query) = query {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
}

fn write_query(out: &mut Vec<u8>, route: &RoutePlan, request: &Request<'_, '_>, in_query: bool) {
    let Some(query) = request.query else {
        return;
    };
    let Some(image) = route.image.as_ref().filter(|_| in_query) else {
        return write_other(out, Some(query));
    };
    let mut separator = b'?';
    for piece in forwarded(image, query) {
        out.push(separator);
        out.extend_from_slice(piece.as_bytes());
        separator = b'&';
    }
}
