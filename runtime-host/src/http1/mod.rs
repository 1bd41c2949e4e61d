//! HTTP/1.0 and 1.1 on the client's side.
//!
//! Heads are parsed by httparse and kept raw: the firewall must see what was sent, and a head
//! that is refused still gets problem JSON, a request id and a record, which hyper's server
//! does not allow (`docs/adr/0003-http1.md`).

mod body;
mod chunked;
mod connection;
mod framing;
mod parse;
mod write;

pub use body::Http1Body;
pub use connection::{Settings, serve, turn_away};
pub use framing::{Framing, request_framing};
pub use parse::{HeadError, HeadLimits, parse_head};

/// What a client that speaks HTTP/2 without TLS negotiation sends first (RFC 9113 §3.4).
pub const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
