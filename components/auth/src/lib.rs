//! Sign-in: who sends this request, and may they do this? JWT as bearer token (RFC 7519, RFC 6750).
//!
//! A pure crate: no clock, no randomness, no I/O. It runs inside `policy.wasm`, where a hostile
//! token must never panic it. The path of one token, and how much each step costs:
//!
//! 1. [`bearer_token`] takes it out of `Authorization`.
//! 2. [`SignIn::inspect`] looks at its form and header: microseconds.
//! 3. [`SignIn::verify`] computes the signature: up to milliseconds, so the host remembers the
//!    resulting [`VerifiedClaims`] and hands them back in.
//! 4. [`SignIn::check`] holds the claims against clock, audience and route: under a microsecond,
//!    in every request, remembered or not.
//!
//! Settings are checked and key sets are read when configuration changes
//! ([`CompiledSignIn::compile`]); secrets are handed over by name at [`SignIn::load`].
//! What can go wrong is an [`AuthError`], with a stable code.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod algorithm;
mod base64url;
mod bearer;
mod claims;
mod compiled;
mod error;
mod fault;
mod header;
mod json;
mod jwk;
mod jwk_set;
mod key;
#[cfg(feature = "mint")]
mod mint;
mod requirements;
mod roca;
mod sign_in;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use bearer::bearer_token;
pub use claims::{CLAIMS_BYTES_MAX, Claim, ClaimsBytesError, ClaimsRef, TextList, VerifiedClaims};
pub use compiled::{
    CompiledSignIn, KeySettings, KeySource, LEEWAY_S_DEFAULT, LEEWAY_S_MAX, NamedSecret, PublicKey,
    SecretFormat, SignInSettings, TOKEN_BYTES_MAX_CEILING, TOKEN_BYTES_MAX_DEFAULT,
};
pub use error::AuthError;
pub use fault::{CompileError, KeyFault, KeyPlace, LoadError, SkipReason, SkippedKey};
pub use key::KeyMaterial;
#[cfg(feature = "mint")]
pub use mint::{MintError, MintKey, mint};
pub use requirements::{ClaimRequirement, ClaimValue, Requirements};
pub use sign_in::{CANDIDATES_MAX, SignIn, Unverified};
