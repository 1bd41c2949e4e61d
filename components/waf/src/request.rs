//! What a transaction is told about a request and a response.

use std::net::{IpAddr, Ipv4Addr};

/// A name and a value.
pub type HeaderField<'a> = (&'a [u8], &'a [u8]);

/// The head of a request, as it came: nothing is decoded or put into another case.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`.
    pub method: &'a [u8],
    /// The request target (RFC 9112, section 3.2).
    pub uri: &'a [u8],
    /// `HTTP/1.1`.
    pub protocol: &'a [u8],
    /// The request line, where it is not the three above with a space between them.
    pub line: Option<&'a [u8]>,
    /// The header fields, in their order.
    pub headers: &'a [HeaderField<'a>],
    /// Who asks.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// The id of the request.
    pub unique_id: &'a [u8],
    /// When it came, in microseconds since 1970-01-01 00:00:00 UTC.
    pub time_us: u64,
    /// `GEO`: names in upper case (`COUNTRY_CODE`) and values.
    pub geo: &'a [HeaderField<'a>],
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            method: b"GET",
            uri: b"/",
            protocol: b"HTTP/1.1",
            line: None,
            headers: &[],
            client: Endpoint::default(),
            server: Endpoint::default(),
            unique_id: b"",
            time_us: 0,
            geo: &[],
        }
    }
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
        }
    }
}

/// The head of a response.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// `200`.
    pub status: u16,
    /// `HTTP/1.1`.
    pub protocol: &'a [u8],
    /// The header fields, in their order.
    pub headers: &'a [HeaderField<'a>],
    /// Since the request came, in microseconds: `DURATION`.
    pub duration_us: u64,
}
