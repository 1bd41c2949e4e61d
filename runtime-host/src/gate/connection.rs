//! What the gate knows of a connection, and why a request was refused.

use std::borrow::Cow;
use std::net::SocketAddr;

use lockgate_record::Stage;

use crate::http::Fields;

/// A connection of either version of HTTP.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The TCP peer, or the address that PROXY protocol named.
    pub peer: SocketAddr,
    /// The version of TLS, `1.2` or `1.3`, where the connection is encrypted.
    pub tls: Option<&'static str>,
    /// It speaks HTTP/2.
    pub http2: bool,
    /// The server name of the TLS handshake, lower case.
    pub sni: Option<String>,
    /// The JA4 fingerprint of the TLS hello, where a rule of the configuration at that time asked.
    pub fingerprint: Option<String>,
}

/// Why a request got no answer from behind the gate. A client sees `status`, `code`, `detail`
/// and the request id; `cause` goes to the record only.
#[derive(Debug)]
pub struct Refused {
    /// Status code.
    pub status: u16,
    /// Stable code of the problem body.
    pub code: Cow<'static, str>,
    /// What the client may know besides.
    pub detail: Option<String>,
    /// What the operator should know.
    pub cause: String,
    /// Further fields: `Retry-After`, `WWW-Authenticate`, `Allow`.
    pub fields: Fields,
    /// The stage that refused.
    pub stage: Stage,
    /// The connection cannot go on.
    pub close: bool,
}

impl Refused {
    /// A refusal before any stage ran.
    #[must_use]
    pub fn new(status: u16, code: &'static str, cause: impl Into<String>) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
            detail: None,
            cause: cause.into(),
            fields: Fields::default(),
            stage: Stage::Normalise,
            close: false,
        }
    }

    /// The stage that refused.
    #[must_use]
    pub fn at(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// Tells the client when to come again.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.fields.add_number("retry-after", seconds);
        self
    }
}
