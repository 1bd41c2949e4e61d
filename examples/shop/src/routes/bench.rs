//! `GET /kb1/{n}`: exactly 1 KB with the headers that a real answer has, at no cost worth naming.

use axum::extract::RawPathParams;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;

use crate::catalogue::PRODUCTS_MODIFIED_S;
use crate::conditional::Validators;
use crate::problem::Problem;
use crate::random::fnv1a;

const BODY_BYTES: usize = 1024;
const NAME_BYTES_MAX: usize = 64;

/// Text that names `n` and is filled up to 1,024 bytes.
pub(super) async fn kilobyte(
    headers: HeaderMap,
    params: RawPathParams,
) -> Result<Response, Problem> {
    let name = params
        .iter()
        .next()
        .map(|(_, value)| value)
        .unwrap_or_default();
    if name.len() > NAME_BYTES_MAX {
        let detail = format!("The name has at most {NAME_BYTES_MAX} bytes.");
        return Err(Problem::not_found("not_found", detail));
    }
    let tag = fnv1a(name.as_bytes());
    let validators = Validators::new(tag, PRODUCTS_MODIFIED_S, "public, max-age=3600");
    let mut response = validators.respond(&headers, "text/plain; charset=utf-8", || body(name));
    let more = [
        (header::CONTENT_LANGUAGE, "en"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-served-by"), "lockgate-shop"),
    ];
    for (name, value) in more {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn body(name: &str) -> Bytes {
    const LINE: &[u8] = b"The quick brown fox jumps over the lazy dog, again.\n";
    let mut body = Vec::with_capacity(BODY_BYTES + LINE.len());
    body.extend_from_slice(name.as_bytes());
    body.push(b'\n');
    while body.len() < BODY_BYTES {
        body.extend_from_slice(LINE);
    }
    body.truncate(BODY_BYTES);
    body.into()
}
