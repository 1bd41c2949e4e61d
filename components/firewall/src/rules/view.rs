//! What the firewall looks at, as the caller hands it over.

use std::net::{IpAddr, Ipv4Addr};

/// A request. The firewall borrows it; nothing is copied that no rule asks for.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The method, as sent.
    pub method: &'a [u8],
    /// The host without port, lower case.
    pub host: &'a [u8],
    /// The canonical path.
    pub path: &'a [u8],
    /// The request target as it was sent.
    pub target: &'a [u8],
    /// What stands behind the first `?`; `None` without one.
    pub query: Option<&'a [u8]>,
    /// The header lines in the order of sending, names in any case, without pseudo-headers.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// The client's address, as the trusted proxies tell it. IPv4-mapped IPv6 counts as IPv4.
    pub client_ip: IpAddr,
    /// The client's country, two capital letters (ISO 3166-1), where the host knows it.
    pub country: Option<[u8; 2]>,
    /// The number of the client's autonomous system, where the host knows it.
    pub asn: Option<u32>,
    /// The fingerprint of the TLS hello, where the host knows it.
    pub tls_fingerprint: Option<&'a [u8]>,
    /// The clock, seconds since the Unix epoch.
    pub now_s: u64,
    /// The body.
    pub body: Body<'a>,
    /// The host's answers to the first [`super::Charge`]s of an earlier decision on this request, in their
    /// order: whether the count is over its limit. Charges without an answer are taken as within it.
    pub over: &'a [bool],
}

/// What is there of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// The request has none.
    Absent,
    /// It was not read yet. A decision that depends on it is [`super::Decision::waiting`].
    Later,
    /// It is not going to be read. A rule whose answer depends on it does not match, and the rules behind it
    /// have their say; whether they have its labels is not known either.
    Never,
    /// It was read.
    Here {
        /// The body, or its start: as many bytes as [`super::Firewall::body_bytes_max`] says.
        bytes: &'a [u8],
        /// There is more than `bytes`.
        truncated: bool,
    },
}

impl View<'_> {
    /// `GET /` without anything else, from 192.0.2.1, at the Unix epoch: to start from.
    #[must_use]
    pub fn empty() -> Self {
        View {
            method: b"GET",
            host: b"",
            path: b"/",
            target: b"/",
            query: None,
            headers: &[],
            client_ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            country: None,
            asn: None,
            tls_fingerprint: None,
            now_s: 0,
            body: Body::Absent,
            over: &[],
        }
    }

    /// The value of the first header line of this name; the name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut lines = self.headers.iter();
        let line = lines.find(|(given, _)| given.eq_ignore_ascii_case(name.as_bytes()));
        line.map(|(_, value)| *value)
    }
}
