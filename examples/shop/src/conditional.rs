//! Validators and conditional requests (RFC 9110, section 13): ETag, Last-Modified, 304.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use crate::random::fnv1a;

/// What a cacheable answer says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Validators {
    etag: HeaderValue,
    modified: SystemTime,
    modified_text: HeaderValue,
    cache_control: HeaderValue,
}

impl Validators {
    /// A strong ETag from `tag`, a modification time in Unix seconds and a Cache-Control value.
    pub(crate) fn new(tag: u64, modified_s: u64, cache_control: &'static str) -> Self {
        let modified = UNIX_EPOCH + Duration::from_secs(modified_s);
        Self {
            etag: ascii(&format!("\"{tag:016x}\"")),
            modified,
            modified_text: ascii(&httpdate::fmt_http_date(modified)),
            cache_control: HeaderValue::from_static(cache_control),
        }
    }

    /// As [`Validators::new`], the ETag taken from the body.
    pub(crate) fn of_body(body: &[u8], modified_s: u64, cache_control: &'static str) -> Self {
        Self::new(fnv1a(body), modified_s, cache_control)
    }

    /// Whether the caller's copy is still good. If-None-Match outranks If-Modified-Since
    /// (RFC 9110, section 13.2.2).
    pub(crate) fn unchanged_for(&self, request: &HeaderMap) -> bool {
        if request.contains_key(header::IF_NONE_MATCH) {
            return etag_listed(request, self.etag.as_bytes());
        }
        request
            .get(header::IF_MODIFIED_SINCE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| httpdate::parse_http_date(text).ok())
            .is_some_and(|since| self.modified <= since)
    }

    /// The answer: 304 without a body if the caller's copy is still good, else 200 with `body`.
    pub(crate) fn respond(
        &self,
        request: &HeaderMap,
        content_type: &'static str,
        body: impl FnOnce() -> Bytes,
    ) -> Response {
        if self.unchanged_for(request) {
            return self.not_modified();
        }
        let mut response = Response::new(Body::from(body()));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.put_into(response.headers_mut());
        response
    }

    /// 304 with the headers that RFC 9110, section 15.4.5 asks for.
    pub(crate) fn not_modified(&self) -> Response {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        self.put_into(response.headers_mut());
        response
    }

    fn put_into(&self, headers: &mut HeaderMap) {
        headers.insert(header::CACHE_CONTROL, self.cache_control.clone());
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::LAST_MODIFIED, self.modified_text.clone());
    }
}

/// Whether If-None-Match names `etag`, by weak comparison (RFC 9110, section 8.8.3.2), or is `*`.
pub(crate) fn etag_listed(request: &HeaderMap, etag: &[u8]) -> bool {
    let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    let wanted = opaque(etag);
    // No tag of this shop has a comma inside, so that splitting at commas is exact enough.
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|tag| tag == b"*" || opaque(tag) == wanted)
}

/// A JSON answer that no cache may keep.
pub(crate) fn uncached(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let no_store: (HeaderName, _) = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (status, [no_store], axum::Json(body)).into_response()
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn etag_lists_weak_tags_and_stars_match() {
        let validators = Validators::new(1, 1_000_000_000, "no-cache");
        let own = "\"0000000000000001\"";
        for list in [
            own.to_owned(),
            format!("W/{own}"),
            format!("\"x\", {own}"),
            "*".into(),
        ] {
            assert!(
                validators.unchanged_for(&request(header::IF_NONE_MATCH, &list)),
                "{list}"
            );
        }
        assert!(!validators.unchanged_for(&request(header::IF_NONE_MATCH, "\"x\"")));
    }

    #[test]
    fn the_etag_outranks_the_date() {
        let validators = Validators::new(1, 1_000_000_000, "no-cache");
        let mut headers = request(header::IF_MODIFIED_SINCE, "Sun, 09 Sep 2001 01:46:40 GMT");
        assert!(validators.unchanged_for(&headers));
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"other\""));
        assert!(!validators.unchanged_for(&headers));
        let earlier = request(header::IF_MODIFIED_SINCE, "Sun, 09 Sep 2001 01:46:39 GMT");
        assert!(!validators.unchanged_for(&earlier));
    }
}
