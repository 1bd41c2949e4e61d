//! Tokens that must be refused for what they are, whatever their claims say.

mod common;

use common::{SECRET, base64url, code, forge, forge_with, hs256, load, token, verify, with_jwks};
use jwt_simple::algorithms::{PS384KeyPair, RS256KeyPair, RS512KeyPair, RSAKeyPairLike as _};
use jwt_simple::claims::Claims;
use jwt_simple::reexports::coarsetime::Duration;
use lockgate_auth::{Algorithm, AuthError, KeySettings, MintKey, SignIn, SignInSettings, mint};
use serde_json::{Value, json};

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

#[test]
fn alg_none_is_refused_in_every_spelling() {
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = base64url(format!("{{\"alg\":\"{alg}\"}}"));
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{}.{signature}", base64url("{}"));
            assert_eq!(
                code(verify(&hs256(), &token)),
                "token_algorithm_not_allowed"
            );
        }
    }
}

#[test]
fn a_public_key_is_never_an_hmac_secret() {
    // CVE-2015-9235: the attacker signs with HS256 and the published key, in any of its forms.
    let pair = RS256KeyPair::generate(2048).unwrap();
    let jwk = pair.public_key().to_jwk();
    let sign_in = with_jwks(Algorithm::Rs256, &format!("{{\"keys\":[{jwk}]}}"));
    let public = pair.public_key();
    let secrets = [
        public.to_pem().unwrap().into_bytes(),
        public.to_pem().unwrap().trim().as_bytes().to_vec(),
        public.to_der().unwrap(),
        public.to_components().n,
        jwk.into_bytes(),
    ];
    for secret in secrets {
        let forged = forge_with(&secret, HEADER, "{}");
        assert_eq!(
            code(verify(&sign_in, &forged)),
            "token_algorithm_not_allowed"
        );
    }
    let honest = pair.sign(Claims::create(Duration::from_secs(60))).unwrap();
    verify(&sign_in, &honest).unwrap();
}

#[test]
fn an_allowed_algorithm_does_not_borrow_the_key_of_another() {
    // Both are allowed, but the only RSA key is for RS256.
    let pair = RS256KeyPair::generate(2048).unwrap();
    let jwks = format!("{{\"keys\":[{}]}}", pair.public_key().to_jwk());
    let allowed = vec![Algorithm::Rs256, Algorithm::Rs512, Algorithm::Ps384];
    let settings = SignInSettings::new(allowed, KeySettings::Jwks(jwks.as_bytes()));
    let sign_in = load(settings);
    let pem = pair.to_pem().unwrap();
    let claims = || Claims::create(Duration::from_secs(60));
    let rs512 = RS512KeyPair::from_pem(&pem)
        .unwrap()
        .sign(claims())
        .unwrap();
    let ps384 = PS384KeyPair::from_pem(&pem)
        .unwrap()
        .sign(claims())
        .unwrap();
    assert_eq!(code(verify(&sign_in, &rs512)), "key_not_found");
    assert_eq!(code(verify(&sign_in, &ps384)), "key_not_found");
}

#[test]
fn every_algorithm_that_can_be_minted_verifies_and_a_wrong_key_does_not() {
    let claims = json!({"sub": "u1"});
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let key = MintKey::generate(algorithm).unwrap().with_kid("k1");
        let other = MintKey::generate(algorithm).unwrap().with_kid("k1");
        let sign_in = with_jwks(algorithm, &key.public_jwks().unwrap());
        let good = mint(&key, claims.as_object().unwrap()).unwrap();
        let bad = mint(&other, claims.as_object().unwrap()).unwrap();
        verify(&sign_in, &good).unwrap();
        assert_eq!(
            code(verify(&sign_in, &bad)),
            "token_signature_invalid",
            "{algorithm}"
        );
    }
    let bad = forge_with(b"another secret of 32 bytes......", HEADER, "{}");
    assert_eq!(code(verify(&hs256(), &bad)), "token_signature_invalid");
    verify(&hs256(), &forge(HEADER, "{}")).unwrap();
}

#[test]
fn every_changed_byte_is_noticed() {
    let sign_in = hs256();
    let good = token(&json!({"sub": "u1", "exp": 1}));
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verify(&sign_in, &changed).is_err(), "byte {at}");
    }
}

#[test]
fn tokens_of_a_wrong_form_are_malformed() {
    let good = token(&json!({}));
    let cases = [
        "a".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{good}."),
        format!("{good}.e30"),
        format!(" {good}"),
        good.replacen('.', "=.", 1),
        forge("[]", "{}"),
        forge("{}", "{}"),
        forge(r#"{"alg":256}"#, "{}"),
        forge(r#"{"alg":"HS256","kid":7}"#, "{}"),
        forge(r#"{"alg":"HS256","typ":null}"#, "{}"),
        forge(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}", "{}"),
        forge(r#"{"alg":"HS256"} "#.repeat(2), "{}"),
    ];
    for case in cases {
        assert_eq!(code(verify(&hs256(), &case)), "token_malformed", "{case}");
    }
    assert_eq!(code(verify(&hs256(), "")), "token_missing");
}

#[test]
fn a_megabyte_is_refused_by_its_length() {
    let long = token(&json!({"x": "y".repeat(1_000_000)}));
    assert_eq!(code(verify(&hs256(), &long)), "token_too_large");
    assert_eq!(
        code(verify(&hs256(), &".".repeat(1_000_000))),
        "token_too_large"
    );
    // The longest that is allowed is read, one byte more is not.
    let mut settings = common::hs256_settings();
    let good = token(&json!({"sub": "u1"}));
    settings.token_bytes_max = u32::try_from(good.len()).unwrap();
    verify(&load(settings.clone()), &good).unwrap();
    settings.token_bytes_max -= 1;
    assert_eq!(code(verify(&load(settings), &good)), "token_too_large");
}

#[test]
fn members_that_stand_twice_are_refused() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","al\u0067":"none"}"#,
        r#"{"alg":"HS256","x":{"a":1,"a":1}}"#,
    ] {
        assert_eq!(
            code(verify(&hs256(), &forge(header, "{}"))),
            "token_malformed",
            "{header}"
        );
    }
    let payload = r#"{"sub":"a","sub":"b"}"#;
    assert_eq!(
        code(verify(&hs256(), &forge(HEADER, payload))),
        "token_claims_malformed"
    );
}

#[test]
fn critical_extensions_are_refused() {
    for header in [
        r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","crit":null}"#,
        r#"{"alg":"HS256","b64":false}"#,
    ] {
        let result = verify(&hs256(), &forge(header, "{}"));
        assert_eq!(code(result), "token_critical_unknown", "{header}");
    }
}

#[test]
fn deep_and_wide_json_is_refused() {
    let deep = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
    let header = format!(r#"{{"alg":"HS256","x":{}}}"#, deep(8));
    assert_eq!(
        code(verify(&hs256(), &forge(header, "{}"))),
        "token_malformed"
    );
    let wide = format!(r#"{{"alg":"HS256","x":[{}1]}}"#, "1,".repeat(70));
    assert_eq!(
        code(verify(&hs256(), &forge(wide, "{}"))),
        "token_malformed"
    );
    let long = format!(r#"{{"alg":"HS256","x":"{}"}}"#, "y".repeat(5000));
    assert_eq!(
        code(verify(&hs256(), &forge(long, "{}"))),
        "token_malformed"
    );
    for payload in [
        deep(8),
        deep(2000),
        format!("{{\"a\":[{}1]}}", "1,".repeat(600)),
    ] {
        let result = verify(&hs256(), &forge(HEADER, payload));
        assert_eq!(code(result), "token_claims_malformed");
    }
    verify(&hs256(), &forge(HEADER, deep(7))).unwrap();
}

#[test]
fn another_type_of_token_is_refused() {
    let of_type = |typ: &str| forge(format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#), "{}");
    for typ in [
        "JWT",
        "jwt",
        "application/jwt",
        "at+jwt",
        "application/AT+JWT",
    ] {
        verify(&hs256(), &of_type(typ)).unwrap();
    }
    for typ in ["logout+jwt", "dpop+jwt", "JOSE", "", "secevent+jwt"] {
        assert_eq!(
            code(verify(&hs256(), &of_type(typ))),
            "token_type_not_allowed",
            "{typ}"
        );
    }
    let mut settings = common::hs256_settings();
    settings.token_types = vec!["application/AT+jwt".into()];
    let strict = load(settings);
    verify(&strict, &of_type("at+JWT")).unwrap();
    assert_eq!(
        code(verify(&strict, &of_type("JWT"))),
        "token_type_not_allowed"
    );
    assert_eq!(
        code(verify(&strict, &forge(r#"{"alg":"HS256"}"#, "{}"))),
        "token_type_not_allowed"
    );
}

#[test]
fn a_token_cannot_bring_its_own_key() {
    let ours = MintKey::generate(Algorithm::Es256)
        .unwrap()
        .with_kid("ours");
    let theirs = MintKey::generate(Algorithm::Es256)
        .unwrap()
        .with_kid("theirs");
    let sign_in = with_jwks(Algorithm::Es256, &ours.public_jwks().unwrap());
    let unknown = mint(&theirs, &serde_json::Map::new()).unwrap();
    assert_eq!(code(verify(&sign_in, &unknown)), "key_not_found");
    let set: Value = serde_json::from_str(&theirs.public_jwks().unwrap()).unwrap();
    let header = json!({"alg": "ES256", "kid": "ours", "jwk": set["keys"][0]}).to_string();
    let signature = unknown.rsplit('.').next().unwrap();
    let forged = format!("{}.{}.{signature}", base64url(header), base64url("{}"));
    assert_eq!(code(verify(&sign_in, &forged)), "token_signature_invalid");
}

#[test]
fn old_and_new_secrets_overlap() {
    let settings = |kids: [Option<&str>; 2]| {
        let secrets = vec![
            common::raw_secret("old", kids[0], Algorithm::Hs256),
            common::raw_secret("new", kids[1], Algorithm::Hs256),
        ];
        SignInSettings::new(vec![Algorithm::Hs256], KeySettings::Secrets(secrets))
    };
    let load = |kids| {
        let compiled = lockgate_auth::CompiledSignIn::compile(settings(kids))
            .unwrap()
            .0;
        let secrets = |name: &str| Some(if name == "old" { [1; 32] } else { [2; 32] }.to_vec());
        SignIn::load(compiled, &secrets).unwrap()
    };
    let with_kid = |kid: &str| format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);

    let nameless = load([None, None]);
    for secret in [[1; 32], [2; 32]] {
        let token = forge_with(&secret, with_kid("whatever"), "{}");
        let inspected = nameless.inspect(token.as_bytes()).unwrap();
        assert_eq!(inspected.candidates(), 2);
        nameless.verify(&inspected).unwrap();
    }
    let named = load([Some("a"), Some("b")]);
    let token = forge_with(&[2; 32], with_kid("b"), "{}");
    assert_eq!(named.inspect(token.as_bytes()).unwrap().candidates(), 1);
    verify(&named, &token).unwrap();
    let other_name = forge_with(&[2; 32], with_kid("a"), "{}");
    assert_eq!(code(verify(&named, &other_name)), "token_signature_invalid");
}

#[test]
fn a_refusal_shows_nothing_of_the_token() {
    let canary = "canary-7f3a";
    let secret_claims = json!({"sub": canary, "exp": canary});
    let header = format!(r#"{{"alg":"{canary}","kid":"{canary}"}}"#);
    for token in [
        token(&secret_claims),
        forge(header, "{}"),
        format!("{canary}.{canary}.{canary}"),
    ] {
        let error: AuthError = verify(&hs256(), &token).unwrap_err();
        let shown = format!(
            "{error} {error:?} {} {}",
            error.code(),
            error.www_authenticate(&Default::default())
        );
        assert!(!shown.contains(canary), "{shown}");
    }
    let claims = verify(&hs256(), &token(&json!({"sub": canary}))).unwrap();
    assert!(!format!("{claims:?} {:?}", claims.view()).contains(canary));
    let shown = format!("{:?}", hs256());
    assert!(!shown.contains(std::str::from_utf8(SECRET).unwrap()));
}
