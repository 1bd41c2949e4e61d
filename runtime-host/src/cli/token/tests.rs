//! Tokens are taken by the sign-in that they are made for.

use super::*;
use clap::Parser as _;
use lockgate_auth::{
    CompiledSignIn, KeySettings, NamedSecret, Requirements, SecretFormat, SignInSettings,
};
use lockgate_config::types::{Algorithm as Configured, Secret, SecretEncoding, SecretSource};
use serde_json::json;

const NOW: u64 = 1_800_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn args(more: &[&str]) -> Args {
    let fixed = ["token", "--sign-in", "customers", "--sub", "alice"];
    Line::try_parse_from(fixed.iter().chain(more))
        .map(|line| line.args)
        .unwrap()
}

fn sign_in(algorithms: &[Configured], keys: SignInKeys) -> SignIn {
    SignIn {
        algorithms: algorithms.to_vec(),
        keys,
        issuer: Some("https://issuer.test".to_owned()),
        token_types: Vec::new(),
        audience: vec!["shop".to_owned(), "outlet".to_owned()],
        leeway_s: 60,
        token_bytes_max: 8192,
    }
}

fn config(folder: &Path, sign_in: SignIn) -> GatewayConfig {
    let file = folder.join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let secret = Secret {
        source: SecretSource::File(file),
        encoding: SecretEncoding::Utf8,
    };
    GatewayConfig {
        secrets: [("s".to_owned(), secret)].into(),
        sign_in: [("customers".to_owned(), sign_in)].into(),
        ..GatewayConfig::default()
    }
}

fn with_secret() -> SignIn {
    sign_in(
        &[Configured::Hs512, Configured::Hs256],
        SignInKeys::Secret("s".to_owned()),
    )
}

fn accepts(algorithm: Algorithm, keys: KeySettings<'_>, token: &str) -> bool {
    let mut settings = SignInSettings::new(vec![algorithm], keys);
    settings.issuer = Some("https://issuer.test".to_owned());
    settings.audience = vec!["shop".to_owned()];
    let (compiled, _) = CompiledSignIn::compile(settings).unwrap();
    let secret = |_: &str| Some(SECRET.as_bytes().to_vec());
    let sign_in = lockgate_auth::SignIn::load(compiled, &secret).unwrap();
    let inspected = sign_in.inspect(token.as_bytes());
    let Ok(claims) = inspected.and_then(|token| sign_in.verify(&token)) else {
        return false;
    };
    let scopes = vec!["orders".to_owned(), "returns".to_owned()];
    let wanted = Requirements {
        scopes,
        ..Requirements::default()
    };
    sign_in
        .check(&claims.view().unwrap(), NOW.cast_signed(), &wanted)
        .is_ok()
}

#[test]
fn a_token_by_secret_is_taken_by_its_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), with_secret());
    let (token, bytes_max) = make(&args(&["--scope", "orders,returns"]), &config, NOW).unwrap();
    assert_eq!(bytes_max, 8192);
    // The secret is too short for HS512, so HS256 it is.
    let secret = NamedSecret {
        name: "s".to_owned(),
        kid: None,
        format: SecretFormat::Raw(Algorithm::Hs256),
    };
    assert!(accepts(
        Algorithm::Hs256,
        KeySettings::Secrets(vec![secret]),
        &token
    ));
}

#[test]
fn a_token_by_private_key_is_taken_by_its_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.jwk");
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = MintKey::generate(algorithm).unwrap().with_kid("dev");
        std::fs::write(&file, key.private_jwk()).unwrap();
        let keys = SignInKeys::JwksFile("jwks.json".into());
        let algorithms = [Configured::Rs256, Configured::EdDsa, Configured::Es256];
        let config = config(folder.path(), sign_in(&algorithms, keys));
        let path = file.to_str().unwrap();
        let args = args(&["--key", path, "--scope", "orders", "--scope", "returns"]);
        let (token, _) = make(&args, &config, NOW).unwrap();
        let jwks = key.public_jwks().unwrap();
        assert!(accepts(
            algorithm,
            KeySettings::Jwks(jwks.as_bytes()),
            &token
        ));
    }
}

#[test]
fn claims_of_the_sign_in_come_first_and_can_be_replaced() {
    let sign_in = with_secret();
    let plain = claims(&args(&["--ttl-s", "60"]), &sign_in, NOW).unwrap();
    assert_eq!(
        Value::Object(plain),
        json!({
            "sub": "alice", "iat": NOW, "exp": NOW + 60,
            "iss": "https://issuer.test", "aud": "shop",
        })
    );
    let more = args(&[
        "--claim",
        "exp=1",
        "--claim",
        "iat=null",
        "--claim",
        "roles=[\"a\"]",
        "--claim",
        "city=Turin",
        "--scope",
        " a , ,b",
    ]);
    let replaced = claims(&more, &sign_in, NOW).unwrap();
    assert_eq!(
        Value::Object(replaced),
        json!({
            "sub": "alice", "exp": 1, "iss": "https://issuer.test", "aud": "shop",
            "roles": ["a"], "city": "Turin", "scope": "a b",
        })
    );
    let twice = args(&["--claim", "a=1", "--claim", "a=2"]);
    assert!(
        claims(&twice, &sign_in, NOW)
            .unwrap_err()
            .to_string()
            .contains("--claim a")
    );
}

#[test]
fn claim_values_are_json_or_text() {
    for (text, name, value) in [
        ("a=true", "a", json!(true)),
        ("a=7", "a", json!(7)),
        ("a=007", "a", json!("007")),
        ("a=\"7\"", "a", json!("7")),
        ("a=", "a", json!("")),
        ("a=b=c", "a", json!("b=c")),
        (
            "https://x.test/r={\"b\":null}",
            "https://x.test/r",
            json!({ "b": null }),
        ),
        ("a={broken", "a", json!("{broken")),
    ] {
        assert_eq!(
            parse_claim(text).unwrap(),
            (name.to_owned(), value),
            "{text}"
        );
    }
    assert!(parse_claim("a").is_err());
    assert!(parse_claim("=a").is_err());
}

#[test]
fn what_does_not_fit_is_said_without_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, SECRET).unwrap();
    let path = file.to_str().unwrap();
    let secret =
        |algorithms: &[Configured]| sign_in(algorithms, SignInKeys::Secret("s".to_owned()));
    let public = || {
        let keys = SignInKeys::JwksFile("jwks.json".into());
        sign_in(&[Configured::Es256, Configured::Rs256], keys)
    };
    let none = args(&["--kid", "a"]);
    let key = args(&["--key", path]);
    let mut other = args(&[]);
    other.sign_in = "costumers".to_owned();
    for (args, sign_in, expected) in [
        (
            &none,
            secret(&[Configured::Hs512]),
            "secrets.s does not sign",
        ),
        (&key, secret(&[Configured::Hs256]), "leave --key out"),
        (&none, public(), "--key"),
        (&key, public(), "not a private key for ES256"),
        (&other, public(), "there is: customers"),
    ] {
        let config = config(folder.path(), sign_in);
        let error = format!("{:#}", make(args, &config, NOW).unwrap_err());
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("abcdef"), "{error}");
    }
}
