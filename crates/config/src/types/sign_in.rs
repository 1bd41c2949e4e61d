//! Sign-in with JSON Web Tokens.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way to sign in with a JSON Web Token (RFC 7519) in `Authorization: Bearer`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SignIn {
    /// Signature algorithms that are accepted. HMAC needs `secret` or
    /// `secrets`, all others `jwks_file`.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub algorithms: Vec<Algorithm>,
    /// The keys.
    #[serde(flatten)]
    pub keys: SignInKeys,
    /// Required value of the claim `iss`. Without it the issuer is not checked.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub issuer: Option<String>,
    /// The claim `aud` must name one of these. Empty: the audience is not checked.
    #[serde(default)]
    pub audience: Vec<String>,
    /// Values of the header `typ` that are accepted (RFC 8725, section 3.11), such as `at+jwt`.
    /// Empty: `JWT`, `at+jwt` or none.
    #[serde(default)]
    #[schemars(inner(length(min = 1)), extend("uniqueItems" = true))]
    pub token_types: Vec<String>,
    /// How far the clocks may differ when `exp` and `nbf` are checked, in seconds.
    #[serde(default = "leeway_s")]
    #[schemars(range(max = 600))]
    pub leeway_s: u64,
    /// Longest token, in bytes. A longer one is refused unread: 401.
    #[serde(default = "token_bytes_max")]
    #[schemars(range(min = 64, max = 32_768))]
    pub token_bytes_max: u32,
}

fn leeway_s() -> u64 {
    60
}

fn token_bytes_max() -> u32 {
    8192
}

/// The keys that a token's signature is checked with.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInKeys {
    /// Name of the secret that is the HMAC key.
    Secret(#[schemars(extend("x-ref" = "secrets"))] String),
    /// Names of secrets of which each is an HMAC key, so that an old and a new one overlap while
    /// tokens of both are in use. `lockgate token` signs with the first.
    Secrets(
        #[schemars(
            length(min = 1, max = 4),
            extend("x-ref" = "secrets", "uniqueItems" = true)
        )]
        Vec<String>,
    ),
    /// File with a JWK Set (RFC 7517, section 5) of public keys. A change is noticed.
    JwksFile(#[schemars(extend("x-path" = "jwks"))] PathBuf),
}

/// Signature algorithms of JOSE (RFC 7518, section 3.1; RFC 8037).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Whether it is an HMAC, whose key is a shared secret.
    #[must_use]
    pub fn is_hmac(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}
