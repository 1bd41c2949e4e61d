//! One JSON Web Key, checked against the algorithms that a sign-in allows (RFC 7517, RFC 8725).

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::fault::{KeyFault, SkipReason};
use crate::json::{Json, member};
use crate::key::{KeyMaterial, VerifyKey};
use crate::roca;

const KID_BYTES_MAX: usize = 256;
const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=4096;
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// Members that only private keys have (RFC 7518 §6.2.2, §6.3.2; RFC 8037 §2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Which half of the world a set of keys belongs to. One set never holds both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Public,
    Secret,
}

/// What one entry of `keys` turned out to be.
pub(crate) enum Entry {
    Key(Algorithm, Content),
    Skip(SkipReason),
}

/// The key itself.
#[derive(PartialEq, Eq)]
pub(crate) enum Content {
    Public(KeyMaterial),
    Secret(Vec<u8>),
}

type Members = [(String, Json)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyType {
    Oct,
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl KeyType {
    const fn fits(self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match algorithm {
            A::Hs256 | A::Hs384 | A::Hs512 => matches!(self, Self::Oct),
            A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512 => {
                matches!(self, Self::Rsa)
            }
            A::Es256 => matches!(self, Self::P256),
            A::Es384 => matches!(self, Self::P384),
            A::EdDsa => matches!(self, Self::Ed25519),
        }
    }
}

/// The key's `kid`, or why it is no good.
pub(crate) fn kid(members: &Members) -> Result<Option<String>, KeyFault> {
    match text(members, "kid")? {
        None => Ok(None),
        Some(kid) if kid.is_empty() || kid.len() > KID_BYTES_MAX => Err(KeyFault::MemberBad(
            "kid",
            "is empty or longer than 256 bytes",
        )),
        Some(kid) => Ok(Some(kid.to_owned())),
    }
}

/// Reads one key. Keys that are meant for something else are passed over, broken ones refused.
pub(crate) fn read(
    members: &Members,
    allowed: &[Algorithm],
    expect: Expect,
) -> Result<Entry, KeyFault> {
    let kty = text(members, "kty")?.ok_or(KeyFault::MemberMissing("kty"))?;
    match (kty, expect) {
        ("oct", Expect::Public) => return Err(KeyFault::Symmetric),
        ("EC" | "RSA" | "OKP", Expect::Secret) => return Err(KeyFault::NotSymmetric),
        _ => {}
    }
    if let Some(reason) = meant_for_something_else(members)? {
        return Ok(Entry::Skip(reason));
    }
    let key_type = match key_type(members, kty)? {
        Ok(key_type) => key_type,
        Err(reason) => return Ok(Entry::Skip(reason)),
    };
    if key_type != KeyType::Oct {
        for name in PRIVATE_MEMBERS {
            if member(members, name).is_some() {
                return Err(KeyFault::Private(name));
            }
        }
    }
    let Some(algorithm) = algorithm(members, key_type, allowed)? else {
        return Ok(Entry::Skip(SkipReason::Algorithm));
    };
    let content = match key_type {
        KeyType::Oct => Content::Secret(secret(members, algorithm)?),
        _ => Content::Public(public(members, key_type, algorithm)?),
    };
    Ok(Entry::Key(algorithm, content))
}

/// `use` and `key_ops` (RFC 7517 §4.2 and §4.3).
fn meant_for_something_else(members: &Members) -> Result<Option<SkipReason>, KeyFault> {
    if text(members, "use")?.is_some_and(|key_use| key_use != "sig") {
        return Ok(Some(SkipReason::Use));
    }
    let Some(key_ops) = member(members, "key_ops") else {
        return Ok(None);
    };
    let Json::Array(operations) = key_ops else {
        return Err(KeyFault::MemberBad("key_ops", "is not an array"));
    };
    for (at, operation) in operations.iter().enumerate() {
        if operation.as_str().is_none() {
            return Err(KeyFault::MemberBad(
                "key_ops",
                "holds something else than strings",
            ));
        }
        if operations
            .iter()
            .take(at)
            .any(|earlier| earlier == operation)
        {
            return Err(KeyFault::MemberBad("key_ops", "holds an operation twice"));
        }
    }
    let verifies = operations
        .iter()
        .any(|operation| operation.as_str() == Some("verify"));
    Ok((!verifies).then_some(SkipReason::KeyOps))
}

fn key_type(members: &Members, kty: &str) -> Result<Result<KeyType, SkipReason>, KeyFault> {
    let curve = || text(members, "crv")?.ok_or(KeyFault::MemberMissing("crv"));
    Ok(match kty {
        "oct" => Ok(KeyType::Oct),
        "RSA" => Ok(KeyType::Rsa),
        "EC" => match curve()? {
            "P-256" => Ok(KeyType::P256),
            "P-384" => Ok(KeyType::P384),
            _ => Err(SkipReason::Curve),
        },
        "OKP" => match curve()? {
            "Ed25519" => Ok(KeyType::Ed25519),
            _ => Err(SkipReason::Curve),
        },
        _ => Err(SkipReason::KeyType),
    })
}

/// The one algorithm that the key serves, or `None` when that is not an allowed one.
fn algorithm(
    members: &Members,
    key_type: KeyType,
    allowed: &[Algorithm],
) -> Result<Option<Algorithm>, KeyFault> {
    if let Some(name) = text(members, "alg")? {
        let Ok(algorithm) = name.parse::<Algorithm>() else {
            return Ok(None);
        };
        if !key_type.fits(algorithm) {
            return Err(KeyFault::AlgorithmUnfit(algorithm));
        }
        return Ok(allowed.contains(&algorithm).then_some(algorithm));
    }
    let fitting: Vec<_> = allowed
        .iter()
        .copied()
        .filter(|&algorithm| key_type.fits(algorithm))
        .collect();
    match fitting.as_slice() {
        [] => Ok(None),
        [algorithm] => Ok(Some(*algorithm)),
        _ => Err(KeyFault::AlgorithmAmbiguous(fitting)),
    }
}

fn secret(members: &Members, algorithm: Algorithm) -> Result<Vec<u8>, KeyFault> {
    let secret = bytes(members, "k")?;
    let bytes_min = algorithm.secret_bytes_min();
    if secret.len() < bytes_min {
        return Err(KeyFault::SecretShort(algorithm, bytes_min));
    }
    Ok(secret)
}

fn public(
    members: &Members,
    key_type: KeyType,
    algorithm: Algorithm,
) -> Result<KeyMaterial, KeyFault> {
    let material = match key_type {
        KeyType::P256 => KeyMaterial::Point(point::<32>(members)?),
        KeyType::P384 => KeyMaterial::Point(point::<48>(members)?),
        KeyType::Ed25519 => KeyMaterial::Ed25519(fixed::<32>(members, "x")?),
        KeyType::Oct | KeyType::Rsa => rsa(members)?,
    };
    match VerifyKey::from_material(algorithm, &material) {
        Some(_) => Ok(material),
        None => Err(KeyFault::Invalid),
    }
}

fn rsa(members: &Members) -> Result<KeyMaterial, KeyFault> {
    let n = bytes(members, "n")?;
    let e = bytes(members, "e")?;
    let Some(&top) = n.first() else {
        return Err(KeyFault::RsaSize(0));
    };
    if top == 0 {
        // RFC 7518 §6.3.1.1: no zero octet in front.
        return Err(KeyFault::MemberBad("n", "begins with a zero octet"));
    }
    let zero_bits = usize::try_from(top.leading_zeros()).unwrap_or_default();
    let bits = n.len().saturating_mul(8).saturating_sub(zero_bits);
    if !RSA_BITS.contains(&bits) {
        return Err(KeyFault::RsaSize(bits));
    }
    if e != RSA_EXPONENT {
        return Err(KeyFault::RsaExponent);
    }
    if roca::has_fingerprint(&n) {
        return Err(KeyFault::RsaRoca);
    }
    Ok(KeyMaterial::Rsa { n, e })
}

/// The uncompressed point (SEC 1 §2.3.3). Coordinates have the full length (RFC 7518 §6.2.1.2).
fn point<const N: usize>(members: &Members) -> Result<Vec<u8>, KeyFault> {
    let x = fixed::<N>(members, "x")?;
    let y = fixed::<N>(members, "y")?;
    Ok([&[4], x.as_slice(), y.as_slice()].concat())
}

fn fixed<const N: usize>(members: &Members, name: &'static str) -> Result<[u8; N], KeyFault> {
    <[u8; N]>::try_from(bytes(members, name)?)
        .map_err(|_| KeyFault::MemberBad(name, "has the wrong length for the curve"))
}

fn bytes(members: &Members, name: &'static str) -> Result<Vec<u8>, KeyFault> {
    let text = text(members, name)?.ok_or(KeyFault::MemberMissing(name))?;
    base64url::decode(text.as_bytes())
        .map_err(|_| KeyFault::MemberBad(name, "is not base64url without padding"))
}

fn text<'a>(members: &'a Members, name: &'static str) -> Result<Option<&'a str>, KeyFault> {
    match member(members, name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(KeyFault::MemberBad(name, "is not a string")),
    }
}
