//! Development tokens and key pairs, for `lockgate token` and for tests. Feature `mint`.
//!
//! Not for production: this half draws random numbers, so it never goes into a component.

use jwt_simple::algorithms::{
    ECDSAP256KeyPairLike, ECDSAP384KeyPairLike, ES256KeyPair, ES384KeyPair, Ed25519KeyPair,
    EdDSAKeyPairLike, HS256Key, HS384Key, HS512Key, MACLike,
};
use jwt_simple::claims::JWTClaims;
use jwt_simple::reexports::rand::{self, Rng};
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::base64url;

/// Why a token or a key cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// Development tokens are made with HS*, ES256, ES384 and EdDSA only.
    #[error("development tokens cannot be made with {0}")]
    Unsupported(Algorithm),
    /// The text is not a private key of this algorithm.
    #[error("not a private key for {0}")]
    Key(Algorithm),
    /// The secret is shorter than the hash (RFC 7518 §3.2).
    #[error("{0} needs a secret of at least {1} bytes")]
    SecretShort(Algorithm, usize),
    /// Signing failed.
    #[error("the token cannot be signed")]
    Sign,
}

/// A key that signs development tokens.
pub struct MintKey {
    kind: Kind,
    algorithm: Algorithm,
    kid: Option<String>,
}

enum Kind {
    Hs256(HS256Key),
    Hs384(HS384Key),
    Hs512(HS512Key),
    Es256(ES256KeyPair),
    Es384(ES384KeyPair),
    EdDsa(Ed25519KeyPair),
}

impl MintKey {
    /// A key from the bytes of a shared secret.
    ///
    /// # Errors
    ///
    /// [`MintError::SecretShort`], or [`MintError::Unsupported`] when it is no HMAC algorithm.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, MintError> {
        let bytes_min = algorithm.secret_bytes_min();
        if secret.len() < bytes_min {
            return Err(MintError::SecretShort(algorithm, bytes_min));
        }
        let kind = match algorithm {
            Algorithm::Hs256 => Kind::Hs256(HS256Key::from_bytes(secret)),
            Algorithm::Hs384 => Kind::Hs384(HS384Key::from_bytes(secret)),
            Algorithm::Hs512 => Kind::Hs512(HS512Key::from_bytes(secret)),
            _ => return Err(MintError::Unsupported(algorithm)),
        };
        Ok(Self::new(algorithm, kind))
    }

    /// A private key in PKCS #8 PEM (RFC 5958).
    ///
    /// # Errors
    ///
    /// [`MintError::Key`] or [`MintError::Unsupported`].
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, MintError> {
        let kind = match algorithm {
            Algorithm::Es256 => ES256KeyPair::from_pem(pem).map(Kind::Es256),
            Algorithm::Es384 => ES384KeyPair::from_pem(pem).map(Kind::Es384),
            Algorithm::EdDsa => Ed25519KeyPair::from_pem(pem).map(Kind::EdDsa),
            _ => return Err(MintError::Unsupported(algorithm)),
        };
        Ok(Self::new(
            algorithm,
            kind.map_err(|_| MintError::Key(algorithm))?,
        ))
    }

    /// A private JSON Web Key (RFC 7517); its `kid` goes into the tokens.
    ///
    /// # Errors
    ///
    /// [`MintError::Key`] or [`MintError::Unsupported`].
    pub fn from_jwk(algorithm: Algorithm, jwk: &str) -> Result<Self, MintError> {
        let fault = |_| MintError::Key(algorithm);
        let (kind, kid) = match algorithm {
            Algorithm::Es256 => {
                let pair = ES256KeyPair::from_jwk(jwk).map_err(fault)?;
                let kid = ECDSAP256KeyPairLike::key_id(&pair).clone();
                (Kind::Es256(pair), kid)
            }
            Algorithm::Es384 => {
                let pair = ES384KeyPair::from_jwk(jwk).map_err(fault)?;
                let kid = ECDSAP384KeyPairLike::key_id(&pair).clone();
                (Kind::Es384(pair), kid)
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_jwk(jwk).map_err(fault)?;
                let kid = EdDSAKeyPairLike::key_id(&pair).clone();
                (Kind::EdDsa(pair), kid)
            }
            _ => return Err(MintError::Unsupported(algorithm)),
        };
        Ok(Self {
            kid,
            ..Self::new(algorithm, kind)
        })
    }

    /// A fresh key pair, or a fresh secret of the length that the algorithm needs.
    ///
    /// # Errors
    ///
    /// [`MintError::Unsupported`] for RSA.
    pub fn generate(algorithm: Algorithm) -> Result<Self, MintError> {
        let kind = match algorithm {
            Algorithm::Es256 => Kind::Es256(ES256KeyPair::generate()),
            Algorithm::Es384 => Kind::Es384(ES384KeyPair::generate()),
            Algorithm::EdDsa => Kind::EdDsa(Ed25519KeyPair::generate()),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                let mut secret = vec![0; algorithm.secret_bytes_min()];
                rand::rng().fill_bytes(&mut secret);
                return Self::from_secret(algorithm, &secret);
            }
            _ => return Err(MintError::Unsupported(algorithm)),
        };
        Ok(Self::new(algorithm, kind))
    }

    fn new(algorithm: Algorithm, kind: Kind) -> Self {
        Self {
            kind,
            algorithm,
            kid: None,
        }
    }

    /// The same key under this `kid`, which tokens and key sets then carry.
    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> Self {
        self.kind = match self.kind {
            Kind::Hs256(key) => Kind::Hs256(key.with_key_id(kid)),
            Kind::Hs384(key) => Kind::Hs384(key.with_key_id(kid)),
            Kind::Hs512(key) => Kind::Hs512(key.with_key_id(kid)),
            Kind::Es256(pair) => Kind::Es256(pair.with_key_id(kid)),
            Kind::Es384(pair) => Kind::Es384(pair.with_key_id(kid)),
            Kind::EdDsa(pair) => Kind::EdDsa(pair.with_key_id(kid)),
        };
        self.kid = Some(kid.to_owned());
        self
    }

    /// The algorithm that this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key itself as a JSON Web Key, to be kept secret.
    #[must_use]
    pub fn private_jwk(&self) -> String {
        match &self.kind {
            Kind::Es256(pair) => pair.to_jwk(),
            Kind::Es384(pair) => pair.to_jwk(),
            Kind::EdDsa(pair) => pair.to_jwk(),
            Kind::Hs256(key) => self.oct_jwk(&key.to_bytes()),
            Kind::Hs384(key) => self.oct_jwk(&key.to_bytes()),
            Kind::Hs512(key) => self.oct_jwk(&key.to_bytes()),
        }
    }

    /// The JWK Set that verifies this key's tokens; `None` for a shared secret, which has no
    /// public half.
    #[must_use]
    pub fn public_jwks(&self) -> Option<String> {
        let jwk = match &self.kind {
            Kind::Es256(pair) => pair.public_key().to_jwk(),
            Kind::Es384(pair) => pair.public_key().to_jwk(),
            Kind::EdDsa(pair) => pair.public_key().to_jwk(),
            Kind::Hs256(_) | Kind::Hs384(_) | Kind::Hs512(_) => return None,
        };
        Some(format!("{{\"keys\":[{jwk}]}}"))
    }

    fn oct_jwk(&self, secret: &[u8]) -> String {
        let mut jwk = Map::new();
        let mut put = |name: &str, value: &str| jwk.insert(name.to_owned(), value.into());
        put("kty", "oct");
        put("use", "sig");
        put("alg", self.algorithm.name());
        put("k", &base64url::encode(secret));
        if let Some(kid) = &self.kid {
            put("kid", kid);
        }
        Value::Object(jwk).to_string()
    }
}

/// Shows no key.
impl core::fmt::Debug for MintKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "MintKey({})", self.algorithm)
    }
}

/// Signs a token with exactly these claims; nothing is added, `exp` and `iat` neither.
///
/// # Errors
///
/// [`MintError::Sign`].
pub fn mint(key: &MintKey, claims: &Map<String, Value>) -> Result<String, MintError> {
    let claims = JWTClaims {
        issued_at: None,
        expires_at: None,
        invalid_before: None,
        issuer: None,
        subject: None,
        audiences: None,
        jwt_id: None,
        nonce: None,
        custom: claims,
    };
    let token = match &key.kind {
        Kind::Hs256(key) => key.authenticate(claims),
        Kind::Hs384(key) => key.authenticate(claims),
        Kind::Hs512(key) => key.authenticate(claims),
        Kind::Es256(pair) => pair.sign(claims),
        Kind::Es384(pair) => pair.sign(claims),
        Kind::EdDsa(pair) => pair.sign(claims),
    };
    token.map_err(|_| MintError::Sign)
}
