//! The one host that a request is for (RFC 9110 §7.2, RFC 9112 §3.2, RFC 9113 §8.3.1).
//!
//! Canonical: lower case, without port, without trailing dot; IPv4 in four decimal parts, IPv6
//! in brackets as RFC 5952 writes it. A name is letters, digits, `-`, `_` in labels of 1 to 63
//! bytes, 253 in all; international names come as their A-labels. A name whose last label is a
//! number must be a plain IPv4 address, because `127.1`, `0x7f.0.0.1` and `010.0.0.1` are other
//! addresses to other parsers.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::NormaliseError;
use crate::bytes::{self, HOST};

const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// What a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// A registered name.
    Name,
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, written in brackets.
    V6(Ipv6Addr),
}

/// A canonical host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host<'a> {
    /// The name or address, see the module.
    pub name: Cow<'a, str>,
    /// The port, where one is written.
    pub port: Option<u16>,
    /// What it is.
    pub kind: HostKind,
}

impl<'a> Host<'a> {
    /// Reads `host [":" port]`.
    ///
    /// # Errors
    /// [`NormaliseError::HostInvalid`], [`NormaliseError::HostPort`].
    pub fn parse(raw: &'a [u8]) -> Result<Self, NormaliseError> {
        if is_plain_name(raw) {
            return Ok(Self {
                name: Cow::Borrowed(bytes::ascii(raw)),
                port: None,
                kind: HostKind::Name,
            });
        }
        if let [b'[', rest @ ..] = raw {
            return Self::parse_v6(rest);
        }
        let (name, port) = match raw.iter().position(|byte| *byte == b':') {
            Some(at) => (
                raw.get(..at).unwrap_or_default(),
                parse_port(raw.get(at.saturating_add(1)..).unwrap_or_default())?,
            ),
            None => (raw, None),
        };
        let name = name.strip_suffix(b".").unwrap_or(name);
        let name = if name.iter().any(u8::is_ascii_uppercase) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        let kind = check_name(&name)?;
        let name = match name {
            Cow::Borrowed(name) => Cow::Borrowed(bytes::ascii(name)),
            Cow::Owned(name) => Cow::Owned(bytes::ascii_owned(name)),
        };
        Ok(Self { name, port, kind })
    }

    fn parse_v6(rest: &'a [u8]) -> Result<Self, NormaliseError> {
        let end = rest
            .iter()
            .position(|byte| *byte == b']')
            .ok_or(NormaliseError::HostInvalid)?;
        let (inner, after) = rest.split_at_checked(end).unwrap_or_default();
        let address: Ipv6Addr = str::from_utf8(inner)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(NormaliseError::HostInvalid)?;
        let port = match after {
            [b']'] => None,
            [b']', b':', port @ ..] => parse_port(port)?,
            _ => return Err(NormaliseError::HostInvalid),
        };
        Ok(Self {
            name: Cow::Owned(format!("[{address}]")),
            port,
            kind: HostKind::V6(address),
        })
    }

    /// Whether both are the same host and, with `default_port` where none is written, port.
    #[must_use]
    pub fn same(&self, other: &Host<'_>, default_port: u16) -> bool {
        self.name == other.name
            && self.port.unwrap_or(default_port) == other.port.unwrap_or(default_port)
    }
}

/// The host of a request from the Host field and the authority of `:authority` or an
/// absolute-form target. `default_port` is that of the scheme.
///
/// RFC 9112 §3.2.2 would let an absolute-form target win over Host; here they must agree,
/// because an origin may read the other one. A request without any host is refused whatever its
/// version: a gate for several sites cannot serve it.
///
/// # Errors
/// One of the `Host*` codes. (A repeated Host field is found by [`crate::headers`].)
pub fn effective_host<'a>(
    authority: Option<&'a [u8]>,
    host_field: Option<&'a [u8]>,
    default_port: u16,
) -> Result<Host<'a>, NormaliseError> {
    match (authority, host_field) {
        (None, None) => Err(NormaliseError::HostMissing),
        (Some(one), None) | (None, Some(one)) => Host::parse(one),
        (Some(authority), Some(field)) => {
            let host = Host::parse(authority)?;
            if authority != field && !host.same(&Host::parse(field)?, default_port) {
                return Err(NormaliseError::HostConflict);
            }
            Ok(host)
        }
    }
}

/// One pass over what most hosts are: a canonical name without a port, in which no label begins
/// with a digit or is longer than all may be. `false` says nothing.
fn is_plain_name(raw: &[u8]) -> bool {
    let mut before = b'.';
    for &byte in raw {
        let begins = before == b'.';
        if byte == b'.' {
            if begins || before == b'-' {
                return false;
            }
        } else if !bytes::is(byte, HOST) || (begins && (byte == b'-' || byte.is_ascii_digit())) {
            return false;
        }
        before = byte;
    }
    raw.len() <= LABEL_BYTES_MAX && !matches!(before, b'.' | b'-')
}

fn check_name(name: &[u8]) -> Result<HostKind, NormaliseError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(NormaliseError::HostInvalid);
    }
    let mut last: &[u8] = &[];
    for label in name.split(|byte| *byte == b'.') {
        let edges_fine = !matches!(label, [] | [b'-', ..] | [.., b'-']);
        if !edges_fine || label.len() > LABEL_BYTES_MAX || !bytes::all(label, HOST) {
            return Err(NormaliseError::HostInvalid);
        }
        last = label;
    }
    // WHATWG URL "ends in a number".
    if !last.first().is_some_and(u8::is_ascii_digit) {
        return Ok(HostKind::Name);
    }
    if last.iter().all(u8::is_ascii_digit) || last.starts_with(b"0x") {
        return bytes::ascii(name)
            .parse()
            .map(HostKind::V4)
            .map_err(|_| NormaliseError::HostInvalid);
    }
    Ok(HostKind::Name)
}

/// An empty port is none (RFC 3986 §3.2.3).
fn parse_port(raw: &[u8]) -> Result<Option<u16>, NormaliseError> {
    match raw {
        [] => Ok(None),
        [b'1'..=b'9', ..] if raw.iter().all(u8::is_ascii_digit) => bytes::ascii(raw)
            .parse()
            .map(Some)
            .map_err(|_| NormaliseError::HostPort),
        _ => Err(NormaliseError::HostPort),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_name_is_what_the_whole_check_lets_pass(raw in "[a-z0-9._:A-Z-]{0,70}") {
            let raw = raw.as_bytes();
            if is_plain_name(raw) {
                prop_assert_eq!(check_name(raw), Ok(HostKind::Name));
                prop_assert!(!raw.iter().any(u8::is_ascii_uppercase));
            }
        }
    }
}
