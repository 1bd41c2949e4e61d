//! Error bodies: RFC 9457 problem JSON with a stable code and the request id, never internals.

use bytes::Bytes;

use super::connection::Refused;
use super::{Route, date};
use crate::http::{Fields, Response};

/// The one place where a refusal becomes a response. Of `route` it gets what the refusal has not
/// set itself.
#[must_use]
pub(super) fn response(refused: &Refused, request_id: &str, route: Option<&Route>) -> Response {
    let title = http::StatusCode::from_u16(refused.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error");
    let mut body = serde_json::json!({
        "title": title,
        "status": refused.status,
        "code": refused.code,
        "request_id": request_id,
    });
    if let (Some(detail), Some(members)) = (&refused.detail, body.as_object_mut()) {
        members.insert("detail".to_owned(), detail.as_str().into());
    }
    let mut fields = Fields::with_capacity(200);
    date::add(&mut fields);
    fields.add(b"content-type", b"application/problem+json");
    fields.add(b"cache-control", b"no-store");
    fields.add(b"x-request-id", request_id.as_bytes());
    fields.add_lines(refused.fields.lines());
    if let Some(route) = route {
        route.response_fields.add_missing_to(&mut fields);
    }
    let mut response = Response::full(refused.status, fields, Bytes::from(body.to_string()));
    response.close = refused.close;
    response
}
