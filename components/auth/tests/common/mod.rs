//! Builds sign-ins and tokens for the tests, bad ones included.
#![allow(dead_code, reason = "each test file uses its own part")]

use jwt_simple::algorithms::{HS256Key, MACLike};
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use lockgate_auth::{
    Algorithm, AuthError, ClaimsRef, CompiledSignIn, KeySettings, MintKey, NamedSecret,
    Requirements, SecretFormat, SignIn, SignInSettings, VerifiedClaims, mint,
};
use serde_json::Value;

pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap()
}

pub(crate) fn raw_secret(name: &str, kid: Option<&str>, algorithm: Algorithm) -> NamedSecret {
    NamedSecret {
        name: name.into(),
        kid: kid.map(Into::into),
        format: SecretFormat::Raw(algorithm),
    }
}

/// Settings for HS256 with [`SECRET`].
pub(crate) fn hs256_settings() -> SignInSettings<'static> {
    let secret = raw_secret("main", None, Algorithm::Hs256);
    SignInSettings::new(vec![Algorithm::Hs256], KeySettings::Secrets(vec![secret]))
}

pub(crate) fn load(settings: SignInSettings<'_>) -> SignIn {
    let (compiled, _) = CompiledSignIn::compile(settings).unwrap();
    SignIn::load(compiled, &|name| (name == "main").then(|| SECRET.to_vec())).unwrap()
}

pub(crate) fn hs256() -> SignIn {
    load(hs256_settings())
}

/// A sign-in for one public algorithm and key set.
pub(crate) fn with_jwks(algorithm: Algorithm, jwks: &str) -> SignIn {
    load(SignInSettings::new(
        vec![algorithm],
        KeySettings::Jwks(jwks.as_bytes()),
    ))
}

/// A token of exactly these parts, signed with HS256 and `secret`.
pub(crate) fn forge_with(
    secret: &[u8],
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let tag = HS256Key::from_bytes(secret).authentication_tag(signed.as_bytes());
    format!("{signed}.{}", base64url(tag))
}

/// A token of exactly these parts, signed with HS256 and [`SECRET`].
pub(crate) fn forge(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    forge_with(SECRET, header, payload)
}

/// A token with the usual header and these claims.
pub(crate) fn token(claims: &Value) -> String {
    let key = MintKey::from_secret(Algorithm::Hs256, SECRET).unwrap();
    mint(&key, claims.as_object().unwrap()).unwrap()
}

/// Steps 1 and 2.
pub(crate) fn verify(sign_in: &SignIn, token: &str) -> Result<VerifiedClaims, AuthError> {
    sign_in.verify(&sign_in.inspect(token.as_bytes())?)
}

/// All three steps.
pub(crate) fn run(
    sign_in: &SignIn,
    token: &str,
    now: i64,
    required: &Requirements,
) -> Result<(), AuthError> {
    let claims = verify(sign_in, token)?;
    sign_in.check(
        &ClaimsRef::from_bytes(claims.to_bytes()).unwrap(),
        now,
        required,
    )
}

/// The stable code of a refusal.
pub(crate) fn code<T: core::fmt::Debug>(result: Result<T, AuthError>) -> &'static str {
    result.unwrap_err().code()
}
