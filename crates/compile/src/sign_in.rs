//! Sign-ins: settings and key sets.

use std::fs;

use lockgate_auth::{
    Algorithm, CompiledSignIn, KeySettings, NamedSecret, SecretFormat, SignInSettings,
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
            Err(reason) => faults.push(Fault::new(format!("sign_in.{name}"), reason)),
        }
    }
    compiled
}

fn one(sign_in: &SignIn) -> Result<CompiledSignIn, String> {
    let algorithms: Vec<Algorithm> = sign_in.algorithms.iter().map(algorithm).collect();
    let jwks;
    let keys = match &sign_in.keys {
        SignInKeys::JwksFile(file) => {
            jwks = fs::read(file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            KeySettings::Jwks(&jwks)
        }
        SignInKeys::Secret(name) => KeySettings::Secrets(secret(name, &algorithms)?),
    };
    let settings = SignInSettings {
        issuer: sign_in.issuer.clone(),
        audience: sign_in.audience.clone(),
        leeway_s: u32::try_from(sign_in.leeway_s).unwrap_or(u32::MAX),
        token_bytes_max: sign_in.token_bytes_max,
        ..SignInSettings::new(algorithms, keys)
    };
    CompiledSignIn::compile(settings)
        .map(|(compiled, _)| compiled)
        .map_err(|error| error.to_string())
}

/// A raw secret serves one algorithm (RFC 8725 section 3.1).
fn secret(name: &str, algorithms: &[Algorithm]) -> Result<Vec<NamedSecret>, String> {
    let [algorithm] = algorithms else {
        return Err("a secret serves one algorithm: name only that one".to_owned());
    };
    Ok(vec![NamedSecret {
        name: name.to_owned(),
        kid: None,
        format: SecretFormat::Raw(*algorithm),
    }])
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
