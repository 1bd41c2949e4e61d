//! Signatures: granted, remembered, resumed, and never used for another sign-in or bundle.

mod common;

use common::{Ask, POLICY, SECRET, STAFF_SECRET, check_ask, compile, policy_of, summary, token};
use lockgate_wire::{Verdict, VerdictBody};
use serde_json::json;

const ADMIN: &str = "respond plan route=admin limit=per-client x-customer=ann";

fn signed_in(target: &str, token: &str) -> Ask {
    Ask::new(&format!(
        "GET {target} HTTP/1.1\nAuthorization: Bearer {token}"
    ))
}

fn remember(bytes: &[u8]) -> Option<Vec<u8>> {
    match Verdict::parse(bytes).expect("a verdict").body {
        VerdictBody::Plan(plan) => plan.remember.map(<[u8]>::to_vec),
        other => panic!("{other:?}"),
    }
}

/// What is to be remembered of a refused token, and whether briefly.
fn remember_refused(bytes: &[u8]) -> (Vec<u8>, bool) {
    match Verdict::parse(bytes).expect("a verdict").body {
        VerdictBody::Answer(answer) => (answer.remember.to_vec(), answer.remember_briefly),
        other => panic!("{other:?}"),
    }
}

fn state(bytes: &[u8]) -> Vec<u8> {
    match Verdict::parse(bytes).expect("a verdict").body {
        VerdictBody::Need(need) => need.state.to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_token_needs_a_grant_then_is_remembered() {
    let ask = signed_in("/admin", &token(STAFF_SECRET, json!({ "sub": "ann" })));
    let waiting = ask.clone().not_granted();
    check_ask(&waiting, "sign_in need VerifySignature");

    let resumed = POLICY.resume(&state(&waiting.decide()), &[]);
    assert_eq!(summary(&resumed), ADMIN);
    assert_eq!(resumed, ask.decide(), "a grant in advance gives the same");

    let claims = remember(&resumed).expect("verified in this call");
    let again = waiting.remembered(&claims);
    check_ask(&again, ADMIN);
    assert_eq!(remember(&again.decide()), None, "nothing new to remember");
}

#[test]
fn remembered_claims_are_checked_each_time() {
    let ann = token(SECRET, json!({ "sub": "ann" }));
    let claims = remember(&signed_in("/orders/1", &ann).decide()).expect("verified in this call");
    // By what another route of the same sign-in requires...
    let refunds = signed_in("/refunds", &ann).remembered(&claims);
    let seen = summary(&refunds.decide());
    assert!(seen.starts_with("authorize 403 scope_missing"), "{seen}");
    // ...and by the clock.
    let orders = signed_in("/orders/1", &ann).remembered(&claims);
    let later = orders.not_granted().at(common::NOW_S + 3600 + 60);
    let seen = summary(&later.decide());
    assert!(seen.starts_with("sign_in 401 token_expired"), "{seen}");
}

#[test]
fn claims_of_another_sign_in_are_not_believed() {
    let customer = token(SECRET, json!({ "sub": "ann" }));
    let claims = remember(&signed_in("/orders/1", &customer).decide()).expect("verified");
    let admin = signed_in("/admin", &customer).remembered(&claims);
    check_ask(&admin.clone().not_granted(), "sign_in need VerifySignature");
    let seen = summary(&admin.decide());
    assert!(
        seen.starts_with("sign_in 401 token_signature_invalid"),
        "{seen}"
    );
}

#[test]
fn damaged_memory_is_no_memory() {
    let staff = token(STAFF_SECRET, json!({ "sub": "ann" }));
    let claims = remember(&signed_in("/admin", &staff).decide()).expect("verified");
    for len in 0..claims.len() {
        let ask = signed_in("/admin", &staff).remembered(&claims[..len]);
        check_ask(&ask.not_granted(), "sign_in need VerifySignature");
    }
    // Remembered claims are of no use without a token.
    let bare = Ask::new("GET /admin HTTP/1.1").remembered(&claims);
    check_ask(&bare, "sign_in 401 token_missing www-authenticate=Bearer");
}

#[test]
fn a_state_belongs_to_its_bundle() {
    let ask = signed_in("/admin", &token(STAFF_SECRET, json!({ "sub": "ann" }))).not_granted();
    let state = state(&ask.decide());
    let changed = include_str!("common/gateway.toml").replace("/admin", "/office");
    let other = policy_of(&compile(&changed, include_str!("common/rules.toml")));
    let answer = summary(&other.resume(&state, &[]));
    assert_eq!(answer, "normalise 503 bundle_changed");
    for len in [0, 3, 7, 8, 9] {
        let answer = summary(&POLICY.resume(&state[..len], &[]));
        assert_eq!(answer, "normalise 500 policy_input", "{len}");
    }
}

#[test]
fn a_wrong_signature_is_remembered_for_its_sign_in() {
    let forged = token(b"a key that is nobody's, 32 bytes", json!({ "sub": "eve" }));
    let ask = signed_in("/orders/1", &forged);
    let first = ask.decide();
    let (mark, briefly) = remember_refused(&first);
    assert!(briefly && !mark.is_empty());
    // Refused without a grant, with the same answer but for what is to be remembered.
    let again = ask.clone().not_granted().remembered(&mark).decide();
    assert_eq!(summary(&again), summary(&first));
    assert_eq!(remember_refused(&again), (Vec::new(), false));
    // Another sign-in may know the key.
    let staff = signed_in("/admin", &forged).not_granted().remembered(&mark);
    check_ask(&staff, "sign_in need VerifySignature");
    // The cheap refusals come first.
    let malformed = signed_in("/orders/1", "abc")
        .not_granted()
        .remembered(&mark);
    assert!(summary(&malformed.decide()).contains("token_malformed"));
}

#[test]
fn a_good_signature_is_remembered_whatever_else_is_wrong() {
    let expired = token(SECRET, json!({ "sub": "ann", "exp": common::NOW_S - 3600 }));
    let unfit = token(SECRET, json!({ "sub": "ann" }));
    for (target, token, code) in [
        ("/orders/1", &expired, "sign_in 401 token_expired"),
        ("/refunds", &unfit, "authorize 403 scope_missing"),
    ] {
        let ask = signed_in(target, token);
        let first = ask.decide();
        assert!(summary(&first).starts_with(code), "{}", summary(&first));
        let (claims, briefly) = remember_refused(&first);
        assert!(!briefly);
        let again = ask.not_granted().remembered(&claims).decide();
        assert_eq!(summary(&again), summary(&first));
        assert_eq!(remember_refused(&again), (Vec::new(), false));
    }
}
