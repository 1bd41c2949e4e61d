//! Versions of the rules, and who may change them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TokenDigest;

/// Versions of the rules: a folder whose files are changed through the admin address or by hand, with every state
/// of it kept.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleVersions {
    /// Folder whose files are managed: rule files, their cases, lists, directives. The gateway writes in it when a
    /// version is put in force.
    #[schemars(extend("x-path" = "rules-folder"))]
    pub rules: PathBuf,
    /// Folder where versions and the audit log are kept. It is made when it is missing; one gateway has it at a
    /// time.
    #[schemars(extend("x-path" = "state"))]
    pub path: PathBuf,
    /// Versions that are kept, drafts included. Of more the oldest go, but for the one in force and the one before
    /// it; the audit log says which, and keeps what it says of them.
    #[serde(default = "keep_max")]
    #[schemars(range(min = 10, max = 10_000))]
    pub keep_max: u32,
}

const fn keep_max() -> u32 {
    1000
}

/// A token for the admin address.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdminToken {
    /// What its holder may do.
    pub role: AdminRole,
    /// Digest of the token, as `lockgate rules token` prints it: `sha256:` and 64 hexadecimal digits. The token
    /// itself is nowhere.
    pub digest: TokenDigest,
}

/// What the holder of a token may do. Each role may do what those before it may.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AdminRole {
    /// See versions, their files and the audit log.
    Read,
    /// Store drafts.
    Edit,
    /// Put versions in force.
    Publish,
}
