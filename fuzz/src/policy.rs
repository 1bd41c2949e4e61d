//! The whole decision, on the bundle of the policy's tests.
//!
//! An input is a byte of flags and a head as text: method and target, then a field a line. After a
//! line `--` may come the claims that the host pretends to remember.

use crate::head::Head;
use crate::parts::{Bits, noise, parts};
use crate::respell::{flip, respell};
use crate::shop::{Ask, SHOP};
use lockgate_wire::{Need, Plan, Stage, Verdict, VerdictBody};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Targets that are longer than this when spelled out are refused for their length.
const TARGET_BYTES_MAX: usize = 8 * 1024;

/// Decides on the head and on other spellings of it.
pub fn run(data: &[u8]) {
    let Some((flags, data)) = data.split_first() else {
        return;
    };
    let [text, claims] = parts(data);
    let ask = Ask {
        peer: match flags >> 1 & 3 {
            0 => Ipv4Addr::new(192, 0, 2, 7),
            1 => Ipv4Addr::new(10, 0, 0, 1),
            2 => Ipv4Addr::new(203, 0, 113, 5),
            _ => Ipv4Addr::new(198, 51, 100, 9),
        },
        sni: (flags & 8 != 0).then_some("shop.example"),
        remembered: (!claims.is_empty()).then_some(claims),
        granted: flags & 1 != 0,
    };
    let head = Head::read(text);
    let input = ask.input_of(&head);
    let bytes = SHOP.policy.decide(&input);
    let verdict = Verdict::parse(&bytes).expect("a verdict");
    assert_eq!(SHOP.policy.decide(&input), bytes, "the same every time");
    Verdict::parse(&SHOP.policy.resume(&input, &[])).expect("a verdict");
    holds(&ask, &head, &verdict);

    let other = spelled_otherwise(text, &head);
    if other.len() > text.len() + TARGET_BYTES_MAX / 2 {
        return;
    }
    let other = SHOP.policy.decide(&ask.input(&other));
    let other = Verdict::parse(&other).expect("a verdict");
    assert_eq!(
        other.seen, verdict.seen,
        "another spelling, another verdict"
    );
    assert_eq!(without_state(other.body), without_state(verdict.body));
}

/// What must be so of every verdict.
fn holds(ask: &Ask<'_>, head: &Head<'_>, verdict: &Verdict<'_>) {
    let seen = &verdict.seen;
    let route = SHOP.bundle.plans.get(usize::from(seen.route));
    if ask.remembered.is_none() && route.is_some_and(|route| route.sign_in.is_some()) {
        assert_eq!(seen.stage, Stage::SignIn, "nobody has signed in");
        assert!(!matches!(verdict.body, VerdictBody::Plan(_)));
    }
    let client = Ipv6Addr::from(seen.client).to_ipv4_mapped();
    if !ask.peer.is_private() {
        assert_eq!(client, Some(ask.peer), "nobody else may name the client");
        assert!(!seen.trusted_peer);
    }
    match &verdict.body {
        VerdictBody::Plan(plan) => plan_holds(head, verdict, client, plan),
        VerdictBody::Answer(answer) => {
            assert!((200..=599).contains(&answer.status));
            assert!(!matches!(answer.code, b"policy_fault" | b"policy_input"));
            assert!(answer.headers.iter().all(|(_, value)| is_visible(value)));
        }
        VerdictBody::Need(need) => {
            assert!(!ask.granted);
            let bytes = SHOP.policy.resume(need.state, &[]);
            let after = Verdict::parse(&bytes).expect("a verdict");
            assert!(!matches!(after.body, VerdictBody::Need(_)));
            let granted = Ask {
                granted: true,
                ..*ask
            };
            assert_eq!(bytes, SHOP.policy.decide(&granted.input_of(head)));
        }
    }
}

fn plan_holds(head: &Head<'_>, verdict: &Verdict<'_>, client: Option<Ipv4Addr>, plan: &Plan<'_>) {
    let seen = &verdict.seen;
    let network = client.map(|client| client.octets());
    let network = network.and_then(|octets| octets.first_chunk::<3>().copied());
    let site = &SHOP.bundle.sites[usize::from(seen.site)];
    if site.name == "shop" {
        assert_ne!(network, Some([198, 51, 100]), "a blocked network");
        let agents = head.fields().filter(|(name, value)| {
            name.eq_ignore_ascii_case(b"user-agent")
                && value
                    .to_ascii_lowercase()
                    .windows(6)
                    .any(|w| w == b"sqlmap")
        });
        assert!(
            agents.count() == 0 || network == Some([203, 0, 113]),
            "a blocked agent"
        );
    }
    let route = &SHOP.bundle.plans[usize::from(seen.route)];
    assert_eq!(route.site, seen.site);
    assert!(
        plan.limits
            .iter()
            .map(|charge| charge.limit)
            .eq(route.limits.iter().copied())
    );
    for target in [seen.target, plan.origin_target] {
        assert!(target.is_empty() || target.starts_with(b"/"));
        assert!(target.iter().all(u8::is_ascii_graphic));
    }
    let path = seen.target.split(|byte| *byte == b'?').next();
    for segment in path.unwrap_or_default().split(|byte| *byte == b'/') {
        assert!(!matches!(segment, b"." | b".."));
    }
    if let Some(key) = plan.cache_key {
        let (name, _) = key.split_at_checked(site.name.len()).unwrap_or_default();
        assert_eq!((name, key[name.len()]), (site.name.as_bytes(), 0));
    }
    let forged = head
        .fields()
        .any(|(name, _)| name.eq_ignore_ascii_case(b"x-customer"));
    let set = |(name, value): &(&[u8], &[u8])| *name == b"x-customer" && is_visible(value);
    assert!(plan.set_headers.iter().all(set));
    assert!(!forged || !plan.set_headers.is_empty(), "a forged customer");
}

/// The same head: the target in another spelling, the names of fields in another case.
fn spelled_otherwise(text: &[u8], head: &Head<'_>) -> Vec<u8> {
    let seed = noise(text);
    let mut bits = Bits(seed);
    let mut out = head.method().to_vec();
    out.push(b' ');
    if head.target().starts_with(b"/") {
        out.extend(respell(head.target(), seed));
    } else {
        out.extend_from_slice(head.target());
    }
    // The suffix would be taken off once more.
    out.extend_from_slice(b" HTTP/1.1");
    for (name, value) in head.fields() {
        out.push(b'\n');
        out.extend(name.iter().map(|byte| flip(*byte, &mut bits)));
        out.push(b':');
        out.extend_from_slice(value);
    }
    out
}

fn without_state(body: VerdictBody<'_>) -> VerdictBody<'_> {
    match body {
        VerdictBody::Need(need) => VerdictBody::Need(Need { state: b"", ..need }),
        body => body,
    }
}

fn is_visible(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}
