//! Keys ready for use: parsed once at load, so that a call only computes.
//!
//! jwt-simple parses and checks the keys (curve membership, weak points, RSA sizes). Its own
//! `verify_token` is not used for the signature, for four reasons: it accepts only payloads
//! that are its own claims type, and reads them with serde, repeated members included; it
//! parses the header a second time with other rules; it reads the clock unless told a time; it
//! has no entry for "signature only", which JWS test vectors need. So the same verifiers are
//! called that `verify_token` calls, on the keys that jwt-simple hands out by `AsRef`.
//! None of them reads a clock or draws a random number to verify.

use jwt_simple::algorithms::{
    Edwards25519PublicKey, HS256Key, HS384Key, HS512Key, MACLike, P256PublicKey, P384PublicKey,
    RSAPublicKey,
};
use jwt_simple::reexports::ct_codecs;
use p256::ecdsa::signature::Verifier as _;
use serde::{Deserialize, Serialize};
use superboring::hash::MessageDigest;
use superboring::pkey::{PKey, Public};
use superboring::rsa::Padding;
use superboring::sign::Verifier as RsaVerifier;

use crate::algorithm::Algorithm;

/// The numbers of a public key, as a bundle carries them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyMaterial {
    /// RSA modulus and exponent, big-endian without leading zeros (RFC 7518 §6.3.1).
    Rsa {
        /// The modulus, 2048 to 4096 bits.
        n: Vec<u8>,
        /// The exponent, always 65537.
        e: Vec<u8>,
    },
    /// A point on P-256 or P-384, uncompressed (SEC 1 §2.3.3).
    Point(Vec<u8>),
    /// An Ed25519 public key (RFC 8032 §5.1.5).
    Ed25519([u8; 32]),
}

/// A key that verifies signatures of exactly one algorithm (RFC 8725 §3.1).
pub(crate) struct VerifyKey {
    kind: Kind,
    signature_bytes: usize,
}

enum Kind {
    Hs256(HS256Key),
    Hs384(HS384Key),
    Hs512(HS512Key),
    Rsa(Box<RsaKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    Ed25519(ed25519_compact::PublicKey),
}

struct RsaKey {
    key: PKey<Public>,
    digest: MessageDigest,
    padding: Padding,
}

impl VerifyKey {
    /// `None` when the material is of another type than the algorithm, or not a valid key.
    pub(crate) fn from_material(algorithm: Algorithm, material: &KeyMaterial) -> Option<Self> {
        use Algorithm as A;
        let (kind, signature_bytes) = match (algorithm, material) {
            (A::Rs256, KeyMaterial::Rsa { n, e }) => {
                rsa(n, e, MessageDigest::sha256(), Padding::PKCS1)?
            }
            (A::Rs384, KeyMaterial::Rsa { n, e }) => {
                rsa(n, e, MessageDigest::sha384(), Padding::PKCS1)?
            }
            (A::Rs512, KeyMaterial::Rsa { n, e }) => {
                rsa(n, e, MessageDigest::sha512(), Padding::PKCS1)?
            }
            (A::Ps256, KeyMaterial::Rsa { n, e }) => {
                rsa(n, e, MessageDigest::sha256(), Padding::PKCS1_PSS)?
            }
            (A::Ps384, KeyMaterial::Rsa { n, e }) => {
                rsa(n, e, MessageDigest::sha384(), Padding::PKCS1_PSS)?
            }
            (A::Ps512, KeyMaterial::Rsa { n, e }) => {
                rsa(n, e, MessageDigest::sha512(), Padding::PKCS1_PSS)?
            }
            (A::Es256, KeyMaterial::Point(point)) => {
                let key = P256PublicKey::from_bytes(point).ok()?;
                (Kind::P256(Box::new(*key.as_ref())), 64)
            }
            (A::Es384, KeyMaterial::Point(point)) => {
                let key = P384PublicKey::from_bytes(point).ok()?;
                (Kind::P384(Box::new(*key.as_ref())), 96)
            }
            (A::EdDsa, KeyMaterial::Ed25519(bytes)) => {
                let key = Edwards25519PublicKey::from_bytes(bytes).ok()?;
                (Kind::Ed25519(*key.as_ref()), 64)
            }
            _ => return None,
        };
        Some(Self {
            kind,
            signature_bytes,
        })
    }

    /// `None` when the algorithm is not an HMAC or the secret is too short for it.
    pub(crate) fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        if secret.len() < algorithm.secret_bytes_min() {
            return None;
        }
        let kind = match algorithm {
            Algorithm::Hs256 => Kind::Hs256(HS256Key::from_bytes(secret)),
            Algorithm::Hs384 => Kind::Hs384(HS384Key::from_bytes(secret)),
            Algorithm::Hs512 => Kind::Hs512(HS512Key::from_bytes(secret)),
            _ => return None,
        };
        Some(Self {
            kind,
            signature_bytes: algorithm.secret_bytes_min(),
        })
    }

    /// The one length that a signature of this key has, in bytes.
    pub(crate) const fn signature_bytes(&self) -> usize {
        self.signature_bytes
    }

    /// True when `signature` was made over `message` with the counterpart of this key.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        if signature.len() != self.signature_bytes {
            return false;
        }
        match &self.kind {
            Kind::Hs256(key) => ct_codecs::verify(&key.authentication_tag(message), signature),
            Kind::Hs384(key) => ct_codecs::verify(&key.authentication_tag(message), signature),
            Kind::Hs512(key) => ct_codecs::verify(&key.authentication_tag(message), signature),
            Kind::Rsa(key) => key.verify(message, signature).unwrap_or(false),
            Kind::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Kind::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Kind::Ed25519(key) => ed25519_compact::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

fn rsa(n: &[u8], e: &[u8], digest: MessageDigest, padding: Padding) -> Option<(Kind, usize)> {
    // Looks at the last byte of the modulus without asking whether there is one.
    if n.is_empty() {
        return None;
    }
    let key = RSAPublicKey::from_components(n, e).ok()?;
    let key = RsaKey {
        key: PKey::from_rsa(key.as_ref().clone()).ok()?,
        digest,
        padding,
    };
    let leading_zeros = n.iter().take_while(|&&byte| byte == 0).count();
    Some((
        Kind::Rsa(Box::new(key)),
        n.len().saturating_sub(leading_zeros),
    ))
}

impl RsaKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        let mut verifier = RsaVerifier::new(self.digest.clone(), &self.key).ok()?;
        verifier.set_rsa_padding(self.padding).ok()?;
        verifier.update(message).ok()?;
        verifier.verify(signature).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_of_another_type_makes_no_key() {
        let point = KeyMaterial::Point(vec![4; 65]);
        let rsa = KeyMaterial::Rsa {
            n: vec![],
            e: vec![],
        };
        for algorithm in Algorithm::ALL {
            assert!(VerifyKey::from_material(algorithm, &point).is_none());
            assert!(VerifyKey::from_material(algorithm, &rsa).is_none());
        }
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash() {
        for (algorithm, bytes) in [
            (Algorithm::Hs256, 32),
            (Algorithm::Hs384, 48),
            (Algorithm::Hs512, 64),
        ] {
            assert!(VerifyKey::from_secret(algorithm, &vec![7; bytes - 1]).is_none());
            assert!(VerifyKey::from_secret(algorithm, &vec![7; bytes]).is_some());
        }
        assert!(VerifyKey::from_secret(Algorithm::Es256, &[7; 64]).is_none());
    }

    #[test]
    fn a_public_exponent_of_one_makes_no_key() {
        let n = vec![0xff; 256];
        let key = |e: &[u8]| {
            let material = KeyMaterial::Rsa {
                n: n.clone(),
                e: e.to_vec(),
            };
            VerifyKey::from_material(Algorithm::Rs256, &material)
        };
        assert!(key(&[1]).is_none());
        assert!(key(&[3]).is_none());
        assert!(key(&[1, 0, 1]).is_some());
    }
}
