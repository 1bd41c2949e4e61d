//! What the gate keeps and what it writes down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The shared response cache (RFC 9111), in memory.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// Most memory for stored responses, in bytes. 0: nothing is stored.
    #[schemars(range(max = 1_099_511_627_776u64))]
    pub bytes_max: u64,
    /// Largest response body that is stored, in bytes. Never more than `bytes_max` leaves room for.
    #[schemars(range(max = 4_294_967_296u64))]
    pub object_bytes_max: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            bytes_max: 256 * 1024 * 1024,
            object_bytes_max: 8 * 1024 * 1024,
        }
    }
}

/// Decision records: one JSON line a request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Record {
    /// File that records are appended to, reopened on SIGHUP. `-`: standard output.
    #[schemars(length(min = 1), extend("x-path" = "output"))]
    pub path: String,
    /// Most bytes of records that wait to be written. Beyond it records are dropped and counted;
    /// requests never wait.
    #[schemars(range(min = 65_536, max = 1_073_741_824))]
    pub buffer_bytes_max: u64,
    /// How client addresses are written.
    pub mask_client_address: AddressMask,
    /// Memory for what `lockgate explain` tells: the latest requests at which a rule matched, with
    /// their heads and what was read of their bodies. It is never written to a file. 0: nothing is
    /// kept.
    #[schemars(range(max = 1_073_741_824))]
    pub explain_bytes_max: u64,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            path: "-".to_owned(),
            buffer_bytes_max: 8 * 1024 * 1024,
            mask_client_address: AddressMask::None,
            explain_bytes_max: 16 * 1024 * 1024,
        }
    }
}

/// How client addresses are written in records.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressMask {
    /// In full.
    #[default]
    None,
    /// Only the network: /24 of an IPv4 address, /48 of an IPv6 address.
    Subnet,
}
