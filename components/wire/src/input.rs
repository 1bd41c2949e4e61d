//! The input of one decision: a request head and the facts that the policy may know.
//!
//! ```text
//! u8   layout version
//! u8   flags: 1 TLS, 2 HTTP/2, 4 signature work is granted, 8 claims are remembered,
//!      16 the head has an :authority, 32 the client sent SNI, 64 the request has a body,
//!      128 that is not going to be read
//! u8   HTTP version: 10, 11 or 20
//! u64  clock, milliseconds since the Unix epoch
//! 16 B peer address (IPv4 as ::ffff:a.b.c.d)      u16 peer port
//! u32  n, SNI                                      n bytes
//! u32  n, remembered claims                        n bytes
//! 16 B address that the place is of       2 B country (0 0: not known)       u32 AS (0: not known)
//! u32  n, fingerprint of the TLS hello             n bytes
//! u8   n, answers to rate charges: n times u8 (1: over the limit)
//! u32  start, u32 length: method      in the head
//! u32  start, u32 length: target      in the head (HTTP/2: :path)
//! u32  start, u32 length: :authority  in the head (HTTP/2 only)
//! u16  n, headers: n times u32 name start, u32 name length, u32 value start, u32 value length
//! the head: HTTP/1 as it came over the wire; HTTP/2 pseudo-headers and fields, joined
//! ```

use crate::cursor::{Cursor, put_bytes};
use crate::{LAYOUT_VERSION, WireError};

const FLAG_TLS: u8 = 1;
const FLAG_H2: u8 = 2;
const FLAG_GRANTED: u8 = 4;
const FLAG_REMEMBERED: u8 = 8;
const FLAG_AUTHORITY: u8 = 16;
const FLAG_SNI: u8 = 32;
const FLAG_BODY: u8 = 64;
const FLAG_UNREAD: u8 = 128;
const HEADER_ENTRY_BYTES: usize = 16;
/// The most answers to charges.
const OVER_MAX: usize = u8::MAX as usize;

/// Where one header field lies in the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeaderRange {
    /// Offset of the field name.
    pub name_start: u32,
    /// Bytes of the field name.
    pub name_len: u32,
    /// Offset of the field value, outer white space trimmed.
    pub value_start: u32,
    /// Bytes of the field value.
    pub value_len: u32,
}

/// What the host tells the policy besides the head.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The clock, milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// The address of the TCP peer, or the one that PROXY protocol named; IPv4 mapped.
    pub peer: [u8; 16],
    /// Its port.
    pub peer_port: u16,
    /// The connection is encrypted.
    pub tls: bool,
    /// The request came over HTTP/2.
    pub http2: bool,
    /// The server name of the TLS handshake (RFC 6066 §3), lower case.
    pub sni: Option<&'a str>,
    /// The claims that the policy gave for this very token earlier, see
    /// [`crate::Plan::remember`].
    pub remembered: Option<&'a [u8]>,
    /// The host has charged the budget for signatures not seen before: the policy may verify now.
    pub signature_granted: bool,
    /// The request has a body.
    pub body: bool,
    /// It is not going to be read: the request ends here, and rules that wait for the body do so in vain.
    pub body_unread: bool,
    /// Where a client is; that of another address than the client's is not used.
    pub place: Place,
    /// The fingerprint of the TLS hello; empty where it is not known.
    pub tls_fingerprint: &'a [u8],
    /// Whether the first of the charges that an earlier verdict on this request told
    /// ([`crate::Seen::charges`]) are over their limits, in their order; at most 255.
    pub over: &'a [bool],
}

/// Where an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The address, IPv4 mapped.
    pub address: [u8; 16],
    /// The country, two capital letters (ISO 3166-1).
    pub country: Option<[u8; 2]>,
    /// The number of the autonomous system; 0 is reserved (RFC 7607).
    pub asn: Option<u32>,
}

/// The parts of the head that are not header fields, as ranges in it: (start, length).
#[derive(Debug, Clone, Copy, Default)]
pub struct HeadRanges {
    /// HTTP version: 10, 11 or 20.
    pub version: u8,
    /// The method.
    pub method: (u32, u32),
    /// The request target; in HTTP/2 `:path`.
    pub target: (u32, u32),
    /// `:authority`, in HTTP/2 only.
    pub authority: Option<(u32, u32)>,
}

/// Writes an input into `out`, which is cleared first so that one buffer serves many requests.
pub fn write_input(
    out: &mut Vec<u8>,
    facts: &Facts<'_>,
    ranges: &HeadRanges,
    headers: &[HeaderRange],
    head: &[u8],
) {
    out.clear();
    out.reserve(96 + headers.len() * HEADER_ENTRY_BYTES + head.len());
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    out.push(LAYOUT_VERSION);
    out.push(
        flag(facts.tls, FLAG_TLS)
            | flag(facts.http2, FLAG_H2)
            | flag(facts.signature_granted, FLAG_GRANTED)
            | flag(facts.remembered.is_some(), FLAG_REMEMBERED)
            | flag(ranges.authority.is_some(), FLAG_AUTHORITY)
            | flag(facts.sni.is_some(), FLAG_SNI)
            | flag(facts.body, FLAG_BODY)
            | flag(facts.body_unread, FLAG_UNREAD),
    );
    out.push(ranges.version);
    out.extend_from_slice(&facts.now_ms.to_le_bytes());
    out.extend_from_slice(&facts.peer);
    out.extend_from_slice(&facts.peer_port.to_le_bytes());
    put_bytes(out, facts.sni.unwrap_or_default().as_bytes());
    put_bytes(out, facts.remembered.unwrap_or_default());
    let place = facts.place;
    out.extend_from_slice(&place.address);
    out.extend_from_slice(&place.country.unwrap_or_default());
    out.extend_from_slice(&place.asn.unwrap_or_default().to_le_bytes());
    put_bytes(out, facts.tls_fingerprint);
    let over = facts.over.get(..OVER_MAX).unwrap_or(facts.over);
    out.push(u8::try_from(over.len()).unwrap_or(u8::MAX));
    out.extend(over.iter().copied().map(u8::from));
    for (start, len) in [
        ranges.method,
        ranges.target,
        ranges.authority.unwrap_or_default(),
    ] {
        out.extend_from_slice(&start.to_le_bytes());
        out.extend_from_slice(&len.to_le_bytes());
    }
    out.extend_from_slice(
        &u16::try_from(headers.len())
            .unwrap_or(u16::MAX)
            .to_le_bytes(),
    );
    for header in headers {
        let mut entry = [0_u8; HEADER_ENTRY_BYTES];
        let numbers = [
            header.name_start,
            header.name_len,
            header.value_start,
            header.value_len,
        ];
        for (slot, number) in entry.chunks_exact_mut(4).zip(numbers) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&entry);
    }
    out.extend_from_slice(head);
}

/// Marks an input that was written earlier as granted to verify a signature.
///
/// # Errors
/// [`WireError::Truncated`] where the buffer is no input.
pub fn grant_signature(input: &mut [u8]) -> Result<(), WireError> {
    mark(input, FLAG_GRANTED)
}

/// Marks an input that was written earlier as that of a request whose body is not going to be read.
///
/// # Errors
/// [`WireError::Truncated`] where the buffer is no input.
pub fn leave_unread(input: &mut [u8]) -> Result<(), WireError> {
    mark(input, FLAG_UNREAD)
}

fn mark(input: &mut [u8], flag: u8) -> Result<(), WireError> {
    match input {
        [LAYOUT_VERSION, flags, ..] => {
            *flags |= flag;
            Ok(())
        }
        [version, _, ..] => Err(WireError::Version(*version)),
        _ => Err(WireError::Truncated("flags")),
    }
}

/// A checked view of an input.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    flags: u8,
    /// HTTP version: 10, 11 or 20.
    pub version: u8,
    /// The clock, milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// The peer's address, IPv4 mapped.
    pub peer: [u8; 16],
    /// The peer's port.
    pub peer_port: u16,
    sni: &'a [u8],
    remembered: &'a [u8],
    /// Where an address is, perhaps the client's.
    pub place: Place,
    /// The fingerprint of the TLS hello; empty where it is not known.
    pub tls_fingerprint: &'a [u8],
    over: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The request target as it came.
    pub target: &'a [u8],
    authority: &'a [u8],
    headers: &'a [u8],
    head: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads an input.
    ///
    /// # Errors
    /// [`WireError`] where the bytes are not one.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        let layout = cursor.u8("version")?;
        if layout != LAYOUT_VERSION {
            return Err(WireError::Version(layout));
        }
        let flags = cursor.u8("flags")?;
        let version = cursor.u8("HTTP version")?;
        let now_ms = cursor.u64("clock")?;
        let peer = cursor.array("peer")?;
        let peer_port = cursor.u16("peer port")?;
        let sni = cursor.bytes("SNI")?;
        let remembered = cursor.bytes("claims")?;
        let address = cursor.array("place")?;
        let country: [u8; 2] = cursor.array("country")?;
        let asn = cursor.u32("autonomous system")?;
        let tls_fingerprint = cursor.bytes("TLS fingerprint")?;
        let answered = usize::from(cursor.u8("charges")?);
        let over = cursor.take(answered, "charges")?;
        let mut ranges = [(0_u32, 0_u32); 3];
        for range in &mut ranges {
            *range = (cursor.u32("range")?, cursor.u32("range")?);
        }
        let [method, target, authority] = ranges;
        let count = usize::from(cursor.u16("header count")?);
        let headers = cursor.take(count * HEADER_ENTRY_BYTES, "headers")?;
        let head = cursor.rest();
        let within =
            |(start, len): (u32, u32), what| slice(head, start, len).ok_or(WireError::Range(what));
        let input = Self {
            flags,
            version,
            now_ms,
            peer,
            peer_port,
            sni,
            remembered,
            place: Place {
                address,
                country: (country != [0; 2]).then_some(country),
                asn: (asn != 0).then_some(asn),
            },
            tls_fingerprint,
            over,
            method: within(method, "the method")?,
            target: within(target, "the target")?,
            authority: within(authority, "the authority")?,
            headers,
            head,
        };
        let fits = |start: u32, len: u32| u64::from(start) + u64::from(len) <= head.len() as u64;
        let all_fit = input.header_ranges().all(|range| {
            fits(range.name_start, range.name_len) && fits(range.value_start, range.value_len)
        });
        if !all_fit {
            return Err(WireError::Range("a header"));
        }
        Ok(input)
    }

    /// The connection is encrypted.
    #[must_use]
    pub fn tls(&self) -> bool {
        self.flags & FLAG_TLS != 0
    }

    /// The request came over HTTP/2.
    #[must_use]
    pub fn http2(&self) -> bool {
        self.flags & FLAG_H2 != 0
    }

    /// The policy may verify a signature in this call.
    #[must_use]
    pub fn signature_granted(&self) -> bool {
        self.flags & FLAG_GRANTED != 0
    }

    /// Claims that were verified earlier for this very token.
    #[must_use]
    pub fn remembered(&self) -> Option<&'a [u8]> {
        (self.flags & FLAG_REMEMBERED != 0).then_some(self.remembered)
    }

    /// The request has a body.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.flags & FLAG_BODY != 0
    }

    /// The body is not going to be read.
    #[must_use]
    pub fn body_unread(&self) -> bool {
        self.flags & FLAG_UNREAD != 0
    }

    /// Whether the first charges of this request are over their limits, in their order.
    pub fn over(&self) -> impl ExactSizeIterator<Item = bool> + use<'a> {
        self.over.iter().map(|over| *over != 0)
    }

    /// `:authority` of an HTTP/2 request.
    #[must_use]
    pub fn authority(&self) -> Option<&'a [u8]> {
        (self.flags & FLAG_AUTHORITY != 0).then_some(self.authority)
    }

    /// The server name of the TLS handshake.
    #[must_use]
    pub fn sni(&self) -> Option<&'a [u8]> {
        (self.flags & FLAG_SNI != 0).then_some(self.sni)
    }

    /// The header fields in wire order and case: (name, value).
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone + use<'a> {
        let head = self.head;
        self.header_ranges()
            .filter_map(move |range| field(head, &range))
    }

    /// How many header fields there are.
    #[must_use]
    pub fn header_count(&self) -> usize {
        self.headers.len() / HEADER_ENTRY_BYTES
    }

    fn header_ranges(&self) -> impl Iterator<Item = HeaderRange> + Clone + use<'a> {
        self.headers
            .as_chunks::<HEADER_ENTRY_BYTES>()
            .0
            .iter()
            .map(|entry| {
                let (numbers, _) = entry.as_chunks::<4>();
                let mut numbers = numbers.iter().map(|number| u32::from_le_bytes(*number));
                let mut next = || numbers.next().unwrap_or_default();
                HeaderRange {
                    name_start: next(),
                    name_len: next(),
                    value_start: next(),
                    value_len: next(),
                }
            })
    }
}

#[inline]
fn slice(head: &[u8], start: u32, len: u32) -> Option<&[u8]> {
    head.get(start as usize..)?.get(..len as usize)
}

#[inline]
fn field<'a>(head: &'a [u8], range: &HeaderRange) -> Option<(&'a [u8], &'a [u8])> {
    Some((
        slice(head, range.name_start, range.name_len)?,
        slice(head, range.value_start, range.value_len)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> (Vec<u8>, &'static [u8]) {
        let head = b"GET /a?b=c HTTP/1.1\r\nHost: shop\r\nX-Empty: \r\n\r\n";
        let ranges = HeadRanges {
            version: 11,
            method: (0, 3),
            target: (4, 6),
            authority: None,
        };
        let headers = [
            HeaderRange {
                name_start: 21,
                name_len: 4,
                value_start: 27,
                value_len: 4,
            },
            HeaderRange {
                name_start: 33,
                name_len: 7,
                value_start: 42,
                value_len: 0,
            },
        ];
        let facts = Facts {
            now_ms: 7,
            peer: [9; 16],
            peer_port: 1234,
            tls: true,
            sni: Some("shop"),
            remembered: Some(b"claims"),
            body: true,
            place: Place {
                address: [9; 16],
                country: Some(*b"AT"),
                asn: Some(64_500),
            },
            tls_fingerprint: b"t13d",
            over: &[false, true],
            ..Facts::default()
        };
        let mut out = Vec::new();
        write_input(&mut out, &facts, &ranges, &headers, head);
        (out, head)
    }

    #[test]
    fn what_is_written_is_read() {
        let (bytes, _) = sample();
        let input = Input::parse(&bytes).expect("own output");
        assert_eq!(input.method, b"GET");
        assert_eq!(input.target, b"/a?b=c");
        assert_eq!(input.sni(), Some(&b"shop"[..]));
        assert_eq!(input.remembered(), Some(&b"claims"[..]));
        assert_eq!(input.authority(), None);
        assert_eq!(input.place.country, Some(*b"AT"));
        assert_eq!(input.place.asn, Some(64_500));
        assert_eq!(input.tls_fingerprint, b"t13d");
        assert_eq!(input.over().collect::<Vec<_>>(), [false, true]);
        assert!(input.has_body());
        assert!(input.tls() && !input.http2() && !input.signature_granted());
        let headers: Vec<_> = input.headers().collect();
        assert_eq!(headers, [(&b"Host"[..], &b"shop"[..]), (b"X-Empty", b"")]);
    }

    #[test]
    fn a_grant_changes_only_its_flag() {
        let (mut bytes, _) = sample();
        grant_signature(&mut bytes).expect("an input");
        let input = Input::parse(&bytes).expect("still an input");
        assert!(input.signature_granted());
        assert_eq!(input.target, b"/a?b=c");
        assert_eq!(grant_signature(&mut []), Err(WireError::Truncated("flags")));
    }

    #[test]
    fn a_body_that_is_left_unread_is_still_one() {
        let (mut bytes, _) = sample();
        assert!(!Input::parse(&bytes).expect("own output").body_unread());
        leave_unread(&mut bytes).expect("an input");
        let input = Input::parse(&bytes).expect("still an input");
        assert!(input.has_body() && input.body_unread() && !input.signature_granted());
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(input) = Input::parse(&bytes) {
                prop_assert_eq!(input.headers().count(), input.header_count());
            }
        }

        #[test]
        fn a_damaged_input_never_panics(at in 0_usize..300, byte in any::<u8>(), cut in 0_usize..300) {
            let (mut bytes, _) = sample();
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            bytes.truncate(cut);
            if let Ok(input) = Input::parse(&bytes) {
                let _ = input.headers().count();
            }
        }
    }
}
