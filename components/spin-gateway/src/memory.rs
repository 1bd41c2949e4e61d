//! What an instance remembers of tokens. Others see nothing of it, and it ends with the instance:
//! a store that other components may write would let them say whose signature is good.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest as _, Sha256};

/// Tokens that one instance remembers; it lives for 128 requests.
const TOKENS_MAX: usize = 256;

/// The most bytes that are kept of one token.
const CLAIMS_BYTES_MAX: usize = 8 * 1024;

/// How long a wrong signature is remembered, milliseconds.
const REFUSED_FOR_MS: u64 = 10_000;

/// The key of a token: the SHA-256 of the `Authorization` value.
pub type TokenKey = [u8; 32];

/// What the policy gave for tokens, the oldest first to go.
#[derive(Debug, Default)]
pub struct TokenMemory {
    tokens: BTreeMap<TokenKey, Remembered>,
    order: VecDeque<TokenKey>,
}

#[derive(Debug)]
struct Remembered {
    claims: Vec<u8>,
    until_ms: u64,
}

impl TokenMemory {
    /// The key of an `Authorization` value.
    #[must_use]
    pub fn key(authorization: &[u8]) -> TokenKey {
        Sha256::digest(authorization).into()
    }

    /// What is remembered.
    #[must_use]
    pub fn get(&self, key: &TokenKey, now_ms: u64) -> Option<&[u8]> {
        let remembered = self.tokens.get(key)?;
        (now_ms < remembered.until_ms).then_some(&remembered.claims)
    }

    /// Remembers verified claims or, `briefly`, that a token is refused.
    pub fn put(&mut self, key: TokenKey, claims: &[u8], briefly: bool, now_ms: u64) {
        if claims.is_empty() || claims.len() > CLAIMS_BYTES_MAX {
            return;
        }
        let until_ms = if briefly {
            now_ms.saturating_add(REFUSED_FOR_MS)
        } else {
            u64::MAX
        };
        let remembered = Remembered {
            claims: claims.to_vec(),
            until_ms,
        };
        if self.tokens.insert(key, remembered).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > TOKENS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.tokens.remove(&oldest);
        }
    }

    /// Forgets all: another bundle or other keys decide from now on.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> TokenKey {
        TokenMemory::key(&number.to_le_bytes())
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut memory = TokenMemory::default();
        for number in 0..1000 {
            memory.put(key(number), b"claims", false, 0);
            memory.put(key(number), b"claims again", false, 0);
            assert!(memory.tokens.len() <= TOKENS_MAX && memory.order.len() <= TOKENS_MAX);
        }
        assert_eq!(memory.get(&key(999), 0), Some(&b"claims again"[..]));
        assert_eq!(memory.get(&key(0), 0), None);
        memory.clear();
        assert_eq!(memory.get(&key(999), 0), None);
    }

    #[test]
    fn a_refusal_is_forgotten_soon() {
        let mut memory = TokenMemory::default();
        memory.put(key(1), b"no", true, 5_000);
        assert!(memory.get(&key(1), 14_999).is_some());
        assert!(memory.get(&key(1), 15_000).is_none());
        memory.put(key(2), &[0; CLAIMS_BYTES_MAX + 1], false, 0);
        assert!(memory.get(&key(2), 0).is_none());
    }
}
