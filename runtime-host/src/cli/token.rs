//! `lockgate token`: a development token for a sign-in.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use lockgate_auth::{Algorithm, MintError, MintKey, mint};
use lockgate_config::types::{GatewayConfig, SignIn, SignInKeys};
use serde_json::{Map, Value};

use super::ConfigArgs;
use super::config::print;
use crate::secrets;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The sign-in that the token is for
    #[arg(long, value_name = "NAME")]
    sign_in: String,
    /// Who the token stands for (claim `sub`)
    #[arg(long)]
    sub: String,
    /// Scopes, with commas between them (claim `scope`)
    #[arg(long, value_delimiter = ',', value_name = "SCOPE,...")]
    scope: Vec<String>,
    /// Another claim; may be given several times. The value is JSON, or else text; `null` leaves
    /// the claim out
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = parse_claim)]
    claims: Vec<(String, Value)>,
    /// How long the token is valid, in seconds
    #[arg(long, default_value_t = 3600)]
    ttl_s: u32,
    /// The private key, PEM (PKCS #8) or JWK, of a sign-in with public keys
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Names the key (`kid`); not needed where the key is a JWK that has one
    #[arg(long)]
    kid: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let loaded = lockgate_config::load(&args.config.sources())
        .map_err(|refused| anyhow::anyhow!("the configuration has faults:\n{refused}"))?;
    let now_s = SystemTime::UNIX_EPOCH
        .elapsed()
        .context("the clock stands before 1970")?
        .as_secs();
    let (token, bytes_max) = make(args, &loaded.config, now_s)?;
    if token.len() > bytes_max {
        eprintln!(
            "note: the token has {} bytes, the sign-in takes {bytes_max} (token_bytes_max)",
            token.len()
        );
    }
    print(&format!("{token}\n"))
}

/// The token, and the most bytes that its sign-in takes.
fn make(args: &Args, config: &GatewayConfig, now_s: u64) -> anyhow::Result<(String, usize)> {
    let sign_in = config.sign_in.get(&args.sign_in).with_context(|| {
        let names: Vec<&str> = config.sign_in.keys().map(String::as_str).collect();
        let there = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        format!("there is no sign-in {:?}; there is: {there}", args.sign_in)
    })?;
    let mut key = signing_key(args, config, sign_in)?;
    if let Some(kid) = &args.kid {
        key = key.with_kid(kid);
    }
    let token = mint(&key, &claims(args, sign_in, now_s)?)?;
    Ok((token, sign_in.token_bytes_max as usize))
}

fn signing_key(args: &Args, config: &GatewayConfig, sign_in: &SignIn) -> anyhow::Result<MintKey> {
    let name = &args.sign_in;
    let secret = match &sign_in.keys {
        SignInKeys::Secret(secret) => Some(secret),
        SignInKeys::Secrets(secrets) => secrets.first(),
        SignInKeys::JwksFile(_) => None,
    };
    match (secret, &args.key) {
        (Some(secret), None) => {
            let bytes = secrets::resolve_one(config, secret)?;
            first_fit(sign_in, |algorithm| MintKey::from_secret(algorithm, &bytes))
                .with_context(|| format!("secrets.{secret} does not sign for sign_in.{name}"))
        }
        (None, Some(file)) => {
            let text = read_key(file)?;
            let is_jwk = text.trim_start().starts_with('{');
            let read = if is_jwk {
                MintKey::from_jwk
            } else {
                MintKey::from_pem
            };
            first_fit(sign_in, |algorithm| read(algorithm, &text))
                .with_context(|| format!("{} does not sign for sign_in.{name}", file.display()))
        }
        (Some(_), Some(_)) => {
            anyhow::bail!("sign_in.{name} has a secret, which signs: leave --key out")
        }
        (None, None) => {
            anyhow::bail!("sign_in.{name} has public keys only: give the private one with --key")
        }
    }
}

fn read_key(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The key for the first algorithm of the sign-in that it fits.
fn first_fit(
    sign_in: &SignIn,
    key: impl Fn(Algorithm) -> Result<MintKey, MintError>,
) -> anyhow::Result<MintKey> {
    let mut reasons = Vec::new();
    for algorithm in &sign_in.algorithms {
        match key(algorithm_of(*algorithm)) {
            Ok(key) => return Ok(key),
            Err(reason) => reasons.push(reason.to_string()),
        }
    }
    anyhow::bail!(reasons.join("; "))
}

fn algorithm_of(algorithm: lockgate_config::types::Algorithm) -> Algorithm {
    use lockgate_config::types::Algorithm as Configured;
    match algorithm {
        Configured::Hs256 => Algorithm::Hs256,
        Configured::Hs384 => Algorithm::Hs384,
        Configured::Hs512 => Algorithm::Hs512,
        Configured::Rs256 => Algorithm::Rs256,
        Configured::Rs384 => Algorithm::Rs384,
        Configured::Rs512 => Algorithm::Rs512,
        Configured::Ps256 => Algorithm::Ps256,
        Configured::Ps384 => Algorithm::Ps384,
        Configured::Ps512 => Algorithm::Ps512,
        Configured::Es256 => Algorithm::Es256,
        Configured::Es384 => Algorithm::Es384,
        Configured::EdDsa => Algorithm::EdDsa,
    }
}

/// What the sign-in asks for, then what `--claim` says instead (RFC 7519, section 4.1; `scope`:
/// RFC 8693, section 4.2).
fn claims(args: &Args, sign_in: &SignIn, now_s: u64) -> anyhow::Result<Map<String, Value>> {
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("sub", args.sub.as_str().into());
    put("iat", now_s.into());
    put("exp", now_s.saturating_add(args.ttl_s.into()).into());
    if let Some(issuer) = &sign_in.issuer {
        put("iss", issuer.as_str().into());
    }
    if let Some(audience) = sign_in.audience.first() {
        put("aud", audience.as_str().into());
    }
    let scopes: Vec<&str> = args
        .scope
        .iter()
        .map(|scope| scope.trim())
        .filter(|scope| !scope.is_empty())
        .collect();
    if !scopes.is_empty() {
        put("scope", scopes.join(" ").into());
    }
    for (place, (name, value)) in args.claims.iter().enumerate() {
        let twice = args
            .claims
            .iter()
            .skip(place + 1)
            .any(|(other, _)| other == name);
        anyhow::ensure!(!twice, "--claim {name} is given twice");
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.clone(), value.clone());
        }
    }
    Ok(claims)
}

/// `admin=true`, `roles=["a","b"]`, `city=Turin`, and `number="7"` for a text that would be JSON.
fn parse_claim(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        None | Some(("", _)) => Err("write NAME=VALUE".to_owned()),
        Some((name, value)) => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            Ok((name.to_owned(), value))
        }
    }
}

#[cfg(test)]
mod tests;
