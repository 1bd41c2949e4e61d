//! One canonical form of everything that later stages look at.
//!
//! Firewall, routing, cache key and origin must see the same path, query, host and client, or a
//! request can be one thing to the gate and another to the origin. Each module takes raw bytes
//! and gives the canonical form or a [`NormaliseError`] with a stable code:
//!
//! - [`target`]: the request target (RFC 9112 §3.2): form, [`path`], [`query`].
//! - [`host`]: the one host that the request is for.
//! - [`headers`]: one pass over the fields, with the ones that the gate uses.
//! - [`client`]: the client's address behind trusted [`proxies`].
//! - [`accept`]: which image formats the client takes.
//!
//! [`request::normalise`] does all but the last in the order that the policy needs.
//! A request whose form is canonical already (nearly every one) is borrowed, not copied.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod accept;
mod bytes;
pub mod client;
mod error;
mod field;
mod forwarded;
pub mod headers;
pub mod host;
mod limits;
pub mod path;
pub mod percent;
pub mod proxies;
pub mod query;
pub mod request;
pub mod target;
mod utf8;

pub use accept::{ImageAccept, ImageFormat};
pub use client::{Believe, Client, Source};
pub use error::NormaliseError;
pub use field::Field;
pub use headers::Headers;
pub use host::{Host, HostKind};
pub use limits::Limits;
pub use proxies::{ProxyError, TrustedProxies};
pub use request::{Canonical, RawHead, Settings, normalise};
pub use target::{Scheme, Target, TargetForm};
