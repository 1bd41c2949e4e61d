//! What each step costs: `cargo run --release -p lockgate-auth --example measure --features mint`.
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; decisions do not"
)]

use std::hint::black_box;
use std::time::Instant;

use jwt_simple::algorithms::{PS256KeyPair, RS256KeyPair, RSAKeyPairLike as _};
use jwt_simple::claims::Claims;
use jwt_simple::reexports::coarsetime::Duration;
use lockgate_auth::{
    Algorithm, ClaimRequirement, ClaimValue, ClaimsRef, CompiledSignIn, KeySettings, MintKey,
    NamedSecret, Requirements, SecretFormat, SignIn, SignInSettings, mint,
};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn main() {
    let required = Requirements {
        scopes: vec!["orders:read".into(), "orders:write".into()],
        claims: vec![ClaimRequirement {
            name: "tenant".into(),
            one_of: vec![ClaimValue::Text("t-0042".into())],
        }],
    };
    println!("algorithm  token   inspect    verify   read+check  remembered");
    for algorithm in [
        Algorithm::Hs256,
        Algorithm::Hs512,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::EdDsa,
        Algorithm::Rs256,
        Algorithm::Ps256,
    ] {
        let (sign_in, token) = token_for(algorithm);
        let unverified = sign_in.inspect(token.as_bytes()).unwrap();
        let claims = sign_in.verify(&unverified).unwrap();
        let bytes = claims.to_bytes();
        let inspect = micros(20_000, || {
            drop(black_box(sign_in.inspect(black_box(token.as_bytes()))))
        });
        let verify = micros(500, || {
            drop(black_box(sign_in.verify(black_box(&unverified))))
        });
        let check = micros(200_000, || {
            let claims = ClaimsRef::from_bytes(black_box(bytes)).unwrap();
            sign_in.check(&claims, NOW, black_box(&required)).unwrap();
        });
        println!(
            "{:<9} {:>4} B {inspect:>6.2} µs {verify:>8.1} µs {check:>8.3} µs {:>8} B",
            algorithm.name(),
            token.len(),
            bytes.len()
        );
    }
}

/// The best mean of five rounds, in microseconds.
fn micros(calls: u32, mut call: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    };
    (0..5).map(round).fold(f64::INFINITY, f64::min)
}

/// The claims of a token of about 600 bytes.
fn claims() -> Value {
    json!({
        "iss": "https://id.example.com/realms/shop", "sub": "5b1f3e0c-3c0d-4a3c-9f58-6a7be2d1c001",
        "aud": ["shop-api", "account"], "exp": NOW + 3600, "iat": NOW, "nbf": NOW,
        "jti": "f1c9a6a2-95c0-4b7b-a7a5-03e4ac4f4d9e", "azp": "shop-web", "tenant": "t-0042",
        "scope": "openid profile orders:read orders:write", "roles": ["customer", "beta"],
        "name": "Maria Example", "email": "maria@example.com"
    })
}

fn token_for(algorithm: Algorithm) -> (SignIn, String) {
    let claims = claims();
    let claims = claims.as_object().unwrap();
    if algorithm.is_symmetric() {
        let secret = vec![b's'; algorithm.secret_bytes_min()];
        let key = MintKey::from_secret(algorithm, &secret).unwrap();
        let named = NamedSecret {
            name: "s".into(),
            kid: None,
            format: SecretFormat::Raw(algorithm),
        };
        let sign_in = load(algorithm, KeySettings::Secrets(vec![named]), &secret);
        return (sign_in, mint(&key, claims).unwrap());
    }
    let (jwks, token) = match algorithm {
        Algorithm::Rs256 => {
            let pair = RS256KeyPair::generate(2048).unwrap();
            let jwk = pair.public_key().to_jwk();
            (
                format!("{{\"keys\":[{jwk}]}}"),
                pair.sign(jwt_claims(claims)).unwrap(),
            )
        }
        Algorithm::Ps256 => {
            let pair = PS256KeyPair::generate(2048).unwrap();
            let jwk = pair.public_key().to_jwk();
            (
                format!("{{\"keys\":[{jwk}]}}"),
                pair.sign(jwt_claims(claims)).unwrap(),
            )
        }
        _ => {
            let key = MintKey::generate(algorithm).unwrap().with_kid("k1");
            (key.public_jwks().unwrap(), mint(&key, claims).unwrap())
        }
    };
    (
        load(algorithm, KeySettings::Jwks(jwks.as_bytes()), &[]),
        token,
    )
}

fn jwt_claims(
    claims: &serde_json::Map<String, Value>,
) -> jwt_simple::claims::JWTClaims<serde_json::Map<String, Value>> {
    let mut jwt = Claims::with_custom_claims(claims.clone(), Duration::from_secs(1));
    (jwt.issued_at, jwt.expires_at, jwt.invalid_before) = (None, None, None);
    jwt
}

fn load(algorithm: Algorithm, keys: KeySettings<'_>, secret: &[u8]) -> SignIn {
    let mut settings = SignInSettings::new(vec![algorithm], keys);
    settings.issuer = Some("https://id.example.com/realms/shop".into());
    settings.audience = vec!["shop-api".into()];
    let (compiled, _) = CompiledSignIn::compile(settings).unwrap();
    SignIn::load(compiled, &|_| Some(secret.to_vec())).unwrap()
}
