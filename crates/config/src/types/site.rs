//! A site, and what sites name: rate limits and image presets.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HostPattern, Route};

/// A site: host names, certificate, rules and routes of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Host names without port: exact, or with a leading `*.` for every name below.
    #[schemars(length(min = 1))]
    pub hosts: Vec<HostPattern>,
    /// PEM file with the certificate chain, the site's own certificate first.
    #[serde(default)]
    #[schemars(extend("x-path" = "certificate"))]
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key of the certificate.
    #[serde(default)]
    #[schemars(extend("x-path" = "private-key"))]
    pub private_key: Option<PathBuf>,
    /// Rule files. Their rules are tried together, by priority.
    #[serde(default)]
    #[schemars(extend("x-path" = "rules"))]
    pub rules: Vec<PathBuf>,
    /// Rate limits of every route of the site.
    #[serde(default)]
    #[schemars(extend("x-ref" = "rate_limits", "uniqueItems" = true))]
    pub rate_limits: Vec<String>,
    /// What becomes of a path with `;` in it, such as `/orders;x=1`.
    #[serde(default)]
    pub path_parameters: PathParameters,
    /// What the site answers, by path and method. The most exact path wins.
    #[serde(default)]
    pub routes: Vec<Route>,
}

/// What becomes of a path with `;` in it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathParameters {
    /// The answer is 400. Servlet containers cut `;x=1` off, so such a path would take one route
    /// here and be another resource there.
    #[default]
    Refuse,
    /// It is a path like any other, for origins that read it so.
    Forward,
}

/// A rate limit: how many requests each client, token, route or site may make. Sites that share
/// a limit are counted each for itself.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// What requests are counted by. Several: by each combination.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub key: Vec<RateKey>,
    /// The windows. A request must fit into all of them, or it is charged to none: 429.
    #[schemars(length(min = 1, max = 8))]
    pub windows: Vec<RateWindow>,
}

/// What requests are counted by.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RateKey {
    /// The client's address; of IPv6 the first 64 bits.
    Client,
    /// The subject (`sub`) of the verified token.
    Token,
    /// The route.
    Route,
    /// The site.
    Site,
}

/// One window of a rate limit.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateWindow {
    /// Requests in the window.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub requests: u32,
    /// Length of the window, in seconds.
    #[schemars(range(min = 1, max = 31_536_000))]
    pub per_s: u32,
    /// Most requests at one moment. Without it: as many as `requests`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub burst: Option<u32>,
}
