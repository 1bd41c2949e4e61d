//! HTTP/2 on the client's side (RFC 9113), on the `h2` crate.
//!
//! `h2` keeps the protocol's state; what it has no limit for (floods of control frames, resets
//! over the life of a connection, windows that stay closed) is limited here.

mod body;
mod connection;
mod head;
mod meter;
mod respond;
mod transport;

pub use body::Http2Body;
pub use connection::serve;
