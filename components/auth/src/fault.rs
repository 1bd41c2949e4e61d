//! What is wrong with a sign-in's settings or keys; for the person who configures it.

use crate::algorithm::Algorithm;

/// Where a key stands in its set: the place counted from 0, and `kid` if it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// Index in `keys`.
    pub index: usize,
    /// The key's `kid`.
    pub kid: Option<String>,
}

impl core::fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "key {}", self.index)?;
        match &self.kid {
            Some(kid) => write!(f, " (kid {kid:?})"),
            None => Ok(()),
        }
    }
}

/// Why settings are refused when they are compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A setting is out of its range or contradicts another.
    #[error("{setting}: {reason}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The key set is not a JWK Set (RFC 7517 §5).
    #[error("the key set: {0}")]
    KeySet(&'static str),
    /// One key of the set is bad. A bad key is never passed over in silence.
    #[error("{place}: {fault}")]
    Key {
        /// Which key.
        place: KeyPlace,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// No key of the set can verify a token of the allowed algorithms.
    #[error("the key set has no key for the allowed algorithms{}", list(.0))]
    NoKey(Vec<SkippedKey>),
}

fn list(skipped: &[SkippedKey]) -> String {
    skipped.iter().map(|key| format!("; {key}")).collect()
}

/// What is wrong with one key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The entry of `keys` is not a JSON object.
    #[error("is not a JSON object")]
    NotAnObject,
    /// A member that the key type needs is missing.
    #[error("the member {0:?} is missing")]
    MemberMissing(&'static str),
    /// A member has a wrong type, encoding or length.
    #[error("the member {0:?} {1}")]
    MemberBad(&'static str, &'static str),
    /// A private member stands in a set of public keys.
    #[error("has the private member {0:?}; publish public keys only and replace this key")]
    Private(&'static str),
    /// A shared secret stands in a set of public keys (RFC 8725 §3.1).
    #[error("is a shared secret; name it as a secret instead of writing it into a key set")]
    Symmetric,
    /// A public key stands in a set of secrets.
    #[error("is not a shared secret (kty \"oct\")")]
    NotSymmetric,
    /// `alg` belongs to another key type or curve.
    #[error("alg {0} does not fit the key's type or curve")]
    AlgorithmUnfit(Algorithm),
    /// The key has no `alg` and several allowed algorithms fit; a key serves one (RFC 8725 §3.1).
    #[error("has no alg and would serve {}; allow only one of them, or give the key an alg", names(.0))]
    AlgorithmAmbiguous(Vec<Algorithm>),
    /// The modulus has fewer than 2048 or more than 4096 bits.
    #[error("the RSA modulus has {0} bits, not 2048 to 4096")]
    RsaSize(usize),
    /// The exponent is not 65537.
    #[error("the RSA exponent is not 65537")]
    RsaExponent,
    /// The key comes from a generator whose keys can be factored (CVE-2017-15361).
    #[error("the RSA key has the ROCA weakness (CVE-2017-15361); replace it")]
    RsaRoca,
    /// The numbers are not a usable public key: a point off the curve, or a weak one.
    #[error("is not a valid public key of its type")]
    Invalid,
    /// A secret is shorter than the hash of its algorithm (RFC 7518 §3.2).
    #[error("the secret is shorter than the {1} bytes that {0} needs")]
    SecretShort(Algorithm, usize),
    /// Another key has the same `kid` and algorithm.
    #[error("has the kid and alg of key {0}")]
    DuplicateKid(usize),
    /// Another key without `kid` is the very same key.
    #[error("is the same key as key {0}")]
    DuplicateKey(usize),
    /// More keys without `kid` share one algorithm than would be tried for one token.
    #[error("is one of more than {0} keys without kid for one alg")]
    TooManyWithoutKid(usize),
}

fn names(algorithms: &[Algorithm]) -> String {
    let names: Vec<_> = algorithms
        .iter()
        .map(|algorithm| algorithm.name())
        .collect();
    names.join(" and ")
}

/// A key of the set that is not meant for this sign-in and was passed over, as RFC 7517 §5 says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} is passed over: {reason}")]
pub struct SkippedKey {
    /// Which key.
    pub place: KeyPlace,
    /// Why.
    pub reason: SkipReason,
}

/// Why a key was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// `use` is not `sig` (RFC 7517 §4.2).
    #[error("its use is not \"sig\"")]
    Use,
    /// `key_ops` lacks `verify` (RFC 7517 §4.3).
    #[error("its key_ops lack \"verify\"")]
    KeyOps,
    /// `kty` is unknown.
    #[error("its kty is not supported")]
    KeyType,
    /// `crv` is unknown.
    #[error("its crv is not supported")]
    Curve,
    /// `alg`, or every algorithm of the key type, is not allowed here.
    #[error("its alg is not among the allowed algorithms")]
    Algorithm,
}

/// Why a compiled sign-in cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// No bytes were handed over for a named secret.
    #[error("the secret {0:?} is not known")]
    SecretUnknown(String),
    /// A secret's bytes are fewer than its algorithm needs (RFC 7518 §3.2).
    #[error("the secret {name:?} is shorter than the {bytes_min} bytes that {algorithm} needs")]
    SecretShort {
        /// The secret's name.
        name: String,
        /// The algorithm that it is for.
        algorithm: Algorithm,
        /// The fewest bytes that will do.
        bytes_min: usize,
    },
    /// A secret that should hold a JWK Set does not.
    #[error("the secret {name:?}: {error}")]
    SecretSet {
        /// The secret's name.
        name: String,
        /// What is wrong with its content. Holds no key bytes.
        error: CompileError,
    },
    /// The compiled form does not pass the checks that compiling makes: it was altered.
    #[error("the compiled sign-in is not sound: {0}")]
    Unsound(&'static str),
}
