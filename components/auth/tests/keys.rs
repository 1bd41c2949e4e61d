//! Settings, key sets and secrets: what is refused when configuration changes or loads.

mod common;

use common::{SECRET, base64url, hs256_settings, raw_secret};
use lockgate_auth::{
    Algorithm, CompileError, CompiledSignIn, KeyFault, KeyMaterial, KeySettings, KeySource,
    LoadError, MintKey, NamedSecret, PublicKey, Requirements, SecretFormat, SignIn, SignInSettings,
    SkipReason, SkippedKey,
};
use serde_json::{Value, json};

fn compile(
    algorithms: &[Algorithm],
    keys: Value,
) -> Result<(CompiledSignIn, Vec<SkippedKey>), CompileError> {
    let set = json!({ "keys": keys }).to_string();
    let settings = SignInSettings::new(algorithms.to_vec(), KeySettings::Jwks(set.as_bytes()));
    CompiledSignIn::compile(settings)
}

fn fault(algorithms: &[Algorithm], keys: Value) -> (usize, KeyFault) {
    match compile(algorithms, keys) {
        Err(CompileError::Key { place, fault }) => (place.index, fault),
        other => panic!("expected a bad key, got {other:?}"),
    }
}

fn public(algorithm: Algorithm, kid: &str) -> Value {
    let key = MintKey::generate(algorithm).unwrap().with_kid(kid);
    let set: Value = serde_json::from_str(&key.public_jwks().unwrap()).unwrap();
    set["keys"][0].clone()
}

fn with(key: &Value, name: &str, value: Value) -> Value {
    let mut key = key.clone();
    key[name] = value;
    key
}

fn without(key: &Value, name: &str) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().remove(name);
    key
}

fn rsa(bits: usize) -> Value {
    let mut n = vec![0xa5; bits.div_ceil(8)];
    if !bits.is_multiple_of(8) {
        n[0] = 1;
    }
    json!({"kty": "RSA", "alg": "RS256", "n": base64url(n), "e": "AQAB"})
}

const ES: &[Algorithm] = &[Algorithm::Es256, Algorithm::Es384];

#[test]
fn a_bad_key_is_refused_by_name() {
    let good = public(Algorithm::Es256, "good");
    let bad = with(&public(Algorithm::Es256, "kid-7"), "x", json!("AAAA"));
    let error = compile(ES, json!([good, bad])).unwrap_err().to_string();
    assert!(
        error.contains("key 1 (kid \"kid-7\")") && error.contains("\"x\""),
        "{error}"
    );
}

#[test]
fn every_fault_of_a_key_has_its_answer() {
    let key = public(Algorithm::Es256, "k");
    let p384 = public(Algorithm::Es384, "k");
    let flipped = {
        let y = key["y"].as_str().unwrap();
        let first = if y.starts_with('A') { "B" } else { "A" };
        format!("{first}{}", &y[1..])
    };
    let bad = |name, why| KeyFault::MemberBad(name, why);
    let cases = [
        (json!(7), KeyFault::NotAnObject),
        (without(&key, "kty"), KeyFault::MemberMissing("kty")),
        (without(&key, "crv"), KeyFault::MemberMissing("crv")),
        (without(&key, "y"), KeyFault::MemberMissing("y")),
        (with(&key, "kty", json!(1)), bad("kty", "is not a string")),
        (
            with(&key, "kid", json!("")),
            bad("kid", "is empty or longer than 256 bytes"),
        ),
        (
            with(&key, "use", json!(["sig"])),
            bad("use", "is not a string"),
        ),
        (
            with(&key, "key_ops", json!("verify")),
            bad("key_ops", "is not an array"),
        ),
        (
            with(&key, "key_ops", json!(["verify", "verify"])),
            bad("key_ops", "holds an operation twice"),
        ),
        (
            with(&key, "x", json!("A=")),
            bad("x", "is not base64url without padding"),
        ),
        (
            with(&key, "x", p384["x"].clone()),
            bad("x", "has the wrong length for the curve"),
        ),
        (with(&key, "y", json!(flipped)), KeyFault::Invalid),
        (with(&key, "d", json!("AAAA")), KeyFault::Private("d")),
        (
            with(&key, "alg", json!("ES384")),
            KeyFault::AlgorithmUnfit(Algorithm::Es384),
        ),
        (
            with(&key, "alg", json!("HS256")),
            KeyFault::AlgorithmUnfit(Algorithm::Hs256),
        ),
        (
            with(&key, "alg", json!("RS256")),
            KeyFault::AlgorithmUnfit(Algorithm::Rs256),
        ),
        (
            json!({"kty": "oct", "alg": "HS256", "k": base64url(SECRET)}),
            KeyFault::Symmetric,
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(fault(ES, json!([case])), (0, expected), "{case}");
    }
}

#[test]
fn weak_rsa_keys_are_refused() {
    let rs = [Algorithm::Rs256];
    assert!(compile(&rs, json!([rsa(2048)])).is_ok());
    assert!(compile(&rs, json!([rsa(4096)])).is_ok());
    for bits in [512, 1024, 2041, 4097, 8192] {
        assert_eq!(fault(&rs, json!([rsa(bits)])).1, KeyFault::RsaSize(bits));
    }
    for e in ["AQ", "Aw", "AAEAAQ", ""] {
        let key = with(&rsa(2048), "e", json!(e));
        assert_eq!(fault(&rs, json!([key])).1, KeyFault::RsaExponent, "{e}");
    }
    let zero_in_front = with(
        &rsa(2048),
        "n",
        json!(base64url([&[0][..], &[0xa5; 256]].concat())),
    );
    let reason = "begins with a zero octet";
    assert_eq!(
        fault(&rs, json!([zero_in_front])).1,
        KeyFault::MemberBad("n", reason)
    );
    let even = with(&rsa(2048), "n", json!(base64url([0xa4; 256])));
    assert_eq!(fault(&rs, json!([even])).1, KeyFault::Invalid);
}

#[test]
fn weak_ed25519_points_are_refused() {
    // The neutral element: every signature fits it.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for x in [neutral, [0; 32], [0xff; 32]] {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": base64url(x)});
        assert_eq!(
            fault(&[Algorithm::EdDsa], json!([key])).1,
            KeyFault::Invalid
        );
    }
}

#[test]
fn keys_for_something_else_are_passed_over_and_told() {
    let key = public(Algorithm::Es256, "k");
    let cases = [
        (with(&key, "use", json!("enc")), SkipReason::Use),
        (with(&key, "key_ops", json!(["sign"])), SkipReason::KeyOps),
        (with(&key, "kty", json!("AKP")), SkipReason::KeyType),
        (with(&key, "crv", json!("P-521")), SkipReason::Curve),
        (with(&key, "alg", json!("ECDH-ES")), SkipReason::Algorithm),
        (public(Algorithm::EdDsa, "ed"), SkipReason::Algorithm),
    ];
    for (other, reason) in cases {
        let (compiled, skipped) = compile(ES, json!([other, key])).unwrap();
        assert_eq!(skipped.len(), 1);
        assert_eq!((skipped[0].place.index, skipped[0].reason), (0, reason));
        assert!(matches!(compiled.keys, KeySource::Public(keys) if keys.len() == 1));
        assert!(matches!(
            compile(ES, json!([other])),
            Err(CompileError::NoKey(_))
        ));
    }
}

#[test]
fn a_key_serves_one_algorithm() {
    let key = without(&rsa(2048), "alg");
    let both = [Algorithm::Rs256, Algorithm::Ps256];
    assert_eq!(
        fault(&both, json!([key])).1,
        KeyFault::AlgorithmAmbiguous(both.to_vec())
    );
    let (compiled, _) = compile(&[Algorithm::Ps256, Algorithm::Es256], json!([key])).unwrap();
    let KeySource::Public(keys) = compiled.keys else {
        panic!("public keys")
    };
    assert_eq!(keys[0].algorithm, Algorithm::Ps256);
}

#[test]
fn keys_that_a_token_could_not_tell_apart_are_refused() {
    let [one, two] = [
        public(Algorithm::Es256, "same"),
        public(Algorithm::Es256, "same"),
    ];
    assert_eq!(fault(ES, json!([one, two])), (1, KeyFault::DuplicateKid(0)));
    assert!(compile(ES, json!([one, public(Algorithm::Es384, "same")])).is_ok());
    let nameless = without(&one, "kid");
    assert_eq!(
        fault(ES, json!([nameless, nameless])),
        (1, KeyFault::DuplicateKey(0))
    );
    let many: Vec<_> = (0..5)
        .map(|_| without(&public(Algorithm::Es256, ""), "kid"))
        .collect();
    assert_eq!(fault(ES, json!(many)), (4, KeyFault::TooManyWithoutKid(4)));
}

#[test]
fn what_is_not_a_key_set_is_refused() {
    for json in [
        "",
        "{}",
        "[]",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        "not json",
    ] {
        let settings = SignInSettings::new(ES.to_vec(), KeySettings::Jwks(json.as_bytes()));
        let error = CompiledSignIn::compile(settings).unwrap_err();
        assert!(
            matches!(error, CompileError::KeySet(_)),
            "{json}: {error:?}"
        );
    }
    assert!(matches!(
        compile(ES, json!([])),
        Err(CompileError::NoKey(_))
    ));
}

#[test]
fn contradicting_settings_are_refused() {
    let refused = |change: &dyn Fn(&mut SignInSettings<'static>)| {
        let mut settings = hs256_settings();
        change(&mut settings);
        match CompiledSignIn::compile(settings) {
            Err(CompileError::Setting { setting, .. }) => setting,
            other => panic!("expected a bad setting, got {other:?}"),
        }
    };
    assert_eq!(refused(&|s| s.algorithms.clear()), "algorithms");
    assert_eq!(
        refused(&|s| s.algorithms.push(Algorithm::Hs256)),
        "algorithms"
    );
    assert_eq!(
        refused(&|s| s.algorithms.push(Algorithm::Rs256)),
        "algorithms"
    );
    assert_eq!(
        refused(&|s| s.keys = KeySettings::Jwks(b"{}")),
        "algorithms"
    );
    assert_eq!(refused(&|s| s.leeway_s = 601), "leeway_s");
    assert_eq!(refused(&|s| s.token_bytes_max = 40_000), "token_bytes_max");
    assert_eq!(refused(&|s| s.token_bytes_max = 0), "token_bytes_max");
    assert_eq!(refused(&|s| s.issuer = Some(String::new())), "issuer");
    assert_eq!(refused(&|s| s.audience = vec![String::new()]), "audience");
    assert_eq!(
        refused(&|s| s.keys = KeySettings::Secrets(vec![])),
        "secrets"
    );
    let twice = |name: &str, kid| raw_secret(name, kid, Algorithm::Hs256);
    let one_name = vec![twice("a", None), twice("a", None)];
    let one_kid = vec![twice("a", Some("k")), twice("b", Some("k"))];
    assert_eq!(
        refused(&|s| s.keys = KeySettings::Secrets(one_name.clone())),
        "secrets"
    );
    assert_eq!(
        refused(&|s| s.keys = KeySettings::Secrets(one_kid.clone())),
        "secrets"
    );
    let other = vec![raw_secret("a", None, Algorithm::Hs512)];
    assert_eq!(
        refused(&|s| s.keys = KeySettings::Secrets(other.clone())),
        "secrets"
    );
}

#[test]
fn secrets_are_looked_up_by_name_and_measured() {
    let load = |settings, bytes: Option<Vec<u8>>| {
        let (compiled, _) = CompiledSignIn::compile(settings).unwrap();
        SignIn::load(compiled, &|_| bytes.clone()).unwrap_err()
    };
    assert_eq!(
        load(hs256_settings(), None),
        LoadError::SecretUnknown("main".into())
    );
    for (algorithm, bytes_min) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        let keys = KeySettings::Secrets(vec![raw_secret("main", None, algorithm)]);
        let settings = SignInSettings::new(vec![algorithm], keys);
        let short = Some(vec![1; bytes_min - 1]);
        let name = "main".to_owned();
        assert_eq!(
            load(settings, short),
            LoadError::SecretShort {
                name,
                algorithm,
                bytes_min
            }
        );
    }
}

#[test]
fn a_secret_may_be_a_set_but_not_of_public_keys() {
    let secret = NamedSecret {
        name: "set".into(),
        kid: None,
        format: SecretFormat::Jwks,
    };
    let keys = KeySettings::Secrets(vec![secret]);
    let settings = SignInSettings::new(vec![Algorithm::Hs256, Algorithm::Hs512], keys);
    let (compiled, _) = CompiledSignIn::compile(settings).unwrap();
    let load = |keys: Value| {
        let set = json!({ "keys": keys }).to_string().into_bytes();
        SignIn::load(compiled.clone(), &|_| Some(set.clone()))
    };
    let oct = MintKey::generate(Algorithm::Hs512).unwrap().with_kid("h");
    let oct: Value = serde_json::from_str(&oct.private_jwk()).unwrap();
    assert!(load(json!([oct])).is_ok());
    let shown = load(json!([public(Algorithm::Es256, "e")]))
        .unwrap_err()
        .to_string();
    assert!(shown.contains("not a shared secret"), "{shown}");
    let short = with(&oct, "k", json!(base64url([7; 63])));
    let shown = load(json!([short])).unwrap_err().to_string();
    assert!(shown.contains("64 bytes") && !shown.contains(short["k"].as_str().unwrap()));
}

#[test]
fn the_compiled_form_survives_the_bundle_and_alterations_are_noticed() {
    let (compiled, _) = compile(ES, json!([public(Algorithm::Es256, "k")])).unwrap();
    let bytes = postcard::to_allocvec(&compiled).unwrap();
    assert_eq!(
        postcard::from_bytes::<CompiledSignIn>(&bytes).unwrap(),
        compiled
    );
    assert!(SignIn::load(compiled.clone(), &|_| None).is_ok());

    let key = |algorithm, material| {
        let mut altered = compiled.clone();
        altered.keys = KeySource::Public(vec![PublicKey {
            kid: None,
            algorithm,
            material,
        }]);
        SignIn::load(altered, &|_| None)
    };
    let not_a_point = KeyMaterial::Point(vec![4; 65]);
    assert!(matches!(
        key(Algorithm::Es256, not_a_point),
        Err(LoadError::Unsound(_))
    ));
    let ed25519 = KeyMaterial::Ed25519([9; 32]);
    assert!(matches!(
        key(Algorithm::EdDsa, ed25519),
        Err(LoadError::Unsound(_))
    ));
    let mut empty = compiled.clone();
    empty.keys = KeySource::Public(vec![]);
    assert!(matches!(
        SignIn::load(empty, &|_| None),
        Err(LoadError::Unsound(_))
    ));
    let mut not_allowed = compiled.clone();
    not_allowed.algorithms = vec![Algorithm::Es384];
    assert!(matches!(
        SignIn::load(not_allowed, &|_| None),
        Err(LoadError::Unsound(_))
    ));
    let mut mixed = compiled;
    mixed.algorithms.push(Algorithm::Hs256);
    assert!(matches!(
        SignIn::load(mixed, &|_| None),
        Err(LoadError::Unsound(_))
    ));

    let required = Requirements {
        scopes: vec!["a".into()],
        claims: vec![],
    };
    let bytes = postcard::to_allocvec(&required).unwrap();
    assert_eq!(
        postcard::from_bytes::<Requirements>(&bytes).unwrap(),
        required
    );
}
