//! Which site and which route a request belongs to.
//!
//! [`RouteTableBuilder`] takes sites and patterns, says what is wrong with them, and gives
//! [`CompiledRoutes`], which is data for the policy bundle. [`Routes`] loads that and answers
//! requests without allocating. Both sides speak of the canonical host and path of
//! `lockgate-normalise`, so nothing matches here that another stage sees differently.
//!
//! **Patterns.** `/products/{id}` matches one segment that is not empty; `/img/{*rest}` matches
//! whatever follows `/img/`, be it nothing or many segments, but not `/img` itself. A trailing
//! slash counts: `/a` and `/a/` are two paths. Patterns may be written as people write paths
//! (`/café`, `/%7Euser`); they are brought into canonical form like requests. Paths are matched
//! percent-encoded, and so are the values of [`Params`]; [`Params::decoded`] gives the text.
//!
//! **Order.** A static segment beats a parameter, a parameter beats a catch-all, segment by
//! segment from the left; where the better branch leads nowhere, the next one is tried. The path
//! decides first and the method second: where the best pattern does not have the method, the
//! answer is [`RouteMatch::MethodNotAllowed`], never a worse pattern, so that a wide fallback
//! does not undo a narrow route. GET includes HEAD.
//!
//! **Hosts.** An exact host beats `*.example.com`, which matches one label or more in front; of
//! several such wildcards the longest counts.
//!
//! Why not `matchit`: see [`Routes`].
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod builder;
mod compiled;
mod edges;
mod error;
mod method;
mod params;
mod pattern;
mod routes;

pub use builder::RouteTableBuilder;
pub use compiled::{CompiledRoutes, LoadError, RouteIndex, SiteIndex};
pub use error::{HostFault, PatternFault, RouteError};
pub use method::Allowed;
pub use params::Params;
pub use routes::{RouteMatch, Routes};

/// Parameters in one pattern.
pub const PARAMS_MAX: usize = 8;
/// Segments in one pattern.
pub const SEGMENTS_MAX: usize = 32;
/// Different method names in one table, HEAD and the like included.
pub const METHODS_MAX: usize = 64;
