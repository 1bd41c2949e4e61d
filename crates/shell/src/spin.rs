//! The head of a request as the policy reads it, made of what Spin hands over to a component.
//!
//! Spin parses heads itself: names come in lower case, and the version, the order of different
//! names and the spelling of the target are not known any more.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use lockgate_wire::{HeadRanges, HeaderRange};

/// The name of the variable that stands for a secret or an origin: lower case letters, digits
/// and `_`, as Spin has them.
#[must_use]
pub fn variable_name(prefix: &str, name: &str) -> String {
    let plain = |letter: char| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '_',
    };
    format!("{prefix}_{}", name.chars().map(plain).collect::<String>())
}

/// A head and where its parts lie in it.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The bytes that all ranges point into.
    pub bytes: Bytes,
    /// Version, method, target.
    pub ranges: HeadRanges,
    /// The fields, without Spin's own.
    pub headers: Vec<HeaderRange>,
}

/// Fields that Spin adds to every request, after a client's own of the same name.
const OF_SPIN: [&str; 7] = [
    "spin-base-path",
    "spin-client-addr",
    "spin-component-route",
    "spin-full-url",
    "spin-matched-route",
    "spin-path-info",
    "spin-raw-component-route",
];

/// What all fields of path parameters start with.
const PATH_MATCH: &str = "spin-path-match-";

fn is_of_spin(name: &str) -> bool {
    OF_SPIN.contains(&name) || name.starts_with(PATH_MATCH)
}

/// The client's address: the *last* `spin-client-addr`, since Spin's own stands behind whatever
/// the client sent. A request that another component made has none, which is 0.0.0.0.
#[must_use]
pub fn client_address(fields: &[(String, Vec<u8>)]) -> SocketAddr {
    let last = fields
        .iter()
        .rev()
        .find(|(name, _)| name.eq_ignore_ascii_case("spin-client-addr"));
    last.and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok())
        .unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0))
}

impl Head {
    /// Writes a head. `authority` becomes the field `Host` where the fields have none.
    #[must_use]
    pub fn new(
        method: &str,
        target: &str,
        authority: Option<&str>,
        fields: &[(String, Vec<u8>)],
    ) -> Self {
        let size: usize = fields
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        let mut out = Vec::with_capacity(method.len() + target.len() + size + 64);
        let range = |out: &mut Vec<u8>, bytes: &[u8]| {
            let start = offset(out.len());
            out.extend_from_slice(bytes);
            (start, offset(bytes.len()))
        };
        let method = range(&mut out, method.as_bytes());
        out.push(b' ');
        let target = range(&mut out, target.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        let mut headers = Vec::with_capacity(fields.len() + 1);
        let has_host = fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = authority.filter(|_| !has_host);
        let host = host.map(|host| ("host", host.as_bytes()));
        let theirs = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .filter(|(name, _)| !is_of_spin(name));
        for (name, value) in host.into_iter().chain(theirs) {
            let (name_start, name_len) = range(&mut out, name.as_bytes());
            out.extend_from_slice(b": ");
            let (value_start, value_len) = range(&mut out, value.trim_ascii());
            out.extend_from_slice(b"\r\n");
            headers.push(HeaderRange {
                name_start,
                name_len,
                value_start,
                value_len,
            });
        }
        out.extend_from_slice(b"\r\n");
        Self {
            bytes: Bytes::from(out),
            ranges: HeadRanges {
                version: 11,
                method,
                target,
                authority: None,
            },
            headers,
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        self.slice(self.ranges.method)
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        self.slice(self.ranges.target)
    }

    /// The fields: name and value.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.headers.iter().map(|range| {
            (
                self.slice((range.name_start, range.name_len)),
                self.slice((range.value_start, range.value_len)),
            )
        })
    }

    /// The fields whose names are text, which is all of them.
    pub fn text_fields(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.fields()
            .map(|(name, value)| (std::str::from_utf8(name).unwrap_or_default(), value))
    }

    /// The first field of this name, compared without case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    fn slice(&self, (start, len): (u32, u32)) -> &[u8] {
        let start = start as usize;
        self.bytes
            .get(start..start.saturating_add(len as usize))
            .unwrap_or_default()
    }
}

/// Spin bounds a head far below 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(of: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        of.iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn the_last_address_counts() {
        let forged = fields(&[
            ("spin-client-addr", "127.0.0.1:1"),
            ("spin-client-addr", "[2001:db8::1]:443"),
        ]);
        assert_eq!(
            client_address(&forged),
            "[2001:db8::1]:443".parse().unwrap()
        );
        for none in [fields(&[]), fields(&[("spin-client-addr", "nonsense")])] {
            assert_eq!(client_address(&none), "0.0.0.0:0".parse().unwrap());
        }
    }

    #[test]
    fn the_policy_reads_the_head_without_what_spin_added() {
        let fields = fields(&[
            ("accept", " text/html "),
            ("spin-full-url", "http://a/b"),
            ("spin-path-match-id", "7"),
            ("spin-drift", "the client's own"),
            ("x-empty", ""),
        ]);
        let head = Head::new("GET", "/a?b", Some("shop.test:3000"), &fields);
        let mut input = Vec::new();
        let facts = lockgate_wire::Facts::default();
        lockgate_wire::write_input(&mut input, &facts, &head.ranges, &head.headers, &head.bytes);
        let read = lockgate_wire::Input::parse(&input).unwrap();
        assert_eq!((read.method, read.target), (&b"GET"[..], &b"/a?b"[..]));
        let read: Vec<_> = read.headers().collect();
        let expected: [(&[u8], &[u8]); 4] = [
            (b"host", b"shop.test:3000"),
            (b"accept", b"text/html"),
            (b"spin-drift", b"the client's own"),
            (b"x-empty", b""),
        ];
        assert_eq!(read, expected);
        assert_eq!(head.field("Accept"), Some(&b"text/html"[..]));
    }

    #[test]
    fn a_host_field_is_not_doubled() {
        let head = Head::new("GET", "/", Some("other"), &fields(&[("host", "shop.test")]));
        assert_eq!(head.fields().count(), 1);
        assert_eq!(head.field("host"), Some(&b"shop.test"[..]));
    }
}
