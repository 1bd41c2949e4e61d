//! The request as the origin sees it.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use lockgate_shell::forward::ForOrigin;

use super::{Forward, Origin, OriginError};
use crate::http::{RequestBody, RequestHead};

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

    let ForOrigin { mut headers, host } = fields(forward)?;
    let preserve = origin.config.preserve_host;
    headers.insert(header::HOST, if preserve { host } else { own_host.clone() });
    if keeps_trailers(forward.head) {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    if forward.without_coding {
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
    }
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

/// The fields that every shell of the policy would send.
fn fields(forward: &Forward<'_>) -> Result<ForOrigin, OriginError> {
    let head = forward.head;
    let named_host = head.authority().or_else(|| head.field("host"));
    lockgate_shell::forward::Forward {
        head: &head.bytes,
        fields: head.fields(),
        host: forward.host,
        named_host: named_host.unwrap_or_default(),
        peer: forward.peer,
        tls: forward.tls,
        version: head.ranges.version,
        trusted_peer: forward.trusted_peer,
        set_headers: forward.set_headers,
        request_id: forward.request_id,
        picture: forward.picture,
    }
    .build()
    .map_err(|error| OriginError::Request(error.0))
}

/// `TE: trailers` is the one that matters to an origin (gRPC asks for it); codings are ours.
fn keeps_trailers(head: &RequestHead) -> bool {
    head.field_has_token("te", "trailers")
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
