//! Decisions of an HTTP cache (RFC 9111), without its storage and without a clock.
//!
//! The order of use, each a pure function:
//!
//! 1. [`RequestInfo::read`] reads a request's head once.
//! 2. [`vary::secondary_key`] chooses among the stored responses of a URL.
//! 3. [`lookup`] says whether the stored response may answer, or why the request goes on.
//! 4. [`conditional`] says whether the answer is a 304.
//! 5. [`ResponseInfo::read`] and [`storable`] say whether an origin's response may be stored, and
//!    for how long it is fresh.
//! 6. [`CacheStatus`] tells the client what happened (RFC 9211).
//!
//! Fields come in as `(name, value)` pairs with names in any case, so that an `http::HeaderMap`
//! (`map.iter().map(|(n, v)| (n.as_str(), v.as_bytes()))`) and a raw head serve alike. Times are
//! milliseconds since 1970, handed in. Values are an attacker's: nothing here panics, and what
//! cannot be understood makes a response less cacheable, never more.
//!
//! Not here yet: heuristic freshness, serving stale, validation with the origin, invalidation,
//! ranges, and targeted Cache-Control (RFC 9213).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::arithmetic_side_effects
    )
)]

mod cache_status;
mod conditional;
mod date;
mod directives;
mod freshness;
mod list;
mod lookup;
mod message;
mod store;
pub mod vary;

pub use cache_status::{CacheStatus, Forwarded};
pub use conditional::{Answer, Validators, conditional};
pub use date::http_date_s;
pub use directives::CacheControl;
pub use freshness::{Exchange, Freshness};
pub use lookup::{Lookup, lookup};
pub use message::{Expires, RequestInfo, ResponseInfo};
pub use store::{Audience, Refusal, RoutePolicy, Storable, storable};
