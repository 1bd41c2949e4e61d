//! Development tokens and keys, there and back.

mod common;

use common::{NOW, load, raw_secret, run, with_jwks};
use jwt_simple::algorithms::{ES256KeyPair, ES384KeyPair, Ed25519KeyPair};
use lockgate_auth::{Algorithm, KeySettings, MintError, MintKey, SignInSettings, mint};
use serde_json::{Value, json};

fn accepted(key: &MintKey) {
    let claims = json!({"sub": "dev", "exp": NOW + 60, "scope": "orders:read", "aud": ["a"]});
    let token = mint(key, claims.as_object().unwrap()).unwrap();
    let jwks = key.public_jwks().unwrap();
    let sign_in = with_jwks(key.algorithm(), &jwks);
    assert_eq!(run(&sign_in, &token, NOW, &Default::default()), Ok(()));
    assert!(!jwks.contains("\"d\""), "no private member is published");
}

#[test]
fn key_pairs_are_read_from_pem() {
    let pems = [
        (Algorithm::Es256, ES256KeyPair::generate().to_pem().unwrap()),
        (Algorithm::Es384, ES384KeyPair::generate().to_pem().unwrap()),
        (Algorithm::EdDsa, Ed25519KeyPair::generate().to_pem()),
    ];
    for (algorithm, pem) in pems {
        accepted(&MintKey::from_pem(algorithm, &pem).unwrap().with_kid("dev"));
        let fault = MintKey::from_pem(algorithm, "no PEM").unwrap_err();
        assert_eq!(fault, MintError::Key(algorithm));
    }
}

#[test]
fn key_pairs_are_generated_written_and_read_back() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let key = MintKey::generate(algorithm).unwrap().with_kid("dev-1");
        accepted(&key);
        let back = MintKey::from_jwk(algorithm, &key.private_jwk()).unwrap();
        accepted(&back);
        assert_eq!(back.public_jwks(), key.public_jwks());
        assert!(back.public_jwks().unwrap().contains("dev-1"));
    }
    assert_eq!(
        MintKey::generate(Algorithm::Rs256).unwrap_err(),
        MintError::Unsupported(Algorithm::Rs256)
    );
}

#[test]
fn secrets_sign_with_every_hash() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let secret = vec![b'm'; algorithm.secret_bytes_min()];
        let key = MintKey::from_secret(algorithm, &secret).unwrap();
        assert_eq!(key.public_jwks(), None);
        let jwk: Value = serde_json::from_str(&key.private_jwk()).unwrap();
        assert_eq!(jwk["k"], common::base64url(&secret));
        assert_eq!(
            MintKey::from_secret(algorithm, &secret[1..]).unwrap_err(),
            MintError::SecretShort(algorithm, secret.len())
        );
        let claims = json!({"exp": NOW + 60});
        let token = mint(&key, claims.as_object().unwrap()).unwrap();
        let named = KeySettings::Secrets(vec![raw_secret("s", None, algorithm)]);
        let settings = SignInSettings::new(vec![algorithm], named);
        let (compiled, _) = lockgate_auth::CompiledSignIn::compile(settings).unwrap();
        let sign_in = lockgate_auth::SignIn::load(compiled, &|_| Some(secret.clone())).unwrap();
        assert_eq!(run(&sign_in, &token, NOW, &Default::default()), Ok(()));
        // The usual secret of the tests is another one.
        if algorithm == Algorithm::Hs256 {
            assert!(
                run(
                    &load(common::hs256_settings()),
                    &token,
                    NOW,
                    &Default::default()
                )
                .is_err()
            );
        }
    }
}
