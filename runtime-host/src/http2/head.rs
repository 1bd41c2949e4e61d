//! From the fields of an HTTP/2 request to a head with ranges.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::request::Parts;
use lockgate_wire::{HeadRanges, HeaderRange};

use crate::gate::Refused;
use crate::http::RequestHead;
use crate::http1::request_framing;

/// What a head may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadLimits {
    /// Bytes of all fields, counted as RFC 9113 §6.5.2 says: 32 more for each.
    pub(super) list_bytes_max: usize,
    /// Fields, without the pseudo-headers.
    pub(super) fields_max: usize,
    /// Bytes of `:path`.
    pub(super) target_bytes_max: usize,
}

/// Joins the pseudo-headers and fields: `method SP path SP authority CRLF`, then field lines.
/// Cookie fields that the client split are one again (RFC 9113 §8.2.3).
pub(super) fn join(parts: &Parts) -> RequestHead {
    let mut bytes = BytesMut::with_capacity(512);
    let mut put = |part: &[u8], after: &[u8]| {
        let start = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        bytes.put_slice(part);
        bytes.put_slice(after);
        (start, u32::try_from(part.len()).unwrap_or(u32::MAX))
    };
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let target = match parts.uri.path_and_query() {
        Some(target) => target.as_str(),
        // CONNECT has no path, and a request without one is refused below.
        None => "",
    };
    let ranges = HeadRanges {
        version: 20,
        method: put(parts.method.as_str().as_bytes(), b" "),
        target: put(target.as_bytes(), b" "),
        authority: match authority {
            Some(authority) => Some(put(authority.as_bytes(), b"\r\n")),
            None => {
                put(b"", b"\r\n");
                None
            }
        },
    };
    let mut headers = Vec::with_capacity(parts.headers.len());
    let mut add = |name: &[u8], value: &[u8]| {
        let (name_start, name_len) = put(name, b": ");
        let (value_start, value_len) = put(value, b"\r\n");
        headers.push(HeaderRange {
            name_start,
            name_len,
            value_start,
            value_len,
        });
    };
    let mut crumbs = parts.headers.get_all(http::header::COOKIE).iter();
    let split_cookie = crumbs.by_ref().nth(1).is_some();
    let mut cookie_added = false;
    for (name, value) in &parts.headers {
        if split_cookie && name == http::header::COOKIE {
            if !std::mem::replace(&mut cookie_added, true) {
                let crumbs: Vec<_> = parts
                    .headers
                    .get_all(name)
                    .iter()
                    .map(|crumb| crumb.as_bytes())
                    .collect();
                add(name.as_str().as_bytes(), &crumbs.join(&b"; "[..]));
            }
            continue;
        }
        add(name.as_str().as_bytes(), value.as_bytes().trim_ascii());
    }
    RequestHead {
        bytes: Bytes::from(bytes),
        ranges,
        headers,
    }
}

/// What `h2` lets through and we do not. Connection-specific fields (RFC 9113 §8.2.2) and
/// malformed pseudo-headers never get here: `h2` resets their streams with PROTOCOL_ERROR.
///
/// # Errors
/// The refusal.
pub(super) fn check(parts: &Parts, head: &RequestHead, limits: &HeadLimits) -> Result<(), Refused> {
    const PER_FIELD: usize = 32;
    let pseudo = head.method().len()
        + head.target().len()
        + head.authority().unwrap_or_default().len()
        + ":method:path:authority:schemehttps".len()
        + 4 * PER_FIELD;
    let fields: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + PER_FIELD)
        .sum();
    if head.target().len() > limits.target_bytes_max {
        let cause = format!(
            "the request target is longer than {} bytes",
            limits.target_bytes_max
        );
        return Err(Refused::new(414, "target_too_long", cause));
    }
    if pseudo + fields > limits.list_bytes_max {
        let cause = format!(
            "the header list is longer than {} bytes",
            limits.list_bytes_max
        );
        return Err(Refused::new(431, "headers_too_large", cause));
    }
    if parts.headers.len() > limits.fields_max {
        let cause = format!("more than {} header fields", limits.fields_max);
        return Err(Refused::new(431, "headers_too_many", cause));
    }
    if head.target().is_empty() {
        return Err(Refused::new(
            400,
            "request_malformed",
            "the request has no :path",
        ));
    }
    request_framing(head)
        .map(|_| ())
        .map_err(|cause| Refused::new(400, "request_framing_ambiguous", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits {
        list_bytes_max: 600,
        fields_max: 4,
        target_bytes_max: 40,
    };

    fn parts(uri: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_head_is_joined_with_its_ranges() {
        let fields = [
            ("accept", "*/*"),
            ("cookie", "a=1"),
            ("x", ""),
            ("cookie", "b=2"),
        ];
        let parts = parts("https://shop.test:8443/a?b=%20", &fields);
        let head = join(&parts);
        assert_eq!(head.method(), b"GET");
        assert_eq!(head.target(), b"/a?b=%20");
        assert_eq!(head.authority(), Some(&b"shop.test:8443"[..]));
        assert_eq!(head.ranges.version, 20);
        let joined: Vec<_> = head.fields().collect();
        let expected = [
            (&b"accept"[..], &b"*/*"[..]),
            (b"cookie", b"a=1; b=2"),
            (b"x", b""),
        ];
        assert_eq!(joined, expected);
        assert!(check(&parts, &head, &LIMITS).is_ok());
    }

    #[test]
    fn an_authority_is_not_made_up() {
        let parts = parts("/only", &[("host", "shop.test")]);
        let head = join(&parts);
        assert_eq!(
            (head.authority(), head.field("host")),
            (None, Some(&b"shop.test"[..]))
        );
        assert_eq!(head.target(), b"/only");
    }

    #[test]
    fn limits_have_their_answers() {
        let (long_path, long) = (format!("/{}", "a".repeat(40)), "v".repeat(500));
        let many = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5")];
        for (parts, code) in [
            (parts(&long_path, &[]), "target_too_long"),
            (parts("/", &[("x", &long)]), "headers_too_large"),
            (parts("/", &many), "headers_too_many"),
            (
                parts("/", &[("content-length", "1"), ("content-length", "2")]),
                "request_framing_ambiguous",
            ),
            (
                parts("/", &[("content-length", "+1")]),
                "request_framing_ambiguous",
            ),
        ] {
            let refused = check(&parts, &join(&parts), &LIMITS).expect_err("refused");
            assert_eq!(refused.code, code);
        }
    }
}
