//! The request as the origin sees it.

use bytes::{Bytes, BytesMut};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use super::fields::{as_origins_read, chooses_form, is_forwarding, is_hop_by_hop, is_of_the_gate};
use super::forwarded::value;
use super::{Forward, Origin, OriginError, fields, forwarded};
use crate::http::{RequestBody, RequestHead};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a source may be; an error may be anything.
const PICTURES: HeaderValue =
    HeaderValue::from_static("image/jpeg, image/png, image/webp, */*;q=0.1");

/// Fields that the gate adds: forwarding, host, id, via, framing, form.
const ADDED_FIELDS: usize = 11;

/// The head for the origin.
pub(super) fn build(
    origin: &Origin,
    forward: &Forward<'_>,
    body: &RequestBody,
) -> Result<Request<()>, OriginError> {
    let Some((_, own_host)) = &origin.authority else {
        return Err(OriginError::Unreachable(
            "the origin's URL names no host".to_owned(),
        ));
    };
    let method = method(forward.method)?;
    let uri = Uri::from(target(forward.target)?);

    let mut headers = client_fields(forward)?;
    let host = client_host(forward)?;
    forwarded::add(&mut headers, forward, &host)?;
    let preserve = origin.config.preserve_host;
    headers.insert(header::HOST, if preserve { host } else { own_host.clone() });
    headers.insert(
        X_REQUEST_ID,
        value(Bytes::copy_from_slice(forward.request_id.as_bytes()))?,
    );
    set_fields(&mut headers, forward.set_headers)?;
    frame(&mut headers, &method, body);

    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

fn method(method: &[u8]) -> Result<Method, OriginError> {
    match Method::from_bytes(method) {
        Ok(Method::CONNECT) => Err(OriginError::Request("CONNECT is not forwarded")),
        Ok(method) => Ok(method),
        Err(_) => Err(OriginError::Request("the method is no token")),
    }
}

fn target(target: &[u8]) -> Result<PathAndQuery, OriginError> {
    // `PathAndQuery` would drop a fragment silently, and take a target without a slash.
    let refused = OriginError::Request("the target is no origin-form");
    if target.contains(&b'#') || !(target.starts_with(b"/") || target == b"*") {
        return Err(refused);
    }
    PathAndQuery::from_maybe_shared(Bytes::copy_from_slice(target)).map_err(|_| refused)
}

/// What the client may say to the origin. Values share the memory of the head.
fn client_fields(forward: &Forward<'_>) -> Result<HeaderMap, OriginError> {
    let head = forward.head;
    let added = ADDED_FIELDS + forward.set_headers.len();
    let mut headers = HeaderMap::try_with_capacity(head.headers.len() + added)
        .map_err(|_| OriginError::Request("too many fields"))?;
    let connection = head
        .fields()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"))
        .map(|f| f.1);
    let named: Vec<&[u8]> = fields::named_by_connection(connection).collect();
    for (name, bytes) in head.fields() {
        if named.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            continue;
        }
        let name = HeaderName::from_bytes(name)
            .map_err(|_| OriginError::Request("the name of a field is no token"))?;
        if !passes(name.as_str(), forward) {
            continue;
        }
        let value = value(head.bytes.slice_ref(bytes))?;
        if name == header::COOKIE && headers.contains_key(header::COOKIE) {
            join_cookies(&mut headers, &value)?;
            continue;
        }
        headers
            .try_append(name, value)
            .map_err(|_| OriginError::Request("too many fields"))?;
    }
    if forward.picture {
        headers.insert(header::ACCEPT, PICTURES);
        // Without the field any coding would be welcome (RFC 9110 §12.5.3).
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
    }
    if keeps_trailers(head) {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    Ok(headers)
}

/// Whether a field of the client goes on, by its name in lower case.
fn passes(name: &str, forward: &Forward<'_>) -> bool {
    // The body asks for itself: the connection sends 100 Continue when it is first read.
    if matches!(name, "host" | "expect") || is_hop_by_hop(name) {
        return false;
    }
    let read = as_origins_read(name);
    if is_of_the_gate(&read) {
        // Only under its own name: a proxy that is trusted does not write `X_Real_IP`.
        return forward.trusted_peer && is_forwarding(name);
    }
    if forward.picture && chooses_form(&read) {
        return false;
    }
    // Those of the plan replace these; but not a field that only looks the same to the origin.
    read == name
        || forward
            .set_headers
            .iter()
            .all(|(set, _)| !set.eq_ignore_ascii_case(read.as_bytes()))
}

/// HTTP/2 may split cookies over fields, HTTP/1.1 may not (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap, more: &HeaderValue) -> Result<(), OriginError> {
    if let Some(cookies) = headers.get_mut(header::COOKIE) {
        let mut joined = BytesMut::with_capacity(cookies.len() + 2 + more.len());
        joined.extend_from_slice(cookies.as_bytes());
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(more.as_bytes());
        *cookies = value(joined.freeze())?;
    }
    Ok(())
}

/// `TE: trailers` is the one that matters to an origin (gRPC asks for it); codings are ours.
fn keeps_trailers(head: &RequestHead) -> bool {
    head.field_has_token("te", "trailers")
}

/// The host that the client named, canonical, with the port as it was written.
fn client_host(forward: &Forward<'_>) -> Result<HeaderValue, OriginError> {
    let raw = forward
        .head
        .authority()
        .or_else(|| forward.head.field("host"))
        .unwrap_or_default();
    let port = match raw.rsplitn(2, |byte| *byte == b':').next() {
        Some(port) if port.len() < raw.len() => port,
        _ => &[],
    };
    let plain = (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
    if !plain {
        return value(Bytes::copy_from_slice(forward.host));
    }
    let mut host = BytesMut::with_capacity(forward.host.len() + 1 + port.len());
    host.extend_from_slice(forward.host);
    host.extend_from_slice(b":");
    host.extend_from_slice(port);
    value(host.freeze())
}

fn set_fields(headers: &mut HeaderMap, set: &[(&[u8], &[u8])]) -> Result<(), OriginError> {
    for (name, bytes) in set {
        let name = HeaderName::from_bytes(name)
            .map_err(|_| OriginError::Request("the plan sets a field without a proper name"))?;
        // Framing is not the plan's to set.
        if is_hop_by_hop(name.as_str()) {
            continue;
        }
        // An empty value takes the client's own copy away: nobody forges who they are.
        if bytes.is_empty() {
            headers.remove(&name);
        } else {
            headers.insert(name, value(Bytes::copy_from_slice(bytes))?);
        }
    }
    Ok(())
}

/// Says how the body ends. hyper announces a known length itself.
fn frame(headers: &mut HeaderMap, method: &Method, body: &RequestBody) {
    match body {
        // RFC 9110 §8.6: a method that expects content gets a length even without any.
        RequestBody::Empty if [Method::POST, Method::PUT, Method::PATCH].contains(method) => {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        RequestBody::Empty => {}
        // Without the field hyper would drop the body of a GET.
        body if body.length().is_none() => {
            headers.insert(
                header::TRANSFER_ENCODING,
                HeaderValue::from_static("chunked"),
            );
        }
        _ => {}
    }
}
