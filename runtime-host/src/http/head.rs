//! A request head, as it came: bytes and the ranges of its parts.

use bytes::Bytes;
use lockgate_wire::{HeadRanges, HeaderRange};

/// A request head of either version. HTTP/1: the bytes of the wire. HTTP/2: the pseudo-headers
/// and fields joined, since there is no head on that wire.
#[derive(Debug, Clone, Default)]
pub struct RequestHead {
    /// The bytes that all ranges point into.
    pub bytes: Bytes,
    /// Version, method, target and authority.
    pub ranges: HeadRanges,
    /// The header fields in wire order and case.
    pub headers: Vec<HeaderRange>,
}

impl RequestHead {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        self.slice(self.ranges.method)
    }

    /// The request target as it came.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        self.slice(self.ranges.target)
    }

    /// `:authority` of HTTP/2.
    #[must_use]
    pub fn authority(&self) -> Option<&[u8]> {
        self.ranges.authority.map(|range| self.slice(range))
    }

    /// The fields: (name, value).
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.headers.iter().map(|range| {
            (
                self.slice((range.name_start, range.name_len)),
                self.slice((range.value_start, range.value_len)),
            )
        })
    }

    /// The first field of this name, compared without case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Whether a list field of this name holds `token` (RFC 9110 §5.6.1), without case.
    #[must_use]
    pub fn field_has_token(&self, name: &str, token: &str) -> bool {
        self.fields()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .any(|(_, value)| {
                value
                    .split(|byte| *byte == b',')
                    .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
            })
    }

    fn slice(&self, (start, len): (u32, u32)) -> &[u8] {
        let start = start as usize;
        self.bytes
            .get(start..start.saturating_add(len as usize))
            .unwrap_or_default()
    }
}
