//! Requests as Spin hands them over, and as the policy is asked of them.

use std::net::{IpAddr, SocketAddr};

use lockgate_shell::spin::Head;
use lockgate_wire::{Facts, write_input};
use wasip3::http::types::Method;

/// Who sent a request, and how.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The address of the connection.
    pub address: SocketAddr,
    /// The connection is encrypted.
    pub tls: bool,
}

/// What the policy is asked: the head, and what it may know besides. `remembered` are the claims of
/// a token whose signature was verified before.
#[must_use]
pub fn input(
    head: &Head,
    peer: Peer,
    now_ms: u64,
    body: bool,
    remembered: Option<&[u8]>,
) -> Vec<u8> {
    let facts = Facts {
        now_ms,
        peer: match peer.address.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        },
        peer_port: peer.address.port(),
        tls: peer.tls,
        remembered,
        body,
        ..Facts::default()
    };
    let mut input = Vec::new();
    write_input(&mut input, &facts, &head.ranges, &head.headers, &head.bytes);
    input
}

/// The name of a method.
#[must_use]
pub fn method_name(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
}

/// Whether there is a body: by its length, and without one by the method, since Spin does not show
/// how a body is framed.
#[must_use]
pub fn has_body(method: &Method, head: &Head) -> bool {
    match head.field("content-length") {
        Some(length) => length != b"0",
        None => !matches!(
            method,
            Method::Get | Method::Head | Method::Options | Method::Trace | Method::Delete
        ),
    }
}
