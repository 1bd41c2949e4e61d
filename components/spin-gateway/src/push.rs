//! Who may push a policy.

use sha2::{Digest as _, Sha256};

/// Where policies are pushed to.
pub const PATH: &str = "/.lockgate/policy";

/// Where the key-value store says which package is in force: its bundle's and document's digest.
pub const CURRENT_KEY: &str = "lockgate/policy/current";

/// The shortest token that opens the route, bytes: shorter ones can be guessed.
pub const TOKEN_BYTES_MIN: usize = 32;

/// The largest package, bytes.
pub const PACKAGE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The name of a package: the SHA-256 of its bytes, 64 hexadecimal digits.
#[must_use]
pub fn package_digest(package: &[u8]) -> String {
    Sha256::digest(package)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Where the key-value store keeps a package.
#[must_use]
pub fn package_key(digest: &str) -> String {
    format!("lockgate/policy/package/{digest}")
}

/// Whether an `Authorization` value is `Bearer` and the token. The digests are compared, so that
/// the time taken says nothing of the token.
#[must_use]
pub fn is_authorized(authorization: Option<&[u8]>, token: &str) -> bool {
    if token.len() < TOKEN_BYTES_MIN {
        return false;
    }
    let given = authorization.and_then(|value| {
        let (scheme, given) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(given)
    });
    given.is_some_and(|given| Sha256::digest(given.trim_ascii()) == Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_opens() {
        let token = "0123456789abcdef0123456789abcdef";
        let with = |value: &str| is_authorized(Some(value.as_bytes()), token);
        assert!(with(&format!("Bearer {token}")) && with(&format!("bearer {token} ")));
        assert!(!with(token) && !with("Bearer") && !with("Bearer "));
        assert!(!with(&format!("Bearer {token}0")) && !with(&format!("Basic {token}")));
        assert!(!is_authorized(None, token));
        assert!(!is_authorized(Some(b"Bearer short"), "short"));
        assert!(!is_authorized(Some(b"Bearer "), ""));
    }
}
