//! Conditional requests answered from the store (RFC 9110, section 13; RFC 9111, section 4.3.2).

use crate::date::http_date_s;
use crate::list::members;
use crate::message::RequestInfo;

/// What a stored response is compared by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validators<'a> {
    /// The stored status.
    pub status: u16,
    /// The stored `ETag`, as sent.
    pub etag: Option<&'a [u8]>,
    /// The stored `Last-Modified`, seconds since 1970.
    pub last_modified_s: Option<u64>,
    /// The stored `Date`, or the time of receipt, seconds since 1970: stands in for
    /// Last-Modified where there is none (RFC 9111, section 4.3.2).
    pub date_s: u64,
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 304, without the body.
    NotModified,
    /// The stored response, whole.
    Full,
}

/// Evaluates a request's `If-None-Match` or, without it, `If-Modified-Since` (section 13.2.2)
/// against a stored response. Only a stored 200 is ever answered by 304 (section 13.2.1).
pub fn conditional(request: &RequestInfo<'_>, stored: &Validators<'_>) -> Answer {
    if stored.status != 200 || !matches!(request.method, "GET" | "HEAD") {
        return Answer::Full;
    }
    let not_modified = match (request.if_none_match, request.if_modified_since) {
        (Some(tags), _) => !request.if_none_match_again && any_matches(tags, stored.etag),
        (None, Some(since)) => http_date_s(since)
            .is_some_and(|since_s| stored.last_modified_s.unwrap_or(stored.date_s) <= since_s),
        (None, None) => false,
    };
    if not_modified {
        Answer::NotModified
    } else {
        Answer::Full
    }
}

/// `If-None-Match: *` matches whatever is stored; else weak comparison (section 8.8.3.2): the
/// opaque parts are equal.
fn any_matches(tags: &[u8], stored: Option<&[u8]>) -> bool {
    if tags.trim_ascii() == b"*" {
        return true;
    }
    let Some(stored) = stored.and_then(opaque) else {
        return false;
    };
    members(tags).any(|tag| opaque(tag) == Some(stored))
}

/// The part between the quotes of an entity tag; `None` if it is not well formed (section 8.8.3).
fn opaque(tag: &[u8]) -> Option<&[u8]> {
    let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
    let inner = tag.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (!inner.contains(&b'"')).then_some(inner)
}
