//! The fields of a request as its origin sees them.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::fields::{
    as_origins_read, chooses_form, is_forwarding, is_hop_by_hop, is_of_the_gate,
    named_by_connection,
};
use crate::forwarded::{self, Hop};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a source may be; an error may be anything.
const PICTURES: HeaderValue =
    HeaderValue::from_static("image/jpeg, image/png, image/webp, */*;q=0.1");

/// Fields that the gate adds: forwarding, host, id, via, framing, form.
const ADDED_FIELDS: usize = 11;

/// The request cannot be forwarded: 400 [`ForwardError::CODE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be forwarded: {0}")]
pub struct ForwardError(pub &'static str);

impl ForwardError {
    /// The stable code of the answer.
    pub const CODE: &'static str = "request_not_forwardable";
}

/// What is known of a request that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Forward<'a, F> {
    /// What the values of `fields` are slices of; theirs share its memory.
    pub head: &'a Bytes,
    /// The client's fields: name and value.
    pub fields: F,
    /// The host that the client named, canonical, without port.
    pub host: &'a [u8],
    /// `:authority`, or `Host`, as it came.
    pub named_host: &'a [u8],
    /// The connection's peer, IPv4 not mapped.
    pub peer: std::net::IpAddr,
    /// The connection is encrypted.
    pub tls: bool,
    /// The version of HTTP: 10, 11 or 20.
    pub version: u8,
    /// The peer is a proxy whose forwarding fields count.
    pub trusted_peer: bool,
    /// Fields that the plan sets; an empty value takes the client's own away.
    pub set_headers: &'a [(&'a [u8], &'a [u8])],
    /// Sent as `X-Request-Id`.
    pub request_id: &'a str,
    /// The answer is the source of another picture: the origin is asked for all of it, in a
    /// format that is read, whatever part or coding the client takes.
    pub picture: bool,
}

/// What [`Forward::build`] makes.
#[derive(Debug, Clone)]
pub struct ForOrigin {
    /// All fields but `Host` and those of the connection.
    pub headers: HeaderMap,
    /// The host that the client named, canonical, with its port.
    pub host: HeaderValue,
}

impl<'a, F: Iterator<Item = (&'a [u8], &'a [u8])> + Clone> Forward<'a, F> {
    /// Makes the fields.
    ///
    /// # Errors
    /// [`ForwardError`].
    pub fn build(&self) -> Result<ForOrigin, ForwardError> {
        let mut headers = self.client_fields()?;
        let host = self.client_host()?;
        let hop = Hop {
            peer: self.peer,
            tls: self.tls,
            version: self.version,
            host: &host,
        };
        forwarded::add(&mut headers, &hop)?;
        let id = Bytes::copy_from_slice(self.request_id.as_bytes());
        headers.insert(X_REQUEST_ID, value(id)?);
        self.set_fields(&mut headers)?;
        Ok(ForOrigin { headers, host })
    }

    /// What the client may say to the origin.
    fn client_fields(&self) -> Result<HeaderMap, ForwardError> {
        let too_many = ForwardError("too many fields");
        let count = self.fields.clone().count();
        let capacity = count + ADDED_FIELDS + self.set_headers.len();
        let mut headers = HeaderMap::try_with_capacity(capacity).map_err(|_| too_many)?;
        let connection = self
            .fields
            .clone()
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"))
            .map(|field| field.1);
        let named: Vec<&[u8]> = named_by_connection(connection).collect();
        for (name, bytes) in self.fields.clone() {
            if named.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                continue;
            }
            let name = HeaderName::from_bytes(name)
                .map_err(|_| ForwardError("the name of a field is no token"))?;
            if !self.passes(name.as_str()) {
                continue;
            }
            let value = value(self.head.slice_ref(bytes))?;
            if name == header::COOKIE && headers.contains_key(header::COOKIE) {
                join_cookies(&mut headers, &value)?;
                continue;
            }
            headers.try_append(name, value).map_err(|_| too_many)?;
        }
        if self.picture {
            headers.insert(header::ACCEPT, PICTURES);
            // Without the field any coding would be welcome (RFC 9110 §12.5.3).
            let identity = HeaderValue::from_static("identity");
            headers.insert(header::ACCEPT_ENCODING, identity);
        }
        Ok(headers)
    }

    /// Whether a field of the client goes on, by its name in lower case.
    fn passes(&self, name: &str) -> bool {
        // The body asks for itself: the connection sends 100 Continue when it is first read.
        if matches!(name, "host" | "expect") || is_hop_by_hop(name) {
            return false;
        }
        let read = as_origins_read(name);
        if is_of_the_gate(&read) {
            // Only under its own name: a proxy that is trusted does not write `X_Real_IP`.
            return self.trusted_peer && is_forwarding(name);
        }
        if self.picture && chooses_form(&read) {
            return false;
        }
        // Those of the plan replace these; but not a field that only looks the same to the
        // origin.
        let mut set = self.set_headers.iter();
        read == name || set.all(|(set, _)| !set.eq_ignore_ascii_case(read.as_bytes()))
    }

    /// The host that the client named, canonical, with the port as it was written.
    fn client_host(&self) -> Result<HeaderValue, ForwardError> {
        let raw = self.named_host;
        let port = match raw.rsplitn(2, |byte| *byte == b':').next() {
            Some(port) if port.len() < raw.len() => port,
            _ => &[],
        };
        let plain = (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
        if !plain {
            return value(Bytes::copy_from_slice(self.host));
        }
        let mut host = BytesMut::with_capacity(self.host.len() + 1 + port.len());
        host.extend_from_slice(self.host);
        host.extend_from_slice(b":");
        host.extend_from_slice(port);
        value(host.freeze())
    }

    fn set_fields(&self, headers: &mut HeaderMap) -> Result<(), ForwardError> {
        for (name, bytes) in self.set_headers {
            let name = HeaderName::from_bytes(name)
                .map_err(|_| ForwardError("the plan sets a field without a proper name"))?;
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
}

/// HTTP/2 may split cookies over fields, HTTP/1.1 may not (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap, more: &HeaderValue) -> Result<(), ForwardError> {
    if let Some(cookies) = headers.get_mut(header::COOKIE) {
        let mut joined = BytesMut::with_capacity(cookies.len() + 2 + more.len());
        joined.extend_from_slice(cookies.as_bytes());
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(more.as_bytes());
        *cookies = value(joined.freeze())?;
    }
    Ok(())
}

/// A value, or a refusal where the bytes cannot be one.
pub(crate) fn value(bytes: Bytes) -> Result<HeaderValue, ForwardError> {
    HeaderValue::from_maybe_shared(bytes)
        .map_err(|_| ForwardError("a field holds a control character"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields that come of these, sorted, as `name: value`.
    fn built(fields: &[(&str, &str)], trusted_peer: bool, picture: bool) -> Vec<String> {
        let text: String = fields
            .iter()
            .map(|(name, value)| format!("{name}{value}"))
            .collect();
        let head = Bytes::from(text);
        let mut at = 0;
        let mut slices = Vec::new();
        for (name, value) in fields {
            let middle = at + name.len();
            slices.push((&head[at..middle], &head[middle..middle + value.len()]));
            at = middle + value.len();
        }
        let forward = Forward {
            head: &head,
            fields: slices.into_iter(),
            host: b"shop.test",
            named_host: b"SHOP.test:8080",
            peer: "192.0.2.7".parse().unwrap(),
            tls: false,
            version: 11,
            trusted_peer,
            set_headers: &[(b"x-customer", b"alice")],
            request_id: "id-12345",
            picture,
        };
        let made = forward.build().unwrap();
        assert_eq!(made.host, "shop.test:8080");
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        let mut lines: Vec<String> = made.headers.iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_client_cannot_say_what_only_the_gate_knows() {
        let forged = [
            ("X-Forwarded-For", "1.2.3.4"),
            ("X_Customer", "mallory"),
            ("x-customer", "mallory"),
            ("X-Request-Id", "forged-id"),
            ("Connection", "close, x-hop"),
            ("X-Hop", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Host", "SHOP.test:8080"),
            ("Cookie", "a=b"),
            ("Cookie", "c=d"),
        ];
        let expected = [
            "cookie: a=b; c=d",
            "forwarded: for=192.0.2.7;host=\"shop.test:8080\";proto=http",
            "via: 1.1 lockgate",
            "x-customer: alice",
            "x-forwarded-for: 192.0.2.7",
            "x-forwarded-host: shop.test:8080",
            "x-forwarded-proto: http",
            "x-request-id: id-12345",
        ];
        assert_eq!(built(&forged, false, false), expected);
        let lines = built(&forged, true, false);
        assert!(
            lines.contains(&"x-forwarded-for: 1.2.3.4, 192.0.2.7".to_owned()),
            "{lines:?}"
        );
    }

    #[test]
    fn the_source_of_a_picture_is_asked_for_whole() {
        let lines = built(
            &[("Range", "bytes=0-1"), ("Accept", "image/webp")],
            false,
            true,
        );
        assert!(
            lines.contains(&"accept-encoding: identity".to_owned()),
            "{lines:?}"
        );
        assert!(
            !lines.iter().any(|line| line.starts_with("range")),
            "{lines:?}"
        );
    }
}
