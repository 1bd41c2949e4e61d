//! Connections: sockets, TLS, PROXY protocol.

mod ja4;
pub mod listener;
pub mod proxy_protocol;
pub mod stream;
pub mod tls;

pub use listener::Listeners;
pub use stream::{Reader, Writer};
pub use tls::{Certificates, Tls};
