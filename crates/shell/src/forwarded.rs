//! Who asked, and for what: `X-Forwarded-*`, `Forwarded` (RFC 7239), `Via` (RFC 9110 §7.6.3).

use std::fmt::Write as _;
use std::net::IpAddr;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::forward::{ForwardError, value};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The connection that a request came by.
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
    /// The peer, IPv4 not mapped.
    pub peer: IpAddr,
    /// The connection is encrypted.
    pub tls: bool,
    /// The version of HTTP: 10, 11 or 20.
    pub version: u8,
    /// The host that the client named, with its port.
    pub host: &'a HeaderValue,
}

/// Adds the fields. What is in `headers` already came from a trusted proxy: lists grow by the
/// peer; what that proxy says of host and scheme is nearer to the client and stays.
///
/// # Errors
/// A field that cannot be one.
pub fn add(headers: &mut HeaderMap, hop: &Hop<'_>) -> Result<(), ForwardError> {
    let proto = if hop.tls { "https" } else { "http" };
    let mut text = String::with_capacity(48);
    // Writing to a string does not fail.
    let _ = write!(text, "{}", hop.peer);
    extend(headers, X_FORWARDED_FOR, text.as_bytes())?;
    let element = forwarded_element(hop.peer, hop.host.as_bytes(), proto);
    extend(headers, header::FORWARDED, &element)?;
    headers
        .entry(X_FORWARDED_PROTO)
        .or_insert(HeaderValue::from_static(proto));
    headers
        .entry(X_FORWARDED_HOST)
        .or_insert_with(|| hop.host.clone());
    let via = match hop.version {
        20 => "2.0 lockgate",
        10 => "1.0 lockgate",
        _ => "1.1 lockgate",
    };
    if headers.contains_key(header::VIA) {
        return extend(headers, header::VIA, via.as_bytes());
    }
    headers.insert(header::VIA, HeaderValue::from_static(via));
    Ok(())
}

/// Appends to a list field, its lines joined to one: some servers read the first line only.
fn extend(headers: &mut HeaderMap, name: HeaderName, item: &[u8]) -> Result<(), ForwardError> {
    let mut list = BytesMut::with_capacity(item.len());
    for line in headers.get_all(&name) {
        list.put_slice(line.as_bytes());
        list.put_slice(b", ");
    }
    list.put_slice(item);
    headers.insert(name, value(list.freeze())?);
    Ok(())
}

/// `for=192.0.2.1;host=shop.example;proto=https`. An address of version 6 and a host with a
/// port are quoted, since `:` and `[` are not of a token (RFC 7239 §6).
fn forwarded_element(peer: IpAddr, host: &[u8], proto: &str) -> Bytes {
    let mut element = String::with_capacity(64);
    let _ = match peer {
        IpAddr::V4(peer) => write!(element, "for={peer}"),
        IpAddr::V6(peer) => write!(element, "for=\"[{peer}]\""),
    };
    let mut element = element.into_bytes();
    element.extend_from_slice(b";host=");
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    if !host.is_empty() && host.iter().all(plain) {
        element.extend_from_slice(host);
    } else {
        element.push(b'"');
        for byte in host {
            if matches!(byte, b'"' | b'\\') {
                element.push(b'\\');
            }
            element.push(*byte);
        }
        element.push(b'"');
    }
    element.extend_from_slice(b";proto=");
    element.extend_from_slice(proto.as_bytes());
    Bytes::from(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_quoted_where_they_must_be() {
        let element = |peer: &str, host: &str| {
            let peer = peer.parse().expect("an address");
            String::from_utf8(forwarded_element(peer, host.as_bytes(), "https").to_vec())
                .expect("text")
        };
        assert_eq!(
            element("192.0.2.1", "shop.example"),
            "for=192.0.2.1;host=shop.example;proto=https"
        );
        assert_eq!(
            element("2001:db8::1", "[::1]:8080"),
            "for=\"[2001:db8::1]\";host=\"[::1]:8080\";proto=https"
        );
        assert_eq!(
            element("192.0.2.1", "a\"b\\"),
            "for=192.0.2.1;host=\"a\\\"b\\\\\";proto=https"
        );
    }
}
