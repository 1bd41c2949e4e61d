//! Rules and requests that the tests of statements share.
#![allow(dead_code, reason = "each test program uses its part")]

use lockgate_firewall::{
    Action, Firewall, FirewallBuilder, InputSpec, IpSetBuilder, Oversize, Position, RuleSpec,
    StatementSpec, View,
};

pub(crate) fn input(field: &str, transformations: &[&str]) -> InputSpec {
    InputSpec {
        field: field.parse().unwrap(),
        transformations: transformations
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        oversize: Oversize::Continue,
    }
}

pub(crate) fn bytes(
    field: &str,
    transformations: &[&str],
    position: Position,
    text: &str,
) -> StatementSpec {
    StatementSpec::Bytes {
        input: input(field, transformations),
        position,
        texts: vec![text.as_bytes().to_vec()],
    }
}

pub(crate) fn contains(field: &str, text: &str) -> StatementSpec {
    bytes(field, &[], Position::Contains, text)
}

pub(crate) fn block(statement: StatementSpec) -> RuleSpec {
    RuleSpec::new("r", 1, Action::Block, statement)
}

pub(crate) fn load(rules: Vec<RuleSpec>) -> Firewall {
    let mut builder = FirewallBuilder::new();
    let mut office = IpSetBuilder::new();
    office.add_text("192.0.2.0/24").unwrap();
    builder.add_ip_set("office", office).unwrap();
    for rule in rules {
        builder.add_rule(rule).unwrap();
    }
    Firewall::load(builder.build().unwrap()).unwrap()
}

pub(crate) fn one(statement: StatementSpec) -> Firewall {
    load(vec![block(statement)])
}

pub(crate) const HEADERS: &[(&[u8], &[u8])] = &[
    (b"Host", b"shop.test"),
    (b"User-Agent", b"Mozilla"),
    (b"Cookie", b"session=abc; Theme=dark"),
    (b"X-A", b"one"),
    (b"cookie", b"late=1"),
    (b"x-a", b"two"),
];

pub(crate) fn view() -> View<'static> {
    View {
        method: b"GET",
        host: b"shop.test",
        path: b"/products/1",
        target: b"/products/../products/1?q=a%20b&id=7&Q=c",
        query: Some(b"q=a%20b&id=7&Q=c"),
        headers: HEADERS,
        country: Some(*b"DE"),
        asn: Some(64_500),
        tls_fingerprint: Some(b"t13d1516h2"),
        ..View::empty()
    }
}

pub(crate) fn blocks(firewall: &Firewall, view: &View<'_>) -> bool {
    let decision = firewall.decide(view);
    assert!(!decision.waiting);
    decision.terminal.is_some()
}
