//! The client's address behind trusted proxies.
//!
//! From a peer that is not trusted the forwarding fields are ignored: the client is the peer.
//! Otherwise the elements are walked from the right, which is the end that the nearest proxy
//! wrote. As long as the address is that of a trusted proxy, the element left of it was written
//! by that proxy and may be believed; the first address that is not trusted is the client.
//! An element that names no address (`unknown`, `_hidden`, garbage) ends the walk at the last
//! trusted hop, so that a client cannot choose an address by writing nonsense.
//!
//! **Both fields present:** `X-Forwarded-For` wins ([`Believe::Either`]). Every common proxy
//! appends to `X-Forwarded-For` and passes `Forwarded` on untouched, so a `Forwarded` beside it
//! is likely the client's own. Where the proxies write `Forwarded` only, the client can forge
//! the other one: say [`Believe::Forwarded`] then, which ignores `X-Forwarded-For`.

use std::net::IpAddr;

use crate::TrustedProxies;
use crate::forwarded::{self, Backwards};

/// Lines of one field that are looked at; of more, the last ones.
pub const LINES_MAX: usize = 8;

/// Which field names the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Believe {
    /// `X-Forwarded-For`, and `Forwarded` only where there is no line of it.
    #[default]
    Either,
    /// `X-Forwarded-For` only.
    XForwardedFor,
    /// `Forwarded` only (RFC 7239).
    Forwarded,
}

/// Where the address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The connection: the peer is not trusted, or no field names another one.
    Peer,
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded`.
    Forwarded,
}

/// Who sends the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address; never an IPv4-mapped one.
    pub address: IpAddr,
    /// The direct peer is a trusted proxy: its request id and trace context may be kept.
    pub peer_trusted: bool,
    /// Trusted addresses that were walked through, the peer included.
    pub hops: usize,
    /// Where the address comes from.
    pub source: Source,
    /// The walk ended at an element without an address, or at the limit of hops: the address is
    /// that of the last trusted proxy.
    pub cut_short: bool,
}

impl Client {
    /// The peer itself, for requests whose fields cannot be read.
    #[must_use]
    pub fn peer(peer: IpAddr, proxies: &TrustedProxies) -> Self {
        let peer_trusted = proxies.contains(peer);
        Self {
            address: peer.to_canonical(),
            peer_trusted,
            hops: usize::from(peer_trusted),
            source: Source::Peer,
            cut_short: false,
        }
    }

    /// Finds the client. `x_forwarded_for` and `forwarded` are the lines of these fields in wire
    /// order; at most `hops_max` elements are looked at.
    #[must_use]
    pub fn find(
        peer: IpAddr,
        proxies: &TrustedProxies,
        believe: Believe,
        hops_max: usize,
        x_forwarded_for: &[&[u8]],
        forwarded: &[&[u8]],
    ) -> Self {
        let client = Self::peer(peer, proxies);
        if !client.peer_trusted {
            return client;
        }
        let old = believe != Believe::Forwarded && !x_forwarded_for.is_empty();
        let new = believe != Believe::XForwardedFor && !forwarded.is_empty();
        if old {
            let elements = x_forwarded_for
                .iter()
                .rev()
                .flat_map(|line| line.rsplit(|byte| *byte == b','));
            client.walk(
                proxies,
                hops_max,
                Source::XForwardedFor,
                elements,
                forwarded::x_forwarded_for,
            )
        } else if new {
            let elements = forwarded
                .iter()
                .rev()
                .flat_map(|line| Backwards::new(line, b','));
            client.walk(
                proxies,
                hops_max,
                Source::Forwarded,
                elements,
                forwarded::forwarded,
            )
        } else {
            client
        }
    }

    fn walk<'a>(
        mut self,
        proxies: &TrustedProxies,
        hops_max: usize,
        source: Source,
        elements: impl Iterator<Item = &'a [u8]>,
        read: impl Fn(&[u8]) -> Option<IpAddr>,
    ) -> Self {
        for (index, element) in elements.enumerate() {
            if index >= hops_max {
                self.cut_short = true;
                return self;
            }
            // RFC 9110 §5.6.1: empty list elements mean nothing.
            if crate::bytes::trim(element).is_empty() {
                continue;
            }
            let Some(address) = read(element) else {
                self.cut_short = true;
                return self;
            };
            self.address = address;
            self.source = source;
            if !proxies.contains(address) {
                return self;
            }
            self.hops = self.hops.saturating_add(1);
        }
        self
    }
}

/// The last lines of a field, at most [`LINES_MAX`].
#[derive(Debug, Clone, Copy, Default)]
pub struct LastLines<'a> {
    lines: [&'a [u8]; LINES_MAX],
    count: usize,
}

impl<'a> LastLines<'a> {
    /// The lines in wire order.
    #[must_use]
    pub fn as_slice(&self) -> &[&'a [u8]] {
        self.lines.get(..self.count).unwrap_or_default()
    }
}

impl<'a> FromIterator<&'a [u8]> for LastLines<'a> {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(lines: I) -> Self {
        let mut last = Self::default();
        for line in lines {
            if last.count == LINES_MAX {
                last.lines.rotate_left(1);
                last.count = LINES_MAX.saturating_sub(1);
            }
            if let Some(slot) = last.lines.get_mut(last.count) {
                *slot = line;
                last.count = last.count.saturating_add(1);
            }
        }
        last
    }
}
