//! Whatever the bytes: an answer, never a panic; and what is written reads back.

mod common;

use common::{base64url, forge, hs256, verify};
use lockgate_auth::{
    Algorithm, Claim, ClaimsRef, CompiledSignIn, KeySettings, Requirements, SignInSettings,
    VerifiedClaims, bearer_token,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// JSON of moderate size, all types.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((claim_name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Names that mean something, and others.
fn claim_name() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "alg", "typ", "kid", "crit", "exp", "nbf", "iat", "sub", "iss", "aud", "scope", "scp",
        "scopes", "keys", "kty", "crv", "x", "y", "n", "e", "k", "use", "key_ops",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "[a-z]{1,6}"]
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    vec((claim_name(), any_json()), 0..8).prop_map(|members| members.into_iter().collect())
}

/// Uses every accessor on bytes that were taken for claims.
fn exercise(claims: &ClaimsRef<'_>, now: i64) {
    let mut texts = claims.audiences().count() + claims.scopes().count();
    for name in ["exp", "sub", "scope", "aud", "roles", ""] {
        if let Some(Claim::TextList(list)) = claims.claim(name) {
            texts += list.count();
        }
    }
    assert!(texts < 1_000_000);
    let required = Requirements {
        scopes: vec!["a".into()],
        claims: vec![],
    };
    let _ = hs256().check(claims, now, &required);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn arbitrary_bytes_are_no_token(bytes in vec(any::<u8>(), 0..400)) {
        let sign_in = hs256();
        if let Ok(unverified) = sign_in.inspect(&bytes) {
            prop_assert!(sign_in.verify(&unverified).is_err());
        }
        let _ = bearer_token(&bytes);
    }

    #[test]
    fn arbitrary_parts_are_no_token(header in vec(any::<u8>(), 0..60), payload in vec(any::<u8>(), 0..60), signature in vec(any::<u8>(), 28..36)) {
        let token = format!("{}.{}.{}", base64url(header), base64url(payload), base64url(signature));
        prop_assert!(verify(&hs256(), &token).is_err());
    }

    #[test]
    fn arbitrary_headers_get_an_answer(mut header in any_object(), known in any::<bool>()) {
        if known { header.insert("alg".into(), json!("HS256")); }
        let _ = verify(&hs256(), &forge(Value::Object(header).to_string(), "{}"));
    }

    #[test]
    fn arbitrary_signed_payloads_get_an_answer(payload in vec(any::<u8>(), 0..200)) {
        let _ = verify(&hs256(), &forge(r#"{"alg":"HS256"}"#, payload));
    }

    #[test]
    fn claims_read_back_from_their_bytes(claims in any_object(), now in any::<i64>()) {
        let token = forge(r#"{"alg":"HS256"}"#, Value::Object(claims.clone()).to_string());
        if let Ok(verified) = verify(&hs256(), &token) {
            let back = VerifiedClaims::from_bytes(verified.to_bytes()).unwrap();
            prop_assert_eq!(&back, &verified);
            let view = ClaimsRef::from_bytes(verified.to_bytes()).unwrap();
            prop_assert_eq!(view.subject(), claims.get("sub").and_then(Value::as_str));
            prop_assert_eq!(view.issuer(), claims.get("iss").and_then(Value::as_str));
            for (name, value) in &claims {
                if let (Some(Claim::Text(text)), Value::String(wanted)) = (view.claim(name), value) {
                    prop_assert_eq!(text, wanted);
                }
            }
            exercise(&view, now);
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_claims_or_harmless_ones(bytes in vec(any::<u8>(), 0..120), now in any::<i64>()) {
        if let Ok(view) = ClaimsRef::from_bytes(&bytes) { exercise(&view, now); }
    }

    #[test]
    fn damaged_claims_are_an_error_or_harmless(at in 0_usize..200, byte in any::<u8>(), now in any::<i64>()) {
        let payload = r#"{"sub":"u1","iss":"i","aud":["a","b"],"exp":9,"scope":"a b","roles":["x"],"n":1,"t":"v"}"#;
        let mut bytes = verify(&hs256(), &forge(r#"{"alg":"HS256"}"#, payload)).unwrap().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(view) = ClaimsRef::from_bytes(&bytes) { exercise(&view, now); }
    }

    #[test]
    fn arbitrary_key_sets_get_an_answer(keys in vec(any_object(), 0..4), kty in 0_usize..4) {
        let mut keys = keys;
        for key in &mut keys {
            key.insert("kty".into(), json!(["EC", "RSA", "OKP", "oct"][kty]));
        }
        let set = json!({ "keys": keys }).to_string();
        let public = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
        let settings = SignInSettings::new(public.collect(), KeySettings::Jwks(set.as_bytes()));
        prop_assert!(CompiledSignIn::compile(settings).is_err());
    }

    #[test]
    fn arbitrary_text_is_no_key_set(text in vec(any::<u8>(), 0..200)) {
        let settings = SignInSettings::new(vec![Algorithm::Es256], KeySettings::Jwks(&text));
        prop_assert!(CompiledSignIn::compile(settings).is_err());
    }
}
