//! Tokens: raw ones, and ones whose signature is good so that header and claims are read. The
//! parts of an input are a header, a payload and whatever.

use crate::parts::parts;
use jwt_simple::algorithms::{HS256Key, MACLike};
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use lockgate_auth::{
    Algorithm, AuthError, Claim, ClaimRequirement, ClaimValue, ClaimsRef, CompiledSignIn,
    KeySettings, NamedSecret, Requirements, SecretFormat, SignIn, SignInSettings, VerifiedClaims,
    bearer_token,
};
use serde_json::Value;
use std::sync::LazyLock;

const SECRET: &[u8] = b"thirty-two bytes that are secret";
const NOW_S: i64 = 1_800_000_000;
const LEEWAY_S: i64 = 30;

fn hs256(secret: &'static [u8]) -> SignIn {
    let named = NamedSecret {
        name: "main".into(),
        kid: None,
        format: SecretFormat::Raw(Algorithm::Hs256),
    };
    let settings = SignInSettings {
        leeway_s: LEEWAY_S as u32,
        ..SignInSettings::new(vec![Algorithm::Hs256], KeySettings::Secrets(vec![named]))
    };
    let (compiled, _) = CompiledSignIn::compile(settings).expect("sound");
    SignIn::load(compiled, &|_| Some(secret.to_vec())).expect("sound")
}

static OURS: LazyLock<SignIn> = LazyLock::new(|| hs256(SECRET));
static OTHER: LazyLock<SignIn> = LazyLock::new(|| hs256(b"another secret of other services"));

/// The key of RFC 7515 appendix A.3 and of RFC 8037 appendix A.2: none may take an HMAC for its own.
static PUBLIC: LazyLock<SignIn> = LazyLock::new(|| {
    let keys = br#"{"keys":[
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let algorithms = vec![Algorithm::Es256, Algorithm::EdDsa];
    let settings = SignInSettings::new(algorithms, KeySettings::Jwks(keys));
    let (compiled, _) = CompiledSignIn::compile(settings).expect("sound");
    SignIn::load(compiled, &|_| None).expect("sound")
});

/// Nothing that is not signed passes, and of what is signed nothing is misread.
pub fn run(data: &[u8]) {
    let raw = bearer_token(data).unwrap_or(data);
    for sign_in in [&*OURS, &*OTHER, &*PUBLIC] {
        assert!(verify(sign_in, raw).is_err(), "a forged token");
    }
    if let Ok(claims) = ClaimsRef::from_bytes(data) {
        read_all(&claims);
    }
    let [header, payload] = parts(data);
    let token = forge(header, payload);
    assert!(verify(&OTHER, token.as_bytes()).is_err(), "another's token");
    assert!(
        verify(&PUBLIC, token.as_bytes()).is_err(),
        "a swapped algorithm"
    );
    match verify(&OURS, token.as_bytes()) {
        Ok(claims) => accepted(header, payload, &claims),
        Err(AuthError::TokenSignatureInvalid) => panic!("the signature is good"),
        Err(error) => assert!(error.status() == 401 && !error.code().is_empty()),
    }
}

fn verify(sign_in: &SignIn, token: &[u8]) -> Result<VerifiedClaims, AuthError> {
    sign_in.verify(&sign_in.inspect(token)?)
}

/// A token of exactly these parts with a good signature.
fn forge(header: &[u8], payload: &[u8]) -> String {
    let encode = |bytes: &[u8]| Base64UrlSafeNoPadding::encode_to_string(bytes).expect("short");
    let signed = format!("{}.{}", encode(header), encode(payload));
    let tag = HS256Key::from_bytes(SECRET).authentication_tag(signed.as_bytes());
    format!("{signed}.{}", encode(&tag))
}

/// Held against another reader of JSON.
fn accepted(header: &[u8], payload: &[u8], claims: &VerifiedClaims) {
    let header: Value = serde_json::from_slice(header).expect("a header was read");
    assert_eq!(header["alg"], "HS256");
    assert!(header.get("crit").is_none() && header.get("b64").is_none());
    let payload: Value = serde_json::from_slice(payload).expect("claims were read");
    assert_eq!(
        VerifiedClaims::from_bytes(claims.to_bytes()).as_ref(),
        Ok(claims)
    );
    let view = claims.view().expect("its own bytes");
    read_all(&view);
    assert_eq!(view.subject(), payload["sub"].as_str());
    assert_eq!(view.issuer(), payload["iss"].as_str());
    for (name, value) in payload.as_object().expect("an object") {
        let scopes = matches!(name.as_str(), "scope" | "scp" | "scopes" | "aud");
        match (view.claim(name), value) {
            _ if scopes => {}
            (Some(Claim::Text(text)), value) => assert_eq!(value.as_str(), Some(text)),
            (Some(Claim::Boolean(bit)), value) => assert_eq!(value.as_bool(), Some(bit)),
            (Some(Claim::Null), value) => assert!(value.is_null()),
            (Some(Claim::Integer(number)), Value::Number(other)) => {
                let near = other.as_f64().expect("a number") - number as f64;
                assert!(other.as_i64() == Some(number) || near.abs() <= 1.0);
            }
            (Some(_), _) => {}
            (None, value) => panic!("{name} is lost: {value}"),
        }
    }
    let admin = Requirements {
        scopes: vec!["admin".into()],
        claims: vec![ClaimRequirement {
            name: "role".into(),
            one_of: vec![ClaimValue::Text("owner".into()), ClaimValue::Integer(7)],
        }],
    };
    if OURS.check(&view, NOW_S, &Requirements::default()).is_ok() {
        let expiry = payload["exp"].as_f64().expect("an expiry");
        assert!(expiry + LEEWAY_S as f64 > NOW_S as f64, "expired");
        for name in ["nbf", "iat"] {
            let time = payload[name].as_f64();
            assert!(
                time.is_none_or(|time| time <= (NOW_S + LEEWAY_S) as f64),
                "{name}"
            );
        }
    }
    if OURS.check(&view, NOW_S, &admin).is_ok() {
        let text = payload.to_string();
        assert!(text.contains("admin") && (text.contains("owner") || text.contains('7')));
    }
}

/// Uses every reader.
fn read_all(claims: &ClaimsRef<'_>) {
    assert!(claims.audiences().chain(claims.scopes()).count() < 1 << 17);
    for name in ["exp", "nbf", "sub", "scope", "aud", "roles", ""] {
        if let Some(Claim::TextList(list)) = claims.claim(name) {
            assert!(list.count() < 1 << 17);
        }
    }
    let _ = OURS.check(claims, NOW_S, &Requirements::default());
}
