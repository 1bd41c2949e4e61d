//! The servers behind the gate, and where secrets are found.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OriginUrl;

/// A server that the gate forwards requests to.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OriginServer {
    /// Address of the server: `http://HOST` or `http://HOST:PORT`.
    pub url: OriginUrl,
    /// Time to connect, in milliseconds. Beyond it: 504.
    #[serde(default = "connect_timeout_ms")]
    #[schemars(range(min = 1, max = 600_000))]
    pub connect_timeout_ms: u64,
    /// Time from sending the request to the head of the response, in milliseconds. Beyond it: 504.
    #[serde(default = "first_byte_timeout_ms")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub first_byte_timeout_ms: u64,
    /// Longest pause between two reads of a response body, in milliseconds. Beyond it the response
    /// is cut off. Idle pooled connections are closed after the same time.
    #[serde(default = "idle_timeout_ms")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub idle_timeout_ms: u64,
    /// Most idle connections that are kept for reuse.
    #[serde(default = "idle_connections_max")]
    #[schemars(range(max = 65_536))]
    pub idle_connections_max: u32,
    /// Whether the origin sees the client's `Host`. If not, it sees its own name.
    #[serde(default = "yes")]
    pub preserve_host: bool,
}

fn connect_timeout_ms() -> u64 {
    2000
}

fn first_byte_timeout_ms() -> u64 {
    15_000
}

fn idle_timeout_ms() -> u64 {
    30_000
}

fn idle_connections_max() -> u32 {
    64
}

fn yes() -> bool {
    true
}

/// A secret: where it is found. The configuration never holds its value.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Secret {
    /// Where the secret is.
    #[serde(flatten)]
    pub source: SecretSource,
    /// How the text that is found stands for bytes.
    #[serde(default)]
    pub encoding: SecretEncoding,
}

/// Where a secret is found.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// File that holds the secret and nothing else; one line end at its end does not count.
    File(#[schemars(extend("x-path" = "secret"))] PathBuf),
    /// Environment variable that holds the secret.
    Env(#[schemars(extend("x-format" = "variable"))] String),
}

/// How the text of a secret stands for bytes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretEncoding {
    /// The bytes of the text itself.
    #[default]
    Utf8,
    /// Base64 with the URL-safe alphabet (RFC 4648, section 5), with or without padding.
    Base64url,
    /// Two hexadecimal digits a byte.
    Hex,
}
