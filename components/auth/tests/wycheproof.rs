//! Project Wycheproof's JWS and JWK vectors (version 0.3), unpatched, through our verifier.
//!
//! Every "invalid" vector must be refused and every "valid" one accepted. The payloads are not
//! JSON, so the signature alone is verified. The exceptions are these and no others:

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_auth::{
    Algorithm, CompiledSignIn, KeySettings, NamedSecret, SecretFormat, SignIn, SignInSettings,
};
use serde_json::{Value, json};

/// Vectors of `json_web_signature_test.json` with another outcome here than there.
/// `Stricter`: marked valid, refused here. `Skipped`: not run.
const EXCEPTIONS: [(u64, Exception, &str); 8] = [
    (
        346,
        Stricter,
        "the key's alg is PS256, the token's PS384: a key serves one algorithm (RFC 8725 §3.1)",
    ),
    (350, Stricter, "the same as 346, with key_ops"),
    (347, Stricter, "ES512 on P-521 is not in scope"),
    (351, Stricter, "ES512 on P-521 is not in scope"),
    (
        367,
        Skipped,
        "marked invalid, but byte for byte the token of 357, which is marked valid",
    ),
    (
        370,
        Skipped,
        "marked invalid, but byte for byte the token of 357, which is marked valid",
    ),
    (
        372,
        Stricter,
        "a '?' in the header: not base64url (RFC 7515 §2)",
    ),
    (
        373,
        Stricter,
        "a '?' in the payload: not base64url (RFC 7515 §2)",
    ),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exception {
    Stricter,
    Skipped,
}
use Exception::{Skipped, Stricter};

#[test]
fn json_web_signature() {
    let exceptions: BTreeMap<_, _> = EXCEPTIONS
        .iter()
        .map(|&(id, exception, reason)| (id, (exception, reason)))
        .collect();
    run("json_web_signature_test.json", 401, &exceptions);
}

#[test]
fn json_web_key() {
    run("json_web_key_test.json", 26, &BTreeMap::new());
}

fn run(file: &str, tests: usize, exceptions: &BTreeMap<u64, (Exception, &str)>) {
    let Some(vectors) = load(file) else { return };
    let mut count = 0;
    let mut wrong = Vec::new();
    let mut refusals = BTreeMap::<String, usize>::new();
    for group in vectors["testGroups"].as_array().unwrap() {
        // What verifies is the public half; only secrets have no other.
        let key = group.get("public").unwrap_or(&group["private"]);
        let sign_in = sign_in(key);
        for test in group["tests"].as_array().unwrap() {
            count += 1;
            let id = test["tcId"].as_u64().unwrap();
            let accepted = match &sign_in {
                Ok(sign_in) => accepts(sign_in, test["jws"].as_str().unwrap()),
                Err(reason) => Err(reason.clone()),
            };
            if let Err(reason) = &accepted {
                *refusals.entry(reason.clone()).or_default() += 1;
            }
            let valid = test["result"] == "valid";
            let expected = match exceptions.get(&id) {
                Some((exception, reason)) => {
                    eprintln!("{file} {id}: {exception:?}: {reason}");
                    match exception {
                        Skipped => continue,
                        Stricter => {
                            assert!(valid, "{id} is not marked valid; the table is out of date");
                            false
                        }
                    }
                }
                None => valid,
            };
            if accepted.is_ok() != expected {
                wrong.push(format!("{id} {}: {accepted:?}", test["comment"]));
            }
        }
    }
    assert_eq!(count, tests, "{file} has another number of vectors");
    eprintln!(
        "{file}: {count} vectors, {} exceptions; refusals by reason:",
        exceptions.len()
    );
    for (reason, count) in refusals {
        eprintln!("{count:>5} {reason}");
    }
    assert!(wrong.is_empty(), "{file}: {wrong:#?}");
}

fn accepts(sign_in: &SignIn, token: &str) -> Result<(), String> {
    let unverified = sign_in
        .inspect(token.as_bytes())
        .map_err(|error| error.to_string())?;
    let payload = sign_in.verify_signature(&unverified);
    payload.map(drop).map_err(|error| error.to_string())
}

/// A sign-in for a JWK or a JWK Set, as a person would configure it: public keys as a key set,
/// `oct` keys as a secret that holds one. A set with both goes to the first.
fn sign_in(key: &Value) -> Result<SignIn, String> {
    let set = match key.get("keys") {
        Some(_) => key.clone(),
        None => json!({ "keys": [key] }),
    };
    let keys = set["keys"].as_array().unwrap();
    let symmetric = keys.iter().all(|key| key["kty"] == "oct");
    let json = set.to_string().into_bytes();
    let settings = if symmetric {
        let secret = NamedSecret {
            name: "vector".into(),
            kid: None,
            format: SecretFormat::Jwks,
        };
        SignInSettings::new(algorithms(true), KeySettings::Secrets(vec![secret]))
    } else {
        // Keys without alg would be ambiguous among all; allow what their group is about.
        let allowed = if keys.iter().all(|key| key.get("alg").is_none()) {
            vec![Algorithm::Rs256, Algorithm::Es256]
        } else {
            algorithms(false)
        };
        SignInSettings::new(allowed, KeySettings::Jwks(&json))
    };
    let (compiled, _) = CompiledSignIn::compile(settings).map_err(|error| error.to_string())?;
    SignIn::load(compiled, &|_| Some(json.clone())).map_err(|error| error.to_string())
}

fn algorithms(symmetric: bool) -> Vec<Algorithm> {
    let all = Algorithm::ALL.into_iter();
    all.filter(|algorithm| algorithm.is_symmetric() == symmetric)
        .collect()
}

/// `None`, and one loud line, when the vectors are not beside the checkout.
#[allow(
    clippy::disallowed_methods,
    reason = "a test reads its vectors; decisions do not"
)]
fn load(file: &str) -> Option<Value> {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("../shared/jose").join(file);
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(error) => {
            eprintln!("SKIPPED: the Wycheproof vectors ../shared/jose/{file} are missing: {error}");
            None
        }
    }
}
