//! Which fields stay on which side of the gate.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

/// Whether a field is of one connection (RFC 9110 §7.6.1), frames the message, or speaks to a
/// proxy. `name` is in lower case. `TE` is dealt with where requests are made.
pub fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection" | "keep-alive" | "te" | "transfer-encoding" | "upgrade" | "http2-settings"
            | "content-length"
            // CGI turns the field `Proxy` into the variable HTTP_PROXY ("httpoxy").
            | "proxy"
    ) || name.starts_with("proxy-")
}

/// Whether a field says what only the gate, or a proxy that it trusts, can know. `name` is in
/// lower case.
pub fn is_of_the_gate(name: &str) -> bool {
    is_forwarding(name) || matches!(name, "x-customer" | "x-request-id")
}

/// Whether a trusted proxy may send the field and a client may not.
pub fn is_forwarding(name: &str) -> bool {
    match name {
        "forwarded" | "x-real-ip" | "x-original-url" | "x-rewrite-url" => true,
        name => name.starts_with("x-forwarded-"),
    }
}

/// Whether a field chooses the form of an answer: a part of it, its coding, its media type, or
/// that it is not needed at all (RFC 9110 §12.5, §13.1, §14.2). Where the answer is made into
/// another picture they are about that one. `name` is in lower case.
pub fn chooses_form(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "accept-encoding"
            | "if-match"
            | "if-modified-since"
            | "if-none-match"
            | "if-range"
            | "if-unmodified-since"
            | "range"
    )
}

/// The name as CGI and WSGI servers see it: they cannot tell `_` from `-`, so `X_Customer` is
/// `X-Customer` to them and must be to us.
pub fn as_origins_read(name: &str) -> Cow<'_, str> {
    if name.contains('_') {
        Cow::Owned(name.replace('_', "-"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The fields that `Connection` names, in the values of its fields.
pub fn named_by_connection<'a>(
    values: impl Iterator<Item = &'a [u8]>,
) -> impl Iterator<Item = &'a [u8]> {
    values
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| {
            !name.is_empty()
                && !name.eq_ignore_ascii_case(b"close")
                && !name.eq_ignore_ascii_case(b"keep-alive")
        })
}

/// Removes the fields of one hop, and those that `Connection` names, from a response.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = named_by_connection(
        headers
            .get_all(http::header::CONNECTION)
            .iter()
            .map(http::HeaderValue::as_bytes),
    )
    .filter_map(|name| HeaderName::from_bytes(name).ok())
    .collect();
    for name in named {
        headers.remove(name);
    }
    remove_where(headers, is_hop_by_hop);
}

/// Removes all fields whose name is matched.
pub fn remove_where(headers: &mut HeaderMap, matches: impl Fn(&str) -> bool) {
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| matches(name.as_str()))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_response_keeps_what_is_for_the_client() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("connection", "x-other"),
            ("x-hop", "1"),
            ("x-other", "2"),
            ("keep-alive", "timeout=5"),
            ("proxy-authenticate", "Basic"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("set-cookie", "a=b"),
            ("set-cookie", "c=d"),
            ("etag", "\"e\""),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove_hop_by_hop(&mut headers);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let kept: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), text(value)))
            .collect();
        let expected = [
            ("set-cookie", "a=b"),
            ("set-cookie", "c=d"),
            ("etag", "\"e\""),
        ];
        assert_eq!(kept, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn an_underscore_is_no_way_around() {
        for name in [
            "x_customer",
            "x_forwarded_for",
            "x-forwarded_host",
            "x_real-ip",
        ] {
            assert!(is_of_the_gate(&as_origins_read(name)), "{name}");
        }
        assert!(!is_of_the_gate(&as_origins_read("x_color")));
    }
}
