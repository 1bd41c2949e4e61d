//! The whole of `gateway.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Admin, Cache, Geo, ImagePool, ImagePreset, ImageWatermark, Listener, OriginServer, Policy,
    RateLimit, Record, RuleVersions, Secret, Server, SignIn, Site,
};

/// `gateway.toml`: what the gate listens on, which sites it serves and what it may use for it.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Version of the format. Must be 1.
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// Where the gate accepts connections, by name.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub listeners: BTreeMap<String, Listener>,
    /// Address for health, readiness and metrics. Without this table there is none.
    #[serde(default)]
    pub admin: Option<Admin>,
    /// Limits and times of the HTTP server. Each has a defined answer for when it is hit.
    #[serde(default)]
    pub server: Server,
    /// Limits of the policy component, which decides about each request.
    #[serde(default)]
    pub policy: Policy,
    /// Limits of the image component.
    #[serde(default)]
    pub image: ImagePool,
    /// The shared response cache (RFC 9111), in memory.
    #[serde(default)]
    pub cache: Cache,
    /// Where clients are, for rules that ask for it.
    #[serde(default)]
    pub geo: Geo,
    /// Decision records: one JSON line a request.
    #[serde(default)]
    pub record: Record,
    /// Versions of the rules. Without this table none are kept, and rules are changed in their files alone.
    #[serde(default)]
    pub rule_versions: Option<RuleVersions>,
    /// Secrets by name: where each is found, never its value.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub secrets: BTreeMap<String, Secret>,
    /// Servers that the gate forwards to, by name.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub origins: BTreeMap<String, OriginServer>,
    /// Ways to sign in with a JSON Web Token, by name.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub sign_in: BTreeMap<String, SignIn>,
    /// Rate limits, by name. A limit works where a site or a route names it.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub rate_limits: BTreeMap<String, RateLimit>,
    /// Image options that a request can ask for by name.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub image_presets: BTreeMap<String, ImagePreset>,
    /// Pictures that `wm` can lay over others, by name.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub image_watermarks: BTreeMap<String, ImageWatermark>,
    /// The sites, by name. Nothing is shared between sites.
    #[serde(default)]
    #[schemars(extend("x-names" = "name"))]
    pub sites: BTreeMap<String, Site>,
}

impl Default for GatewayConfig {
    /// Version 1, no listener and no site.
    fn default() -> Self {
        Self {
            version: 1,
            listeners: BTreeMap::new(),
            admin: None,
            server: Server::default(),
            policy: Policy::default(),
            image: ImagePool::default(),
            cache: Cache::default(),
            geo: Geo::default(),
            record: Record::default(),
            rule_versions: None,
            secrets: BTreeMap::new(),
            origins: BTreeMap::new(),
            sign_in: BTreeMap::new(),
            rate_limits: BTreeMap::new(),
            image_presets: BTreeMap::new(),
            image_watermarks: BTreeMap::new(),
            sites: BTreeMap::new(),
        }
    }
}
