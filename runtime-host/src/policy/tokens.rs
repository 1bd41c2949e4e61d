//! What is remembered of tokens: the claims of those whose signature was verified, and for a
//! short time that a signature is wrong.
//!
//! The key is the SHA-256 of the whole token together with the digest of everything that decides
//! on it (keys and sign-in configuration), so that a rotated key or a changed sign-in forgets by
//! itself. Expiry, audience and scopes are checked again by the policy in each call: memory
//! never changes a verdict.

use std::time::{Duration, Instant};

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, UnitWeighter, Weighter};
use sha2::{Digest as _, Sha256};

/// The key of a token under one sign-in configuration.
pub type TokenKey = [u8; 32];

/// What the policy gave for tokens, bounded by bytes.
pub struct TokenMemory {
    claims: Cache<TokenKey, Bytes, Weigh, ahash::RandomState>,
    refused: Cache<TokenKey, Refused, UnitWeighter, ahash::RandomState>,
}

/// The most bytes of claims that are kept of one token.
const CLAIMS_BYTES_MAX: usize = 8 * 1024;

/// What a token costs beside its claims: the key, the entry's bookkeeping.
const ENTRY_BYTES: u64 = 128;

/// Entries that a shard of the memory has room for, at least.
const SHARD_ENTRIES_MIN: u64 = 8;

/// Refused tokens that are remembered, about 120 bytes each.
const REFUSED_MAX: usize = 8 * 1024;

/// How long a wrong signature is remembered.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// What the policy said of a token that it refused.
#[derive(Clone)]
struct Refused {
    memory: Bytes,
    until: Instant,
}

/// Bytes of an entry.
#[derive(Clone)]
struct Weigh;

impl Weighter<TokenKey, Bytes> for Weigh {
    fn weight(&self, _: &TokenKey, claims: &Bytes) -> u64 {
        ENTRY_BYTES + claims.len() as u64
    }
}

impl TokenMemory {
    /// Room for `bytes_max` bytes of verified tokens, and for some thousand refused ones.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let entry_bytes_max = CLAIMS_BYTES_MAX as u64 + ENTRY_BYTES;
        let shards = (bytes_max / (entry_bytes_max * SHARD_ENTRIES_MIN)).clamp(1, 256);
        let items = (bytes_max / 512).clamp(64, 1 << 20);
        let options = OptionsBuilder::new()
            // Rounded up to a power of two there.
            .shards(usize::try_from(shards.div_ceil(2)).unwrap_or(1))
            .estimated_items_capacity(usize::try_from(items).unwrap_or(64))
            .weight_capacity(bytes_max)
            .build();
        let seeds = ahash::RandomState::default;
        let claims = match options {
            Ok(options) => {
                Cache::with_options(options, Weigh, seeds(), DefaultLifecycle::default())
            }
            // Both figures are given, so this does not happen.
            Err(_) => Cache::with(64, bytes_max, Weigh, seeds(), DefaultLifecycle::default()),
        };
        let refused = Cache::with(
            REFUSED_MAX,
            REFUSED_MAX as u64,
            UnitWeighter,
            seeds(),
            DefaultLifecycle::default(),
        );
        Self { claims, refused }
    }

    /// The key of an `Authorization` value.
    #[must_use]
    pub fn key(authorization: &[u8], sign_in_digest: &[u8; 32]) -> TokenKey {
        let mut hash = Sha256::new();
        hash.update(sign_in_digest);
        hash.update(authorization);
        hash.finalize().into()
    }

    /// What is remembered under `key`, for the policy.
    #[must_use]
    pub fn get(&self, key: &TokenKey) -> Option<Bytes> {
        self.claims.get(key).or_else(|| {
            let refused = self.refused.get(key)?;
            (Instant::now() < refused.until).then_some(refused.memory)
        })
    }

    /// Remembers verified claims.
    pub fn put(&self, key: TokenKey, claims: &[u8]) {
        if claims.len() <= CLAIMS_BYTES_MAX {
            self.claims.insert(key, Bytes::copy_from_slice(claims));
        }
    }

    /// Remembers for 10 seconds that a token is refused.
    pub fn put_briefly(&self, key: TokenKey, memory: &[u8]) {
        if memory.len() <= CLAIMS_BYTES_MAX {
            let refused = Refused {
                memory: Bytes::copy_from_slice(memory),
                until: Instant::now() + REFUSED_FOR,
            };
            self.refused.insert(key, refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> TokenKey {
        TokenMemory::key(&number.to_le_bytes(), &[0; 32])
    }

    #[test]
    fn bytes_bound_it_and_large_claims_fit() {
        for bytes_max in [64 * 1024_u64, 1 << 20] {
            let memory = TokenMemory::new(bytes_max);
            for number in 0..2000 {
                memory.put(
                    key(number),
                    &vec![1; 1 + number as usize % CLAIMS_BYTES_MAX],
                );
                assert!(memory.claims.weight() <= bytes_max);
            }
            let largest = vec![2; CLAIMS_BYTES_MAX];
            memory.put(key(5000), &largest);
            assert_eq!(memory.get(&key(5000)).as_deref(), Some(&*largest));
        }
        let none = TokenMemory::new(0);
        none.put(key(1), b"claims");
        assert_eq!(none.get(&key(1)), None);
    }

    #[test]
    fn verified_claims_come_before_a_refusal() {
        let memory = TokenMemory::new(1 << 20);
        memory.put_briefly(key(1), b"no");
        assert_eq!(memory.get(&key(1)).as_deref(), Some(&b"no"[..]));
        memory.put(key(1), b"claims");
        assert_eq!(memory.get(&key(1)).as_deref(), Some(&b"claims"[..]));
    }
}
