//! Limits and times of the HTTP server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cidr;

/// Limits and times of the HTTP server. Each has a defined answer for when it is hit.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Longest request head (request line and headers), in bytes. Beyond it: 431.
    #[schemars(range(min = 1024, max = 1_048_576))]
    pub header_bytes_max: u32,
    /// Most header lines in a request. Beyond it: 431.
    #[schemars(range(min = 1, max = 1000))]
    pub headers_max: u32,
    /// Longest request target, in bytes. Beyond it: 414.
    #[schemars(range(min = 64, max = 65_536))]
    pub target_bytes_max: u32,
    /// Longest request body, in bytes. Beyond it: 413. A route can set its own.
    #[schemars(range(max = 1_099_511_627_776u64))]
    pub body_bytes_max: u64,
    /// Time for the whole request head, in milliseconds. Beyond it: 408. A TLS handshake has as long
    /// before it; beyond it the connection is closed.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub header_timeout_ms: u64,
    /// Longest pause between two reads of a request body, in milliseconds. Beyond it: 408.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub body_timeout_ms: u64,
    /// Least rate of a request body, in bytes a second, from when the gate has waited for it for
    /// `body_timeout_ms` in all. Beyond it: 408. 0: none.
    #[schemars(range(max = 1_000_000_000))]
    pub body_bytes_per_s_min: u32,
    /// Longest time without progress when sending a response, in milliseconds. Beyond it the
    /// connection is closed.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub send_timeout_ms: u64,
    /// How long a connection may stay open without a request, in milliseconds.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub idle_timeout_ms: u64,
    /// Most open connections. Further ones get 503, over TLS they are closed.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections_max: u32,
    /// Most requests at once, each from its head to the last byte of its answer. Beyond it: 503.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_max: u32,
    /// How long the gate goes on as before after SIGTERM, but for `/readyz` that answers 503, in
    /// milliseconds: as long as the balancers in front need to notice.
    #[schemars(range(max = 3_600_000))]
    pub drain_delay_ms: u64,
    /// How long requests in flight may go on after that, in milliseconds.
    #[schemars(range(max = 3_600_000))]
    pub drain_timeout_ms: u64,
    /// I/O threads. 0: one for each core.
    #[schemars(range(max = 1024))]
    pub threads: u32,
    /// Proxies in front of the gate, as addresses or CIDR ranges. Only their `Forwarded`,
    /// `X-Forwarded-For` and request ids are believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Which field of theirs names the client. Say which one the proxies write: they pass the
    /// other one on as the client sent it.
    pub client_address_from: ClientAddressFrom,
    /// Limits of HTTP/2 connections (RFC 9113, section 10.5). A connection that goes beyond one
    /// gets GOAWAY with ENHANCE_YOUR_CALM unless another answer is named.
    pub http2: Http2,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            header_bytes_max: 32 * 1024,
            headers_max: 100,
            target_bytes_max: 8192,
            body_bytes_max: 10 * 1024 * 1024,
            header_timeout_ms: 10_000,
            body_timeout_ms: 30_000,
            body_bytes_per_s_min: 500,
            send_timeout_ms: 30_000,
            idle_timeout_ms: 60_000,
            connections_max: 10_000,
            requests_max: 4096,
            drain_delay_ms: 0,
            drain_timeout_ms: 30_000,
            threads: 0,
            trusted_proxies: Vec::new(),
            client_address_from: ClientAddressFrom::default(),
            http2: Http2::default(),
        }
    }
}

/// Which field of a trusted proxy names the client.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAddressFrom {
    /// `X-Forwarded-For`, and `Forwarded` where there is no line of it. Right for proxies that
    /// write `X-Forwarded-For`.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` (RFC 7239) alone.
    Forwarded,
}

/// Limits of HTTP/2 connections (RFC 9113, section 10.5).
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http2 {
    /// Most streams at once on a connection. Further ones are refused with REFUSED_STREAM.
    #[schemars(range(min = 1, max = 10_000))]
    pub streams_max: u32,
    /// Most streams that a client may reset in the life of a connection.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub resets_per_connection_max: u32,
    /// Most reset streams whose work has not ended yet (CVE-2023-44487, "rapid reset").
    #[schemars(range(min = 1, max = 10_000))]
    pub pending_resets_max: u32,
    /// Longest decoded header list, in bytes, CONTINUATION frames included. Beyond it: 431.
    #[schemars(range(min = 1024, max = 1_048_576))]
    pub header_list_bytes_max: u32,
    /// Most frames in a second that carry no request: PING, SETTINGS, PRIORITY, GOAWAY, unknown ones.
    #[schemars(range(min = 1, max = 100_000))]
    pub frames_control_per_s_max: u32,
    /// Flow-control window of a stream, in bytes.
    #[schemars(range(min = 65_535, max = 16_777_216))]
    pub window_bytes: u32,
    /// How long a stream may wait for the client to open its window, in milliseconds. Beyond it
    /// the stream is reset.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub stall_timeout_ms: u64,
    /// Largest frame that is accepted, in bytes (RFC 9113, section 4.2).
    #[schemars(range(min = 16_384, max = 16_777_215))]
    pub frame_bytes_max: u32,
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            streams_max: 128,
            resets_per_connection_max: 1000,
            pending_resets_max: 20,
            header_list_bytes_max: 32 * 1024,
            frames_control_per_s_max: 200,
            window_bytes: 1024 * 1024,
            stall_timeout_ms: 30_000,
            frame_bytes_max: 16 * 1024,
        }
    }
}
