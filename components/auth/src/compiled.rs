//! A sign-in as the bundle carries it: checked when configuration changes, free of secrets.

use serde::{Deserialize, Serialize};

use crate::algorithm::Algorithm;
use crate::fault::{CompileError, SkippedKey};
use crate::jwk::{Content, Expect};
use crate::jwk_set;
use crate::key::KeyMaterial;

/// Tolerance between clocks when the settings name none, in seconds.
pub const LEEWAY_S_DEFAULT: u32 = 60;
/// Largest tolerance between clocks, in seconds.
pub const LEEWAY_S_MAX: u32 = 600;
/// Longest token when the settings name no length, in bytes.
pub const TOKEN_BYTES_MAX_DEFAULT: u32 = 8 * 1024;
/// The most that `token_bytes_max` may be, in bytes.
pub const TOKEN_BYTES_MAX_CEILING: u32 = 32 * 1024;

const SECRETS_MAX: usize = 8;

/// What a person configures for one sign-in.
#[derive(Clone, Debug)]
pub struct SignInSettings<'a> {
    /// The algorithms that a token may use; HMAC ones only with secrets, others only with a JWKS.
    pub algorithms: Vec<Algorithm>,
    /// The only `iss` that is accepted; `None` does not look at `iss`.
    pub issuer: Option<String>,
    /// The names of this service, of which `aud` must hold one. Empty does not look at `aud`:
    /// set it wherever the issuer signs tokens for other services too (RFC 8725 §3.9).
    pub audience: Vec<String>,
    /// The accepted `typ` values; empty means `JWT`, `at+jwt` or none (RFC 8725 §3.11).
    pub token_types: Vec<String>,
    /// Tolerance for `exp`, `nbf` and `iat` in seconds.
    pub leeway_s: u32,
    /// Longest token in bytes.
    pub token_bytes_max: u32,
    /// Where the keys are.
    pub keys: KeySettings<'a>,
}

/// Where the keys of a sign-in come from.
#[derive(Clone, Debug)]
pub enum KeySettings<'a> {
    /// The bytes of a JWK Set of public keys (RFC 7517 §5).
    Jwks(&'a [u8]),
    /// Secrets by name; their bytes are handed over at load.
    Secrets(Vec<NamedSecret>),
}

impl<'a> SignInSettings<'a> {
    /// Settings with every default, for these algorithms and keys.
    #[must_use]
    pub fn new(algorithms: Vec<Algorithm>, keys: KeySettings<'a>) -> Self {
        Self {
            algorithms,
            issuer: None,
            audience: Vec::new(),
            token_types: Vec::new(),
            leeway_s: LEEWAY_S_DEFAULT,
            token_bytes_max: TOKEN_BYTES_MAX_DEFAULT,
            keys,
        }
    }
}

/// A sign-in that passed every check. Made by [`CompiledSignIn::compile`], loaded by
/// [`crate::SignIn::load`]; the fields mean what they mean in [`SignInSettings`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledSignIn {
    /// The algorithms that a token may use.
    pub algorithms: Vec<Algorithm>,
    /// The only accepted `iss`.
    pub issuer: Option<String>,
    /// Accepted `aud` values; empty does not look at `aud`.
    pub audience: Vec<String>,
    /// Accepted `typ` values in lower case without `application/`; empty means the usual ones.
    pub token_types: Vec<String>,
    /// Tolerance between clocks in seconds.
    pub leeway_s: u32,
    /// Longest token in bytes.
    pub token_bytes_max: u32,
    /// The keys, or the names of the secrets.
    pub keys: KeySource,
}

/// The keys of a compiled sign-in. Public keys and secrets never mix, so a public key can
/// never serve as an HMAC secret (RFC 8725 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySource {
    /// Public keys, each valid and for one algorithm.
    Public(Vec<PublicKey>),
    /// Secrets by name.
    Secrets(Vec<NamedSecret>),
}

/// A public key of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The name that tokens call it by (RFC 7517 §4.5).
    pub kid: Option<String>,
    /// The one algorithm that it serves.
    pub algorithm: Algorithm,
    /// Its numbers.
    pub material: KeyMaterial,
}

/// A secret that the host hands over by name. Several let an old and a new one overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedSecret {
    /// The name that the host resolves.
    pub name: String,
    /// The name that tokens call it by, if they do.
    pub kid: Option<String>,
    /// What the bytes are.
    pub format: SecretFormat,
}

/// What the bytes of a named secret are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretFormat {
    /// The key itself, for this algorithm.
    Raw(Algorithm),
    /// A JWK Set of keys of type `oct`, each with its own `alg` and `kid` (RFC 7518 §6.4).
    Jwks,
}

impl CompiledSignIn {
    /// Checks settings and reads the key set. Beside the result stand the keys of the set that
    /// were passed over because they are meant for something else.
    ///
    /// # Errors
    ///
    /// [`CompileError`], which names the setting or the key.
    pub fn compile(settings: SignInSettings<'_>) -> Result<(Self, Vec<SkippedKey>), CompileError> {
        let symmetric = matches!(settings.keys, KeySettings::Secrets(_));
        check_algorithms(&settings.algorithms, symmetric)?;
        let (keys, skipped) = match settings.keys {
            KeySettings::Jwks(json) => public_keys(json, &settings.algorithms)?,
            KeySettings::Secrets(secrets) => (KeySource::Secrets(secrets), Vec::new()),
        };
        let compiled = Self {
            algorithms: settings.algorithms,
            issuer: settings.issuer,
            audience: settings.audience,
            token_types: settings
                .token_types
                .iter()
                .map(|typ| plain_type(typ))
                .collect(),
            leeway_s: settings.leeway_s,
            token_bytes_max: settings.token_bytes_max,
            keys,
        };
        compiled.check()?;
        Ok((compiled, skipped))
    }

    /// The checks that need no key set; [`crate::SignIn::load`] makes them again.
    pub(crate) fn check(&self) -> Result<(), CompileError> {
        let symmetric = matches!(self.keys, KeySource::Secrets(_));
        check_algorithms(&self.algorithms, symmetric)?;
        if self.leeway_s > LEEWAY_S_MAX {
            return Err(fault("leeway_s", "is more than 600"));
        }
        if !(64..=TOKEN_BYTES_MAX_CEILING).contains(&self.token_bytes_max) {
            return Err(fault("token_bytes_max", "is not within 64 and 32768"));
        }
        if self.issuer.as_deref() == Some("") {
            return Err(fault("issuer", "is empty"));
        }
        if self.audience.iter().any(String::is_empty) {
            return Err(fault("audience", "holds an empty name"));
        }
        match &self.keys {
            KeySource::Public(_) => Ok(()),
            KeySource::Secrets(secrets) => check_secrets(secrets, &self.algorithms),
        }
    }
}

/// A media type as `typ` is compared: lower case, `application/` left out (RFC 7515 §4.1.9).
pub(crate) fn plain_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    match lower.strip_prefix("application/") {
        Some(rest) => rest.to_owned(),
        None => lower,
    }
}

fn fault(setting: &'static str, reason: impl Into<String>) -> CompileError {
    CompileError::Setting {
        setting,
        reason: reason.into(),
    }
}

fn check_algorithms(algorithms: &[Algorithm], symmetric: bool) -> Result<(), CompileError> {
    if algorithms.is_empty() {
        return Err(fault("algorithms", "names no algorithm"));
    }
    for (at, algorithm) in algorithms.iter().enumerate() {
        if algorithms
            .iter()
            .take(at)
            .any(|earlier| earlier == algorithm)
        {
            return Err(fault("algorithms", format!("names {algorithm} twice")));
        }
        if algorithm.is_symmetric() != symmetric {
            let needs = if symmetric { "public keys" } else { "a secret" };
            return Err(fault(
                "algorithms",
                format!("names {algorithm}, which needs {needs}; one sign-in has one kind of key"),
            ));
        }
    }
    Ok(())
}

fn check_secrets(secrets: &[NamedSecret], allowed: &[Algorithm]) -> Result<(), CompileError> {
    if secrets.is_empty() || secrets.len() > SECRETS_MAX {
        return Err(fault("secrets", "there must be 1 to 8 of them"));
    }
    for (at, secret) in secrets.iter().enumerate() {
        let twin = |other: &&NamedSecret| {
            other.name == secret.name
                || (other.format == secret.format && other.kid.is_some() && other.kid == secret.kid)
        };
        if let Some(other) = secrets.iter().take(at).find(twin) {
            let reason = format!(
                "{:?} and {:?} have one name or kid",
                other.name, secret.name
            );
            return Err(fault("secrets", reason));
        }
        match secret.format {
            SecretFormat::Raw(algorithm) if !allowed.contains(&algorithm) => {
                let reason = format!("{:?} is for {algorithm}, which is not allowed", secret.name);
                return Err(fault("secrets", reason));
            }
            SecretFormat::Jwks if secret.kid.is_some() => {
                let reason = format!("{:?} is a set, whose keys have their own kid", secret.name);
                return Err(fault("secrets", reason));
            }
            _ => {}
        }
    }
    Ok(())
}

fn public_keys(
    json: &[u8],
    allowed: &[Algorithm],
) -> Result<(KeySource, Vec<SkippedKey>), CompileError> {
    let (keys, skipped) = jwk_set::read(json, allowed, Expect::Public)?;
    let keys = keys.into_iter().filter_map(|key| match key.content {
        Content::Public(material) => Some(PublicKey {
            kid: key.kid,
            algorithm: key.algorithm,
            material,
        }),
        // `Expect::Public` lets no secret through.
        Content::Secret(_) => None,
    });
    Ok((KeySource::Public(keys.collect()), skipped))
}
