//! Step 3: times, issuer, audience, scopes and claims of a token whose signature is good.

mod common;

use common::{NOW, code, hs256, hs256_settings, load, run, token};
use lockgate_auth::{ClaimRequirement, ClaimValue, Requirements, SignIn};
use serde_json::{Value, json};

fn anything() -> Requirements {
    Requirements::default()
}

fn at(sign_in: &SignIn, claims: &Value, now: i64) -> Result<(), lockgate_auth::AuthError> {
    run(sign_in, &token(claims), now, &anything())
}

#[test]
fn expiry_counts_to_the_second() {
    let sign_in = hs256(); // leeway 60 s
    let claims = json!({"exp": NOW});
    assert_eq!(at(&sign_in, &claims, NOW + 59), Ok(()));
    assert_eq!(code(at(&sign_in, &claims, NOW + 60)), "token_expired");
    assert_eq!(
        code(at(&sign_in, &json!({"exp": -5}), NOW)),
        "token_expired"
    );
    assert_eq!(code(at(&sign_in, &json!({}), NOW)), "token_expiry_missing");
    let mut settings = hs256_settings();
    settings.leeway_s = 0;
    let strict = load(settings);
    assert_eq!(at(&strict, &claims, NOW - 1), Ok(()));
    assert_eq!(code(at(&strict, &claims, NOW)), "token_expired");
}

#[test]
fn a_token_from_the_future_is_not_valid_yet() {
    let sign_in = hs256();
    for name in ["nbf", "iat"] {
        let claims = json!({"exp": NOW + 900, name: NOW});
        assert_eq!(at(&sign_in, &claims, NOW - 60), Ok(()), "{name}");
        assert_eq!(
            code(at(&sign_in, &claims, NOW - 61)),
            "token_not_yet_valid",
            "{name}"
        );
    }
}

#[test]
fn extreme_times_and_clocks_do_not_overflow() {
    let sign_in = hs256();
    for time in [i64::MIN, -1, 0, i64::MAX] {
        for now in [i64::MIN, -1, 0, i64::MAX] {
            let claims = json!({"exp": time, "nbf": time, "iat": time});
            let _ = at(&sign_in, &claims, now);
        }
    }
    assert_eq!(at(&sign_in, &json!({"exp": i64::MAX}), NOW), Ok(()));
}

#[test]
fn issuer_and_audience_must_match() {
    let mut settings = hs256_settings();
    settings.issuer = Some("https://id.example".into());
    settings.audience = vec!["shop".into(), "api".into()];
    let sign_in = load(settings);
    let claims = |iss: Value, aud: Value| json!({"exp": NOW + 60, "iss": iss, "aud": aud});
    let good = json!("https://id.example");
    for aud in [json!("shop"), json!(["other", "api"])] {
        assert_eq!(at(&sign_in, &claims(good.clone(), aud), NOW), Ok(()));
    }
    for aud in [json!("Shop"), json!([]), json!(["other"]), json!("")] {
        let result = at(&sign_in, &claims(good.clone(), aud), NOW);
        assert_eq!(code(result), "token_audience_wrong");
    }
    for iss in ["https://id.example/", "https://evil.example", ""] {
        let result = at(&sign_in, &claims(json!(iss), json!("shop")), NOW);
        assert_eq!(code(result), "token_issuer_wrong");
    }
    let without = json!({"exp": NOW + 60});
    assert_eq!(code(at(&sign_in, &without, NOW)), "token_issuer_wrong");
    let no_audience = json!({"exp": NOW + 60, "iss": good});
    assert_eq!(
        code(at(&sign_in, &no_audience, NOW)),
        "token_audience_wrong"
    );
}

#[test]
fn every_required_scope_must_be_granted() {
    let required = Requirements {
        scopes: vec!["orders:read".into(), "orders:write".into()],
        claims: vec![],
    };
    let with = |name: &str, scopes: Value| {
        let claims = token(&json!({"exp": NOW + 60, name: scopes}));
        run(&hs256(), &claims, NOW, &required)
    };
    assert_eq!(with("scope", json!("orders:write x orders:read")), Ok(()));
    assert_eq!(with("scp", json!(["orders:read", "orders:write"])), Ok(()));
    assert_eq!(with("scp", json!("orders:read orders:write")), Ok(()));
    assert_eq!(
        with("scopes", json!(["orders:read", "orders:write"])),
        Ok(())
    );
    for granted in [
        "orders:read",
        "orders:readorders:write",
        "ORDERS:READ orders:write",
        "",
    ] {
        let error = with("scope", json!(granted)).unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            ("scope_missing", 403),
            "{granted}"
        );
        assert!(
            error
                .www_authenticate(&required)
                .contains("insufficient_scope")
        );
    }
}

#[test]
fn required_claims_compare_value_and_type() {
    let check = |claims: Value, name: &str, one_of: Vec<ClaimValue>| {
        let mut claims = claims;
        claims["exp"] = json!(NOW + 60);
        let required = Requirements {
            scopes: vec![],
            claims: vec![ClaimRequirement {
                name: name.into(),
                one_of,
            }],
        };
        run(&hs256(), &token(&claims), NOW, &required)
    };
    let text = |value: &str| ClaimValue::Text(value.into());
    assert_eq!(
        check(json!({"tenant": "b"}), "tenant", vec![text("a"), text("b")]),
        Ok(())
    );
    assert_eq!(
        check(
            json!({"roles": ["x", "admin"]}),
            "roles",
            vec![text("admin")]
        ),
        Ok(())
    );
    assert_eq!(
        check(json!({"level": 3}), "level", vec![ClaimValue::Integer(3)]),
        Ok(())
    );
    assert_eq!(
        check(
            json!({"staff": true}),
            "staff",
            vec![ClaimValue::Boolean(true)]
        ),
        Ok(())
    );
    assert_eq!(check(json!({"sub": "u1"}), "sub", vec![text("u1")]), Ok(()));
    assert_eq!(check(json!({"any": {"x": 1}}), "any", vec![]), Ok(()));
    for (claims, one_of) in [
        (json!({}), vec![text("a")]),
        (json!({}), vec![]),
        (json!({"c": null}), vec![]),
        (json!({"c": "A"}), vec![text("a")]),
        (json!({"c": "3"}), vec![ClaimValue::Integer(3)]),
        (json!({"c": 3}), vec![text("3")]),
        (json!({"c": "true"}), vec![ClaimValue::Boolean(true)]),
        (json!({"c": ["a", 1]}), vec![text("a")]),
        (json!({"x": {"c": "a"}}), vec![text("a")]),
    ] {
        let error = check(claims.clone(), "c", one_of).unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            ("claim_mismatch", 403),
            "{claims}"
        );
    }
}
