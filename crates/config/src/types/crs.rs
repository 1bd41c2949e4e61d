//! The OWASP Core Rule Set, switched on in a rule file.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OversizeHandling;

/// The OWASP Core Rule Set (version 4) for the sites that name the rule file. It runs after the
/// site's own rules have let a request pass and its limits are charged.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Crs {
    /// Folder of a release: the one that holds `rules`.
    #[schemars(extend("x-path" = "crs-release"))]
    pub path: PathBuf,
    /// Whether a request with a high score is refused.
    #[serde(default)]
    pub mode: CrsMode,
    /// Rules up to this level count towards the score that blocks: 1 for every shop, 4 for those
    /// who tune for weeks.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 4))]
    pub paranoia_level: u8,
    /// Rules up to this level run and are recorded. Without it: as `paranoia_level`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 4))]
    pub detection_paranoia_level: Option<u8>,
    /// Score from which a request is refused; a critical rule counts 5.
    #[serde(default = "inbound")]
    #[schemars(range(min = 1, max = 10_000))]
    pub inbound_anomaly_threshold: u32,
    /// Score from which a response is withheld.
    #[serde(default = "outbound")]
    #[schemars(range(min = 1, max = 10_000))]
    pub outbound_anomaly_threshold: u32,
    /// Ids of rules that are left out.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub exclude_rules: Vec<u32>,
    /// Directives (`SecRule`, `SecAction`) that are read before the rules: run-time exclusions.
    #[serde(default)]
    #[schemars(extend("x-path" = "seclang"))]
    pub before: Option<PathBuf>,
    /// Directives that are read after the rules, such as `SecRuleUpdateTargetById`.
    #[serde(default)]
    #[schemars(extend("x-path" = "seclang"))]
    pub after: Option<PathBuf>,
    /// Bytes of a request's body that the rules look at.
    #[serde(default = "body_bytes")]
    #[schemars(range(min = 1024, max = 1_048_576))]
    pub body_bytes_max: u32,
    /// What happens to a body that is longer: its beginning is looked at (`continue`), the request
    /// is refused (`match`), or the body is not looked at (`no_match`).
    #[serde(default)]
    pub oversize: OversizeHandling,
    /// Rules look at responses too. Texts are held back until they were looked at, and asked of
    /// the origin without a content coding.
    #[serde(default)]
    pub inspect_responses: bool,
    /// Bytes of a response's body that the rules look at.
    #[serde(default = "response_bytes")]
    #[schemars(range(min = 1024, max = 4_194_304))]
    pub response_body_bytes_max: u32,
}

/// What comes of the scores.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CrsMode {
    /// Requests at the threshold are refused.
    #[default]
    Block,
    /// Findings are recorded, and everything passes.
    Detect,
}

const fn one() -> u8 {
    1
}

const fn inbound() -> u32 {
    5
}

const fn outbound() -> u32 {
    4
}

const fn body_bytes() -> u32 {
    131_072
}

const fn response_bytes() -> u32 {
    524_288
}
