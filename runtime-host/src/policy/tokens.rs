//! What is remembered of tokens: the claims of those whose signature was verified.
//!
//! The key is the SHA-256 of the whole token together with the digest of everything that decides
//! on it (keys and sign-in configuration), so that a rotated key or a changed sign-in forgets by
//! itself. Expiry, audience and scopes are checked again by the policy in each call: memory
//! never changes a verdict.

use bytes::Bytes;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

/// The key of a token under one sign-in configuration.
pub type TokenKey = [u8; 32];

/// Claims by token, bounded by count.
pub struct TokenMemory {
    claims: Cache<TokenKey, Bytes, quick_cache::UnitWeighter, ahash::RandomState>,
}

/// The most bytes of claims that are kept of one token.
const CLAIMS_BYTES_MAX: usize = 8 * 1024;

impl TokenMemory {
    /// Room for `tokens_max` tokens.
    #[must_use]
    pub fn new(tokens_max: usize) -> Self {
        let claims = Cache::with(
            tokens_max.max(1),
            tokens_max.max(1) as u64,
            quick_cache::UnitWeighter,
            ahash::RandomState::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self { claims }
    }

    /// The key of an `Authorization` value.
    #[must_use]
    pub fn key(authorization: &[u8], sign_in_digest: &[u8; 32]) -> TokenKey {
        let mut hash = Sha256::new();
        hash.update(sign_in_digest);
        hash.update(authorization);
        hash.finalize().into()
    }

    /// The claims remembered under `key`.
    #[must_use]
    pub fn get(&self, key: &TokenKey) -> Option<Bytes> {
        self.claims.get(key)
    }

    /// Remembers verified claims.
    pub fn put(&self, key: TokenKey, claims: &[u8]) {
        if claims.len() <= CLAIMS_BYTES_MAX {
            self.claims.insert(key, Bytes::copy_from_slice(claims));
        }
    }
}
