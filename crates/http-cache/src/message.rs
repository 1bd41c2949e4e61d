//! What a cache needs of a request's and of a response's head, read in one pass.

use crate::date::http_date_s;
use crate::directives::CacheControl;
use crate::list::{delta_seconds, members};
use crate::vary;

/// A request as the cache sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestInfo<'a> {
    /// The method, case-sensitive.
    pub method: &'a str,
    /// Its `Cache-Control`.
    pub cache_control: CacheControl,
    /// It has an `Authorization` field.
    pub authorization: bool,
    /// It has `If-Match` or `If-Unmodified-Since`, which only the origin may evaluate (RFC 9111,
    /// section 4.3.2).
    pub for_origin: bool,
    /// `If-None-Match`; with several lines the first, see `if_none_match_again`.
    pub if_none_match: Option<&'a [u8]>,
    /// There was a second `If-None-Match` line; then it is never answered by 304, which is
    /// always right.
    pub if_none_match_again: bool,
    /// `If-Modified-Since`; with several lines the first.
    pub if_modified_since: Option<&'a [u8]>,
}

impl<'a> RequestInfo<'a> {
    /// Reads a request's fields.
    pub fn read(method: &'a str, fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut info = Self {
            method,
            ..Self::default()
        };
        for (name, value) in fields {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match name.len() {
                8 if is("if-match") => info.for_origin = true,
                13 if is("cache-control") => info.cache_control.add_line(value),
                13 if is("authorization") => info.authorization = true,
                13 if is("if-none-match") => {
                    info.if_none_match_again = info.if_none_match.is_some();
                    info.if_none_match = info.if_none_match.or(Some(value));
                }
                17 if is("if-modified-since") => {
                    info.if_modified_since = info.if_modified_since.or(Some(value));
                }
                19 if is("if-unmodified-since") => info.for_origin = true,
                _ => {}
            }
        }
        info
    }

    /// The same without its Cache-Control: for a route whose clients may not steer the cache
    /// past its origin. (RFC 9111, section 5.2.1, makes the request's directives advice.)
    #[must_use]
    pub fn without_directives(self) -> Self {
        Self {
            cache_control: CacheControl::default(),
            ..self
        }
    }
}

/// The `Expires` field (RFC 9111, section 5.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expires {
    /// There is none.
    #[default]
    Absent,
    /// It is no date, or there are two that differ: already expired.
    Invalid,
    /// Seconds since 1970.
    At(u64),
}

/// A response as the cache sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseInfo<'a> {
    /// The status code.
    pub status: u16,
    /// Its `Cache-Control`.
    pub cache_control: CacheControl,
    /// `Age`, seconds; the first member of the first line; ignored if invalid (section 5.1).
    pub age_s: Option<u32>,
    /// `Date`, seconds since 1970.
    pub date_s: Option<u64>,
    /// `Expires`.
    pub expires: Expires,
    /// `Last-Modified`, seconds since 1970.
    pub last_modified_s: Option<u64>,
    /// `ETag`, as sent.
    pub etag: Option<&'a [u8]>,
    /// It has `Set-Cookie`.
    pub set_cookie: bool,
    /// It has `Content-Range`.
    pub content_range: bool,
    /// The fields that `Vary` nominates.
    pub vary: vary::Vary,
}

impl<'a> ResponseInfo<'a> {
    /// Reads a response's fields.
    pub fn read(status: u16, fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut info = Self {
            status,
            ..Self::default()
        };
        let mut age_seen = false;
        for (name, value) in fields {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match name.len() {
                3 if is("age") && !age_seen => {
                    age_seen = true;
                    info.age_s = members(value).next().and_then(delta_seconds);
                }
                4 if is("date") => info.date_s = info.date_s.or_else(|| http_date_s(value)),
                4 if is("etag") => info.etag = info.etag.or(Some(value.trim_ascii())),
                4 if is("vary") => info.vary.add_line(value),
                7 if is("expires") => {
                    let this = http_date_s(value).map_or(Expires::Invalid, Expires::At);
                    let same = info.expires == Expires::Absent || info.expires == this;
                    info.expires = if same { this } else { Expires::Invalid };
                }
                10 if is("set-cookie") => info.set_cookie = true,
                13 if is("cache-control") => info.cache_control.add_line(value),
                13 if is("content-range") => info.content_range = true,
                13 if is("last-modified") => {
                    info.last_modified_s = info.last_modified_s.or_else(|| http_date_s(value));
                }
                _ => {}
            }
        }
        info
    }
}
