//! Node identifiers in `X-Forwarded-For` and `Forwarded` (RFC 7239), read from the right.
//!
//! Only the right end of these fields is written by somebody trusted, so nothing left of an
//! element may change how it is read. `Forwarded` is therefore split backwards: a quote that a
//! client left open cannot swallow what the proxy appended.

use std::net::{IpAddr, Ipv6Addr};

use crate::bytes::trim;

/// The address in an `X-Forwarded-For` element; `None` for `unknown` and garbage.
pub(crate) fn x_forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let element = trim(element);
    node(match element {
        [b'"', inner @ .., b'"'] => inner,
        _ => element,
    })
}

/// The address in the `for` parameter of a `Forwarded` element; `None` where there is none, or
/// several, or it is obfuscated (RFC 7239 §6.3), `unknown` or garbage.
pub(crate) fn forwarded(element: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    for pair in Backwards::new(element, b';') {
        let pair = trim(pair);
        let Some((name, value)) = pair
            .iter()
            .position(|byte| *byte == b'=')
            .and_then(|at| Some((pair.get(..at)?, pair.get(at.saturating_add(1)..)?)))
        else {
            if pair.is_empty() {
                continue;
            }
            return None;
        };
        if name.eq_ignore_ascii_case(b"for") && found.replace(value).is_some() {
            return None;
        }
    }
    node(match found? {
        [b'"', inner @ .., b'"'] => inner,
        // RFC 7239 §4: an IPv6 address or a port must be quoted; take them without, too.
        value => value,
    })
}

/// `IPv4`, `IPv6`, `[IPv6]`, the first and last also with a port.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let address = if let Some(rest) = text.strip_prefix('[') {
        let (inner, after) = rest.split_once(']')?;
        if !(after.is_empty() || after.strip_prefix(':').is_some_and(is_port)) {
            return None;
        }
        IpAddr::V6(inner.parse::<Ipv6Addr>().ok()?)
    } else if let Ok(address) = text.parse::<IpAddr>() {
        address
    } else {
        let (host, port) = text.split_once(':')?;
        if !is_port(port) {
            return None;
        }
        IpAddr::V4(host.parse().ok()?)
    };
    Some(address.to_canonical())
}

/// RFC 7239 §6: one to five digits, or an obfuscated port.
fn is_port(text: &str) -> bool {
    match text.as_bytes() {
        [b'_', rest @ ..] => {
            !rest.is_empty()
                && rest
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        }
        digits => (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
    }
}

/// Pieces between separators that stand outside quotes, last piece first.
pub(crate) struct Backwards<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Backwards<'a> {
    pub(crate) fn new(line: &'a [u8], separator: u8) -> Self {
        Self {
            rest: Some(line),
            separator,
        }
    }
}

impl<'a> Iterator for Backwards<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.rest?;
        let mut quoted = false;
        for (at, byte) in line.iter().enumerate().rev() {
            if *byte == b'"' && !is_escaped(line.get(..at).unwrap_or_default()) {
                quoted = !quoted;
            } else if *byte == self.separator && !quoted {
                self.rest = line.get(..at);
                return line.get(at.saturating_add(1)..);
            }
        }
        self.rest = None;
        Some(line)
    }
}

/// Whether an odd number of backslashes stands at the end.
fn is_escaped(before: &[u8]) -> bool {
    let slashes = before
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count();
    slashes % 2 == 1
}
