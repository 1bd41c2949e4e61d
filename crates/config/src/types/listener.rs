//! Where the gate listens.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AdminToken;

/// Sockets that accept requests in the same way.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Addresses to listen on, `ADDRESS:PORT` each; an IPv6 address stands in brackets.
    #[schemars(length(min = 1), extend("x-format" = "socket-address"))]
    pub addresses: Vec<SocketAddr>,
    /// Whether connections speak TLS, with the certificates of the sites.
    #[serde(default)]
    pub tls: bool,
    /// Whether every connection opens with a PROXY protocol header, version 2. One without it is
    /// closed.
    #[serde(default)]
    pub proxy_protocol: bool,
    /// Whether HTTP/2 is offered: by ALPN with TLS, by prior knowledge without.
    #[serde(default = "yes")]
    pub http2: bool,
}

fn yes() -> bool {
    true
}

/// The address for those who run the gate.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Address of liveness, readiness and metrics. Keep it away from the public.
    #[schemars(extend("x-format" = "socket-address"))]
    pub address: SocketAddr,
    /// Tokens of those who may see and change the rules there, and why requests were refused, by name: the name
    /// stands in versions and in the audit log. Versions are there where `rule_versions` is set.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub tokens: BTreeMap<String, AdminToken>,
}
