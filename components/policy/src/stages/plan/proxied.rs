//! What a trusted proxy says of the request (RFC 7239, `X-Forwarded-*`): it reaches the origin as
//! it is, and the origin makes redirects and links of it, so it is part of the cache key.

use lockgate_normalise::Field;
use lockgate_normalise::headers::lines;

use crate::call::Call;
use crate::stages::normalise::Request;

/// Writes the fields that reach the origin, but for what names the client. Nothing where the peer
/// is not trusted: then none of them reaches it. The values can hold no NUL and no line break.
pub(super) fn write(out: &mut Vec<u8>, call: Call<'_, '_>, request: &Request<'_, '_>) {
    if !request.canonical.client.peer_trusted {
        return;
    }
    for (name, value) in call.input.headers() {
        if is_forwarding(name) && !is_of_the_hop(call, name) {
            out.extend(name.iter().map(u8::to_ascii_lowercase));
            out.push(b':');
            if name.len() == b"forwarded".len() {
                write_forwarded(out, value);
            } else {
                out.extend_from_slice(value);
            }
            out.push(b'\n');
        }
    }
}

/// `X-Forwarded-For`, like `X-Real-IP`, names the client: an origin that goes by it must not let
/// its answer be shared.
fn is_forwarding(name: &[u8]) -> bool {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    match name.len() {
        9 => is(b"forwarded"),
        // Every other begins so; most fields do not.
        _ if !matches!(name, [b'x' | b'X', b'-', ..]) => false,
        13 if is(b"x-rewrite-url") => true,
        14 if is(b"x-original-url") => true,
        15 if is(b"x-forwarded-for") => false,
        _ => name
            .get(..b"x-forwarded-".len())
            .is_some_and(|start| start.eq_ignore_ascii_case(b"x-forwarded-")),
    }
}

/// `Connection` names the field: it is not forwarded (RFC 9110 section 7.6.1).
fn is_of_the_hop(call: Call<'_, '_>, name: &[u8]) -> bool {
    lines(call.input.headers(), Field::Connection)
        .flat_map(|line| line.split(|byte| *byte == b','))
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(name))
}

/// All parameters but `for` and `by`. A piece within quotes is no parameter and stays.
fn write_forwarded(out: &mut Vec<u8>, value: &[u8]) {
    if value.contains(&b'\\') {
        out.extend_from_slice(value);
        return;
    }
    let mut quoted = false;
    for piece in value.split(|byte| matches!(byte, b',' | b';')) {
        let closed = piece.iter().filter(|byte| **byte == b'"').count() % 2 == 0;
        let name = piece.split(|byte| *byte == b'=').next();
        let name = name.unwrap_or_default().trim_ascii();
        let names_somebody = name.eq_ignore_ascii_case(b"for") || name.eq_ignore_ascii_case(b"by");
        if quoted || !closed || !names_somebody {
            out.extend_from_slice(piece);
            out.push(b';');
        }
        quoted ^= !closed;
    }
}
