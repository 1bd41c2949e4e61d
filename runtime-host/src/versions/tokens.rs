//! Who may see and change the rules: tokens by digest.

use lockgate_config::types::{AdminRole, GatewayConfig};
use sha2::{Digest as _, Sha256};

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 256;

/// The tokens of a configuration.
#[derive(Debug, Default)]
pub struct Tokens {
    known: Vec<(Vec<u8>, Holder)>,
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The token's name: the author of versions, the actor of the audit log.
    pub name: String,
    /// What the holder may do.
    pub role: AdminRole,
}

impl Holder {
    /// The role as the audit log and the configuration write it.
    #[must_use]
    pub fn role_name(&self) -> &'static str {
        role_name(self.role)
    }
}

/// A role as the configuration writes it.
#[must_use]
pub fn role_name(role: AdminRole) -> &'static str {
    match role {
        AdminRole::Read => "read",
        AdminRole::Edit => "edit",
        AdminRole::Publish => "publish",
    }
}

/// The digest of a token, as the configuration has it.
#[must_use]
pub fn digest_of(token: &str) -> String {
    format!("sha256:{}", lockgate_versions::sha256_hex(token.as_bytes()))
}

impl Tokens {
    /// Those of a configuration.
    #[must_use]
    pub fn of(config: &GatewayConfig) -> Self {
        let tokens = config.admin.iter().flat_map(|admin| &admin.tokens);
        let known = tokens.map(|(name, token)| {
            let holder = Holder {
                name: name.clone(),
                role: token.role,
            };
            (token.digest.as_str().as_bytes().to_vec(), holder)
        });
        Self {
            known: known.collect(),
        }
    }

    /// Whether there is none: then there is no API for rules either.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whose token it is. The time does not depend on how much of a digest fits: all are compared, whole.
    #[must_use]
    pub fn holder(&self, token: &[u8]) -> Option<&Holder> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut digest = b"sha256:".to_vec();
        digest.extend_from_slice(hex(&Sha256::digest(token)).as_bytes());
        let mut found = None;
        for (known, holder) in &self.known {
            if is_same(known, &digest) {
                found = Some(holder);
            }
        }
        found
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares all bytes, wherever they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differing = one
        .iter()
        .zip(other)
        .fold(0, |differing, (a, b)| differing | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_config::types::{Admin, AdminToken};

    fn tokens() -> Tokens {
        let token = |token: &str, role| AdminToken {
            role,
            digest: digest_of(token).parse().unwrap(),
        };
        Tokens::of(&GatewayConfig {
            admin: Some(Admin {
                address: "127.0.0.1:0".parse().unwrap(),
                tokens: [
                    ("alice".to_owned(), token("one", AdminRole::Publish)),
                    ("bob".to_owned(), token("two", AdminRole::Read)),
                ]
                .into(),
            }),
            ..GatewayConfig::default()
        })
    }

    #[test]
    fn a_token_is_known_by_its_digest() {
        let tokens = tokens();
        let holder = tokens.holder(b"one").unwrap();
        assert_eq!(
            (holder.name.as_str(), holder.role_name()),
            ("alice", "publish")
        );
        assert_eq!(tokens.holder(b"two").unwrap().role, AdminRole::Read);
        let digest = digest_of("one");
        for other in [
            "",
            "on",
            "One",
            "one ",
            digest.as_str(),
            &"x".repeat(10_000),
        ] {
            assert_eq!(tokens.holder(other.as_bytes()), None, "{other}");
        }
        assert!(!tokens.is_empty() && Tokens::default().is_empty());
        assert_eq!(Tokens::default().holder(b""), None);
    }

    #[test]
    fn roles_grow() {
        assert!(AdminRole::Read < AdminRole::Edit && AdminRole::Edit < AdminRole::Publish);
    }
}
