//! The policy bundle: everything that `policy.wasm` decides by, compiled and free of secrets.
//!
//! A bundle is data: the host makes it from the configuration (`lockgate-compile`), the policy
//! loads it. Its bytes are a magic, a format version, a length and [`Bundle`] in postcard; behind them
//! the images of its programs may stand as they are. The same bundle gives the same bytes, so its
//! SHA-256 ([`digest`]) names it, and with it the programs, whose digests it holds.
//!
//! **Indexes.** Sites are in the order of their names, routes in the order of sites and then of
//! their file, limits in the order of their names. Host and policy speak of them by these
//! numbers, see `lockgate-wire`.
//!
//! Enums are encoded by position: new variants go to the end, and any other change of the types
//! raises [`FORMAT_VERSION`].
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod bytes;
mod plan;
mod sound;

pub use lockgate_image_address as image;
pub use lockgate_image_address::ImageRoute;

pub use bytes::{BundleError, Digest, FORMAT_VERSION, MAGIC, digest, image_digest, split};
pub use plan::{Action, Audience, KeyPart, Limit, RoutePlan, RouteSignIn};
pub use sound::ROUTE_LIMITS_MAX;

use lockgate_auth::CompiledSignIn;
use lockgate_firewall::CompiledFirewall;
use lockgate_route::CompiledRoutes;
use serde::{Deserialize, Serialize};

/// Everything that the policy needs. Secrets are in it by name only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bundle {
    /// The sites, at the index that `routes` gives them.
    pub sites: Vec<Site>,
    /// Hosts, paths and methods.
    pub routes: CompiledRoutes,
    /// What is done with the requests of each route, at the index that `routes` gives it.
    pub plans: Vec<RoutePlan>,
    /// The firewalls. Sites with the same rule files share one.
    pub firewalls: Vec<NumberedFirewall>,
    /// What inspects requests beyond their heads. Sites with the same settings share one.
    pub programs: Vec<Program>,
    /// The names of all rules of all firewalls, for records.
    pub rule_names: Vec<String>,
    /// The sign-ins.
    pub sign_ins: Vec<NamedSignIn>,
    /// The limits. Their windows belong to the host.
    pub limits: Vec<Limit>,
    /// The largest side of an output picture, in pixels.
    pub image_dimension_max: u32,
    /// Bounds of a request head, and who may speak for others.
    pub heads: Heads,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The name; stable over bundles, so it stands in cache keys and limit keys.
    pub name: String,
    /// Index in [`Bundle::firewalls`]; `None` lets everything through.
    pub firewall: Option<u16>,
    /// Index in [`Bundle::programs`]; `None` inspects nothing beyond the head.
    pub program: Option<u16>,
    /// Paths may hold `;`, which some origins read as the start of parameters.
    pub path_parameters: bool,
    /// A body whose content coding is not known, or not kept, passes rules that look at it as one that is
    /// too long; `false`: it is refused.
    pub unknown_coding_passes: bool,
}

/// A program of `lockgate-waf`. Its image stands behind the bundle, or lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// For records: where it came from.
    pub name: String,
    /// Bytes of its image.
    pub image_bytes: u32,
    /// The SHA-256 of its image.
    pub digest: [u8; 32],
}

/// A firewall, and where its rules stand among all rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedFirewall {
    /// The index of its first rule in [`Bundle::rule_names`]; the others follow.
    pub first_rule: u16,
    /// The rules.
    pub compiled: CompiledFirewall,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedSignIn {
    /// The name; stable over bundles.
    pub name: String,
    /// Keys and rules for tokens.
    pub compiled: CompiledSignIn,
}

/// Bounds of a request head, and who may speak for others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Heads {
    /// Bytes of the request target.
    pub target_bytes_max: u32,
    /// Header field lines.
    pub header_count_max: u32,
    /// Bytes of all header names and values together.
    pub header_bytes_max: u32,
    /// Trusted proxies: addresses and CIDR ranges.
    pub trusted_proxies: Vec<String>,
    /// Which field of theirs names the client.
    pub client_address_from: ClientAddressFrom,
}

/// Which field of a trusted proxy names the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ClientAddressFrom {
    /// `X-Forwarded-For`, and `Forwarded` where there is no line of it.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` alone.
    Forwarded,
}
