//! JWK Sets: public ones at configuration, secret ones at load.

use lockgate_auth::{
    Algorithm, CompiledSignIn, KeySettings, KeySource, NamedSecret, SecretFormat, SignIn,
    SignInSettings,
};
use serde_json::Value;

/// Reads the input as a set for several lists of algorithms.
pub fn run(data: &[u8]) {
    let mut every = Algorithm::ALL.to_vec();
    every.retain(|algorithm| !algorithm.is_symmetric());
    let one_each = [
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Rs256,
        Algorithm::EdDsa,
    ];
    for algorithms in [every, one_each.to_vec()] {
        public(data, algorithms);
    }
    secret(data);
}

fn public(data: &[u8], algorithms: Vec<Algorithm>) {
    let settings = SignInSettings::new(algorithms.clone(), KeySettings::Jwks(data));
    let (compiled, skipped) = match CompiledSignIn::compile(settings) {
        Ok(compiled) => compiled,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let KeySource::Public(keys) = &compiled.keys else {
        panic!("public keys");
    };
    let set: Value = serde_json::from_slice(data).expect("a set was read");
    let given = set["keys"].as_array().expect("keys were read");
    assert_eq!(keys.len() + skipped.len(), given.len());
    for key in keys {
        assert!(algorithms.contains(&key.algorithm));
    }
    for (index, key) in given.iter().enumerate() {
        let used = !skipped.iter().any(|skipped| skipped.place.index == index);
        assert!(key["kty"] != "oct", "a secret in a public set");
        assert!(!used || key.get("d").is_none(), "a private key");
        assert!(!used || key.get("use").is_none_or(|key_use| key_use == "sig"));
    }
    assert!(SignIn::load(compiled, &|_| None).is_ok());
}

fn secret(data: &[u8]) {
    let named = NamedSecret {
        name: "set".into(),
        kid: None,
        format: SecretFormat::Jwks,
    };
    let algorithms = vec![Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    let settings = SignInSettings::new(algorithms, KeySettings::Secrets(vec![named]));
    let (compiled, _) = CompiledSignIn::compile(settings).expect("sound");
    match SignIn::load(compiled, &|_| Some(data.to_vec())) {
        Ok(sign_in) => {
            // `{"alg":"HS256"}` with no claims and a signature of nothing.
            let token = format!("eyJhbGciOiJIUzI1NiJ9.e30.{}", "A".repeat(43));
            if let Ok(unverified) = sign_in.inspect(token.as_bytes()) {
                assert!(sign_in.verify(&unverified).is_err());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
