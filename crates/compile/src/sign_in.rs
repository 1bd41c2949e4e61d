//! Sign-ins: settings and key sets.

use std::fs;

use lockgate_auth::{
    Algorithm, CompileError, CompiledSignIn, KeySettings, NamedSecret, SecretFormat, SignInSettings,
};
use lockgate_bundle::NamedSignIn;
use lockgate_config::GatewayConfig;
use lockgate_config::types::{self, SignIn, SignInKeys};

use crate::Fault;

/// Compiles every sign-in, in the order of names.
pub(crate) fn compile(config: &GatewayConfig, faults: &mut Vec<Fault>) -> Vec<NamedSignIn> {
    let mut compiled = Vec::new();
    for (name, sign_in) in &config.sign_in {
        match one(sign_in) {
            Ok(settings) => compiled.push(NamedSignIn {
                name: name.clone(),
                compiled: settings,
            }),
            Err(Wrong { setting, reason }) => {
                let dot = if setting.is_empty() { "" } else { "." };
                let path = format!("sign_in.{name}{dot}{setting}");
                faults.push(Fault::new(path, reason));
            }
        }
    }
    compiled
}

/// What is wrong with a sign-in, and the key of it; empty: none in particular.
struct Wrong {
    setting: &'static str,
    reason: String,
}

impl Wrong {
    fn new(setting: &'static str, reason: impl Into<String>) -> Self {
        Self {
            setting,
            reason: reason.into(),
        }
    }
}

impl From<CompileError> for Wrong {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Setting { setting, reason } => Self::new(setting, reason),
            error => Self::new("jwks_file", error.to_string()),
        }
    }
}

fn one(sign_in: &SignIn) -> Result<CompiledSignIn, Wrong> {
    let algorithms: Vec<Algorithm> = sign_in.algorithms.iter().map(algorithm).collect();
    let jwks;
    let keys = match &sign_in.keys {
        SignInKeys::JwksFile(file) => {
            jwks = fs::read(file).map_err(|error| {
                Wrong::new(
                    "jwks_file",
                    format!("cannot read {}: {error}", file.display()),
                )
            })?;
            KeySettings::Jwks(&jwks)
        }
        SignInKeys::Secret(name) => {
            KeySettings::Secrets(secrets(std::slice::from_ref(name), &algorithms)?)
        }
        SignInKeys::Secrets(names) => KeySettings::Secrets(secrets(names, &algorithms)?),
    };
    let settings = SignInSettings {
        issuer: sign_in.issuer.clone(),
        audience: sign_in.audience.clone(),
        token_types: sign_in.token_types.clone(),
        leeway_s: u32::try_from(sign_in.leeway_s).unwrap_or(u32::MAX),
        token_bytes_max: sign_in.token_bytes_max,
        ..SignInSettings::new(algorithms, keys)
    };
    CompiledSignIn::compile(settings)
        .map(|(compiled, _)| compiled)
        .map_err(Wrong::from)
}

/// A raw secret serves one algorithm (RFC 8725 section 3.1).
fn secrets(names: &[String], algorithms: &[Algorithm]) -> Result<Vec<NamedSecret>, Wrong> {
    let [algorithm] = algorithms else {
        let reason = "a secret serves one algorithm: name only that one";
        return Err(Wrong::new("algorithms", reason));
    };
    let named = |name: &String| NamedSecret {
        name: name.clone(),
        kid: None,
        format: SecretFormat::Raw(*algorithm),
    };
    Ok(names.iter().map(named).collect())
}

fn algorithm(algorithm: &types::Algorithm) -> Algorithm {
    match algorithm {
        types::Algorithm::Hs256 => Algorithm::Hs256,
        types::Algorithm::Hs384 => Algorithm::Hs384,
        types::Algorithm::Hs512 => Algorithm::Hs512,
        types::Algorithm::Rs256 => Algorithm::Rs256,
        types::Algorithm::Rs384 => Algorithm::Rs384,
        types::Algorithm::Rs512 => Algorithm::Rs512,
        types::Algorithm::Ps256 => Algorithm::Ps256,
        types::Algorithm::Ps384 => Algorithm::Ps384,
        types::Algorithm::Ps512 => Algorithm::Ps512,
        types::Algorithm::Es256 => Algorithm::Es256,
        types::Algorithm::Es384 => Algorithm::Es384,
        types::Algorithm::EdDsa => Algorithm::EdDsa,
    }
}
