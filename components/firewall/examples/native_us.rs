//! How long 100 rules over 100,000 addresses take a request: `cargo run --release --example native_us`, also
//! for wasm32-wasip2. Prints microseconds a request, native or in Wasm.
#![allow(
    clippy::disallowed_methods,
    reason = "an example reads the clock; the library never does"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use lockgate_firewall::samples::BROWSERS;
use lockgate_firewall::{
    Action, Field, Firewall, FirewallBuilder, InputSpec, IpSetBuilder, Oversize, Position,
    RuleSpec, StatementSpec, View,
};

const RULES: u32 = 100;
const ADDRESSES: u32 = 100_000;
const ROUNDS: u32 = 200_000;

fn input(field: Field, transformations: &[&str]) -> InputSpec {
    InputSpec {
        field,
        transformations: transformations
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        oversize: Oversize::Continue,
    }
}

/// A tenth each: addresses, prefixes, exact paths, hosts, arguments, headers, sizes, cookies, methods with
/// paths, User-Agent texts. None of them matches the requests below.
fn statement(number: u32) -> StatementSpec {
    let text = |position, input, text: String| StatementSpec::Bytes {
        input,
        position,
        texts: vec![text.into_bytes()],
    };
    match number % 10 {
        0 => StatementSpec::IpSet(format!("set{}", number / 10)),
        1 => text(
            Position::StartsWith,
            input(Field::Path, &[]),
            format!("/admin{number}/"),
        ),
        2 => text(
            Position::Exactly,
            input(Field::Path, &["LOWERCASE"]),
            format!("/exact/{number}"),
        ),
        3 => text(
            Position::Exactly,
            input(Field::Host, &[]),
            format!("host{number}.test"),
        ),
        4 => text(
            Position::Contains,
            input(Field::QueryArguments, &["URL_DECODE", "LOWERCASE"]),
            format!("needle{number}"),
        ),
        5 => text(
            Position::Contains,
            input(Field::Header("referer".to_owned()), &[]),
            format!("bad{number}.example"),
        ),
        6 => StatementSpec::Size {
            input: input(Field::QueryString, &[]),
            comparison: lockgate_firewall::Comparison::Gt,
            bytes: u64::from(2000 + number),
        },
        7 => text(
            Position::Exactly,
            input(Field::Cookie("session".to_owned()), &[]),
            format!("stolen{number}"),
        ),
        8 => StatementSpec::And(vec![
            text(
                Position::Exactly,
                input(Field::Method, &[]),
                "POST".to_owned(),
            ),
            text(
                Position::StartsWith,
                input(Field::Path, &[]),
                format!("/api/{number}"),
            ),
        ]),
        _ => text(
            Position::Contains,
            input(Field::Header("user-agent".to_owned()), &["LOWERCASE"]),
            format!("crawler{number}"),
        ),
    }
}

/// A sequence of numbers that looks random (xorshift).
fn next(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

fn main() {
    let mut builder = FirewallBuilder::new();
    let mut state = 1;
    for set in 0..RULES / 10 {
        let mut networks = IpSetBuilder::new();
        for _ in 0..ADDRESSES / (RULES / 10) {
            // 10.0.0.0/8 is left out: the clients come from there.
            let address = next(&mut state) | 0x8000_0000;
            networks.add(IpAddr::V4(Ipv4Addr::from(address)).into());
        }
        builder
            .add_ip_set(&format!("set{set}"), networks)
            .expect("a set");
    }
    for number in 0..RULES {
        let name = format!("rule{number}");
        builder
            .add_rule(RuleSpec::new(
                &name,
                number,
                Action::Block,
                statement(number),
            ))
            .expect("a rule");
    }
    let firewall = Firewall::load(builder.build().expect("tables")).expect("a firewall");
    let mut matched = 0;
    let start = Instant::now();
    for round in 0..ROUNDS {
        let path = format!("/products/{round}");
        let query = format!("q=blue%20shirt&page={round}&sort=price");
        let agent = BROWSERS
            .get(round as usize % BROWSERS.len())
            .copied()
            .unwrap_or_default();
        let cookie = format!("session={round}; theme=dark");
        let headers: &[(&[u8], &[u8])] = &[
            (b"Host", b"shop.test"),
            (b"User-Agent", agent.as_bytes()),
            (
                b"Accept",
                b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            ),
            (b"Accept-Language", b"de-DE,de;q=0.9,en;q=0.8"),
            (b"Accept-Encoding", b"gzip, br"),
            (b"Referer", b"https://shop.test/products"),
            (b"Cookie", cookie.as_bytes()),
            (b"Connection", b"keep-alive"),
        ];
        let decision = firewall.decide(&View {
            host: b"shop.test",
            path: path.as_bytes(),
            target: path.as_bytes(),
            query: Some(query.as_bytes()),
            headers,
            client_ip: IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + round)),
            ..View::empty()
        });
        matched += u32::from(decision.terminal.is_some());
    }
    let each = start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
    println!("{RULES} rules, {ADDRESSES} addresses: {each:.2} us a request, {matched} blocked");
}
