//! The three steps of a sign-in: inspect (cheap), verify (expensive), check (cheap, each time).

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::claims::{self, ClaimsRef, VerifiedClaims};
use crate::compiled::{CompiledSignIn, KeySource, NamedSecret, SecretFormat};
use crate::error::AuthError;
use crate::fault::LoadError;
use crate::header;
use crate::jwk::{Content, Expect};
use crate::jwk_set;
use crate::key::VerifyKey;
use crate::requirements::Requirements;

/// Most keys that are tried for one token. More than one fits only where keys or tokens have
/// no `kid`.
pub const CANDIDATES_MAX: usize = 4;

/// A sign-in that is ready for use. All keys are parsed.
pub struct SignIn {
    algorithms: Vec<Algorithm>,
    issuer: Option<String>,
    audience: Vec<String>,
    token_types: Vec<String>,
    leeway_s: i64,
    token_bytes_max: usize,
    keys: Vec<LoadedKey>,
}

struct LoadedKey {
    kid: Option<String>,
    algorithm: Algorithm,
    key: VerifyKey,
}

/// A token whose form is good and for which there is a key. Nothing in it is trusted yet.
#[derive(Clone, Copy)]
pub struct Unverified<'t> {
    signed: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
    algorithm: Algorithm,
    candidates: [Option<usize>; CANDIDATES_MAX],
}

impl Unverified<'_> {
    /// The algorithm that the token claims; one of those allowed.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How many keys [`SignIn::verify`] may have to try, 1 to [`CANDIDATES_MAX`].
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.candidates.iter().flatten().count()
    }
}

/// Shows no part of the token.
impl core::fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Unverified({})", self.algorithm)
    }
}

impl SignIn {
    /// Parses every key. `secrets` gives the bytes of a named secret.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when a secret is missing, too short or not the set that it should be, or
    /// when the compiled form was altered.
    pub fn load(
        compiled: CompiledSignIn,
        secrets: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, LoadError> {
        compiled
            .check()
            .map_err(|_| LoadError::Unsound("a setting is out of its range"))?;
        let mut keys = Vec::new();
        match &compiled.keys {
            KeySource::Public(public) => {
                for key in public {
                    let loaded = VerifyKey::from_material(key.algorithm, &key.material)
                        .filter(|_| compiled.algorithms.contains(&key.algorithm))
                        .ok_or(LoadError::Unsound("a key does not fit its algorithm"))?;
                    keys.push(LoadedKey {
                        kid: key.kid.clone(),
                        algorithm: key.algorithm,
                        key: loaded,
                    });
                }
            }
            KeySource::Secrets(named) => {
                for secret in named {
                    let bytes = secrets(&secret.name)
                        .ok_or_else(|| LoadError::SecretUnknown(secret.name.clone()))?;
                    load_secret(secret, &bytes, &compiled.algorithms, &mut keys)?;
                }
            }
        }
        if keys.is_empty() {
            return Err(LoadError::Unsound("there is no key"));
        }
        Ok(Self {
            algorithms: compiled.algorithms,
            issuer: compiled.issuer,
            audience: compiled.audience,
            token_types: compiled.token_types,
            leeway_s: i64::from(compiled.leeway_s),
            token_bytes_max: usize::try_from(compiled.token_bytes_max).unwrap_or(usize::MAX),
            keys,
        })
    }

    /// Step 1, some microseconds: size, form, header, and which keys come into question.
    ///
    /// # Errors
    ///
    /// [`AuthError`] for a token that no signature can make good.
    pub fn inspect<'t>(&self, token: &'t [u8]) -> Result<Unverified<'t>, AuthError> {
        if token.is_empty() {
            return Err(AuthError::TokenMissing);
        }
        if token.len() > self.token_bytes_max {
            return Err(AuthError::TokenTooLarge);
        }
        let (header_part, payload, signature) = three_parts(token).ok_or(
            AuthError::TokenMalformed("the token does not have three parts"),
        )?;
        let header = header::read(header_part, &self.algorithms, &self.token_types)?;
        let signed_len = token
            .len()
            .saturating_sub(signature.len())
            .saturating_sub(1);
        let candidates = self.candidates(header.algorithm, header.kid.as_deref())?;
        let unverified = Unverified {
            signed: token.get(..signed_len).unwrap_or_default(),
            payload,
            signature,
            algorithm: header.algorithm,
            candidates,
        };
        // A signature of a length that no key makes is not worth a computation.
        let fits = |key: &LoadedKey| base64url_len(key.key.signature_bytes()) == signature.len();
        if !self.keys_of(&unverified).any(fits) {
            return Err(AuthError::TokenSignatureInvalid);
        }
        Ok(unverified)
    }

    /// Step 2, up to milliseconds: the signature, and only then the claims.
    ///
    /// # Errors
    ///
    /// [`AuthError::TokenSignatureInvalid`] or [`AuthError::TokenClaimsMalformed`].
    pub fn verify(&self, token: &Unverified<'_>) -> Result<VerifiedClaims, AuthError> {
        claims::from_payload(&self.verify_signature(token)?)
    }

    /// The signature alone, for a payload that need not be JSON (RFC 7515 §5.2). Gives the
    /// payload.
    ///
    /// # Errors
    ///
    /// [`AuthError::TokenSignatureInvalid`], or [`AuthError::TokenMalformed`] when the payload
    /// is not base64url.
    pub fn verify_signature(&self, token: &Unverified<'_>) -> Result<Vec<u8>, AuthError> {
        let signature = base64url::decode(token.signature)
            .map_err(|_| AuthError::TokenMalformed("the signature is not base64url"))?;
        if !self
            .keys_of(token)
            .any(|key| key.key.verify(token.signed, &signature))
        {
            return Err(AuthError::TokenSignatureInvalid);
        }
        base64url::decode(token.payload)
            .map_err(|_| AuthError::TokenMalformed("the payload is not base64url"))
    }

    /// Step 3, under a microsecond, for every request: times, issuer, audience, then what the
    /// route requires. `now_unix_s` is the clock of the host, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`AuthError`], the first that applies.
    pub fn check(
        &self,
        claims: &ClaimsRef<'_>,
        now_unix_s: i64,
        required: &Requirements,
    ) -> Result<(), AuthError> {
        self.check_times(claims, now_unix_s)?;
        if self.issuer.is_some() && claims.issuer() != self.issuer.as_deref() {
            return Err(AuthError::TokenIssuerWrong);
        }
        let is_ours = |name: &str| self.audience.iter().any(|ours| ours == name);
        if !self.audience.is_empty() && !claims.audiences().any(is_ours) {
            return Err(AuthError::TokenAudienceWrong);
        }
        required.check(claims)
    }

    /// RFC 7519 §4.1.4 to §4.1.6.
    fn check_times(&self, claims: &ClaimsRef<'_>, now: i64) -> Result<(), AuthError> {
        match claims.expires_at() {
            None => return Err(AuthError::TokenExpiryMissing),
            Some(expiry) if now >= expiry.saturating_add(self.leeway_s) => {
                return Err(AuthError::TokenExpired);
            }
            Some(_) => {}
        }
        let latest = now.saturating_add(self.leeway_s);
        let in_future = |time: Option<i64>| time.is_some_and(|time| time > latest);
        if in_future(claims.not_before()) || in_future(claims.issued_at()) {
            return Err(AuthError::TokenNotYetValid);
        }
        Ok(())
    }

    /// The keys for this algorithm with the token's `kid`; when there is none, those without
    /// `kid`. A token without `kid` may belong to any key of the algorithm.
    fn candidates(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<[Option<usize>; CANDIDATES_MAX], AuthError> {
        let named = |key: &LoadedKey| kid.is_some() && key.kid.as_deref() == kid;
        let of_algorithm = |key: &&LoadedKey| key.algorithm == algorithm;
        let by_name = self.keys.iter().filter(of_algorithm).any(named);
        let fits = |key: &LoadedKey| {
            key.algorithm == algorithm
                && match kid {
                    None => true,
                    Some(_) if by_name => named(key),
                    Some(_) => key.kid.is_none(),
                }
        };
        let mut candidates = [None; CANDIDATES_MAX];
        let mut found = (0..).zip(&self.keys).filter(|(_, key)| fits(key));
        for slot in &mut candidates {
            *slot = found.next().map(|(at, _)| at);
        }
        // Too many to try: such a token has to name its key.
        if found.next().is_some() || candidates.iter().all(Option::is_none) {
            return Err(AuthError::KeyNotFound);
        }
        Ok(candidates)
    }

    fn keys_of<'s>(&'s self, token: &Unverified<'_>) -> impl Iterator<Item = &'s LoadedKey> {
        let candidates = token.candidates;
        candidates
            .into_iter()
            .flatten()
            .filter_map(|at| self.keys.get(at))
            .filter(move |key| key.algorithm == token.algorithm)
    }
}

/// Shows no key.
impl core::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SignIn({} keys)", self.keys.len())
    }
}

fn load_secret(
    secret: &NamedSecret,
    bytes: &[u8],
    allowed: &[Algorithm],
    keys: &mut Vec<LoadedKey>,
) -> Result<(), LoadError> {
    let short = |algorithm: Algorithm| LoadError::SecretShort {
        name: secret.name.clone(),
        algorithm,
        bytes_min: algorithm.secret_bytes_min(),
    };
    match secret.format {
        SecretFormat::Raw(algorithm) => keys.push(LoadedKey {
            kid: secret.kid.clone(),
            algorithm,
            key: VerifyKey::from_secret(algorithm, bytes).ok_or_else(|| short(algorithm))?,
        }),
        SecretFormat::Jwks => {
            let (set, _) = jwk_set::read(bytes, allowed, Expect::Secret).map_err(|error| {
                LoadError::SecretSet {
                    name: secret.name.clone(),
                    error,
                }
            })?;
            for key in set {
                // `Expect::Secret` lets no public key through.
                let Content::Secret(bytes) = key.content else {
                    continue;
                };
                keys.push(LoadedKey {
                    kid: key.kid,
                    algorithm: key.algorithm,
                    key: VerifyKey::from_secret(key.algorithm, &bytes)
                        .ok_or_else(|| short(key.algorithm))?,
                });
            }
        }
    }
    Ok(())
}

fn three_parts(token: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut parts = token.split(|&byte| byte == b'.');
    let three = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(three)
}

/// The length of `bytes` bytes in base64url without padding.
const fn base64url_len(bytes: usize) -> usize {
    bytes.saturating_mul(4).div_ceil(3)
}
