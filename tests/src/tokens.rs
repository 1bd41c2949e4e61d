//! Tokens, good and forged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockgate_auth::{Algorithm, MintKey, mint};
use serde_json::{Value, json};

/// The shared secret of the tests, 32 bytes or more.
pub const SECRET: &str = "a-shared-secret-of-the-tests-0123456789";

/// Seconds since 1970.
///
/// # Panics
/// Where the clock stands before 1970.
#[must_use]
pub fn now_s() -> u64 {
    std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("a clock")
        .as_secs()
}

/// Claims of `subject` that are good for an hour, with these scopes.
#[must_use]
pub fn claims(subject: &str, scope: &str) -> Value {
    json!({
        "sub": subject,
        "aud": "shop",
        "scope": scope,
        "iat": now_s(),
        "exp": now_s() + 3600,
    })
}

/// A token with exactly these claims, signed with HS256 and `secret`.
///
/// # Panics
/// Where `secret` is shorter than 32 bytes or `claims` is no object.
#[must_use]
pub fn hs256(secret: &[u8], claims: &Value) -> String {
    let key = MintKey::from_secret(Algorithm::Hs256, secret).expect("a long secret");
    mint(&key, claims.as_object().expect("claims are an object")).expect("HMAC does not fail")
}

/// A good token of `subject` with these scopes.
#[must_use]
pub fn good(subject: &str, scope: &str) -> String {
    hs256(SECRET.as_bytes(), &claims(subject, scope))
}

/// The token with another header, its signature untouched.
///
/// # Panics
/// Where `token` has no dot.
#[must_use]
pub fn with_header(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').expect("three parts");
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

/// `alg: none` with an empty signature.
///
/// # Panics
/// Where `token` has no dots.
#[must_use]
pub fn unsigned(token: &str) -> String {
    let token = with_header(token, &json!({ "alg": "none", "typ": "JWT" }));
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    format!("{signed}.")
}
