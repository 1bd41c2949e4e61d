//! Whatever comes in, a verdict goes out.

mod common;

use common::{Ask, POLICY, SECRET, SHOP, STAFF_SECRET, summary, token, v4};
use lockgate_policy::Policy;
use lockgate_wire::Verdict;
use proptest::prelude::*;
use serde_json::json;

fn samples() -> Vec<Vec<u8>> {
    let ann = token(
        SECRET,
        json!({ "sub": "ann", "scope": "refunds:write", "role": "owner" }),
    );
    let signed = format!("GET /refunds HTTP/1.1\nAuthorization: Bearer {ann}");
    vec![
        Ask::new("GET /products/1?a=b HTTP/1.1").input(),
        Ask::new("GET /img/a.jpg?w=320&fit=cover&x=1 HTTP/1.1\nAccept: image/webp").input(),
        Ask::new(&signed).sni("shop.example").input(),
        Ask::new(&signed).not_granted().input(),
        Ask::new("GET /orders/1 HTTP/1.1\nX-Forwarded-For: 1.2.3.4")
            .peer(v4(10, 0, 0, 1))
            .remembered(b"\0\0claims")
            .input(),
    ]
}

fn decided(input: &[u8]) {
    let bytes = POLICY.decide(input);
    let verdict = Verdict::parse(&bytes).expect("a verdict");
    assert!(verdict.seen.route == lockgate_wire::NONE || (verdict.seen.route as usize) < 100);
    assert_eq!(
        bytes,
        POLICY.decide(input),
        "the same input, the same verdict"
    );
    Verdict::parse(&POLICY.resume(input, &[])).expect("a verdict");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        decided(&bytes);
    }

    #[test]
    fn damaged_inputs(
        which in 0_usize..5,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        cutting in any::<bool>(),
    ) {
        let mut input = samples().swap_remove(which);
        for (at, byte) in damage {
            let at = at.index(input.len());
            input[at] = byte;
        }
        if cutting {
            input.truncate(cut.index(input.len()));
        }
        decided(&input);
    }

    #[test]
    fn hostile_targets(target in "/(img|free|api|products|orders|refunds)?[ -~]{0,40}") {
        let head = format!("GET {} HTTP/1.1\nAccept: image/webp", target.replace(' ', "%20"));
        decided(&Ask::new(&head).input());
    }

    #[test]
    fn hostile_image_options(
        options in proptest::collection::vec(
            ("(w|h|q|fit|format|preset|x)", "[0-9]{0,12}|[a-z]{0,8}|%[0-9A-F]{2}"),
            0..6,
        ),
    ) {
        let query: Vec<_> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!("GET /free/a?{} HTTP/1.1", query.join("&"));
        decided(&Ask::new(&head).input());
    }

    #[test]
    fn hostile_tokens(token in "[A-Za-z0-9_.=-]{0,120}", scheme in "(Bearer|bearer|Basic|)") {
        let head = format!("GET /orders/1 HTTP/1.1\nAuthorization: {scheme} {token}");
        decided(&Ask::new(&head).input());
    }

    #[test]
    fn damaged_bundles_are_refused_or_work(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = SHOP.bytes.clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let secrets = [
            ("customers".to_owned(), SECRET.to_vec()),
            ("staff".to_owned(), STAFF_SECRET.to_vec()),
        ];
        if let Ok(policy) = Policy::load(bytes.clone(), &secrets) {
            for input in samples() {
                Verdict::parse(&policy.decide(&input)).expect("a verdict");
            }
        }
    }
}

#[test]
fn what_is_no_input_is_a_fault_of_the_host() {
    assert_eq!(summary(&POLICY.decide(&[])), "normalise 500 policy_input");
    let short = Ask::new("GET / HTTP/1.1").input();
    assert_eq!(
        summary(&POLICY.decide(&short[..40])),
        "normalise 500 policy_input"
    );
}

#[test]
fn every_cut_of_a_bundle_is_refused() {
    for len in (0..SHOP.bytes.len()).step_by(7) {
        assert!(
            Policy::load(SHOP.bytes[..len].to_vec(), &[]).is_err(),
            "{len}"
        );
    }
    let error = Policy::load(SHOP.bytes.clone(), &[]).expect_err("no secrets");
    assert_eq!(
        error,
        "sign-in \"customers\": the secret \"customers\" is not known"
    );
}
