//! Client addresses behind proxies: the table, the bounds, and that nobody forges.

mod support;

use std::net::IpAddr;

use lockgate_normalise::client::LastLines;
use lockgate_normalise::{Believe, Client, Source, TrustedProxies};
use proptest::prelude::*;

fn trusted() -> TrustedProxies {
    TrustedProxies::parse([
        "10.0.0.0/8",
        "192.0.2.7",
        "2001:db8:1::/48",
        "::ffff:172.16.0.0/108",
    ])
    .expect("a list")
}

#[test]
fn the_table_holds() {
    let proxies = trusted();
    let mut wrong = Vec::new();
    for (line, given, expected) in support::cases(include_str!("data/clients.txt")) {
        let mut cells = given.split('|').map(str::trim);
        let peer: IpAddr = cells
            .next()
            .and_then(|cell| cell.parse().ok())
            .expect("peer");
        let believe = match cells.next() {
            Some("either") => Believe::Either,
            Some("xff") => Believe::XForwardedFor,
            Some("forwarded") => Believe::Forwarded,
            other => panic!("line {line}: {other:?}"),
        };
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for cell in cells {
            match cell.split_at(2) {
                ("x:", value) => old.push(support::unescape(value.trim())),
                ("f:", value) => new.push(support::unescape(value.trim())),
                _ => panic!("line {line}: {cell:?}"),
            }
        }
        let old: Vec<&[u8]> = old.iter().map(Vec::as_slice).collect();
        let new: Vec<&[u8]> = new.iter().map(Vec::as_slice).collect();
        let client = Client::find(peer, &proxies, believe, 16, &old, &new);
        let found = format!(
            "{}{}{} {}",
            client.address,
            if client.peer_trusted { " t" } else { "" },
            if client.cut_short { " c" } else { "" },
            client.hops
        );
        if found != expected {
            wrong.push(format!(
                "line {line}: {given}: {found:?}, expected {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_walk_is_bounded() {
    let line = "203.0.113.9".to_owned() + &", 10.0.0.2".repeat(20);
    let find = |hops_max| {
        let peer = [10, 0, 0, 1].into();
        Client::find(
            peer,
            &trusted(),
            Believe::Either,
            hops_max,
            &[line.as_bytes()],
            &[],
        )
    };
    let cut = find(16);
    assert!(cut.cut_short);
    assert_eq!(cut.address.to_string(), "10.0.0.2");
    let whole = find(32);
    assert!(!whole.cut_short);
    assert_eq!(whole.address.to_string(), "203.0.113.9");
    assert_eq!(whole.source, Source::XForwardedFor);
    // Empty elements cost a step too.
    let commas = ",".repeat(10_000);
    let peer = [10, 0, 0, 1].into();
    let client = Client::find(
        peer,
        &trusted(),
        Believe::Either,
        16,
        &[commas.as_bytes()],
        &[],
    );
    assert!(client.cut_short);
}

#[test]
fn only_the_last_lines_are_kept() {
    let lines: Vec<String> = (0..20).map(|number| format!("10.0.0.{number}")).collect();
    let last: LastLines<'_> = lines.iter().map(String::as_bytes).collect();
    let expected: Vec<&[u8]> = lines[12..].iter().map(String::as_bytes).collect();
    assert_eq!(last.as_slice(), expected);
}

#[test]
fn ranges_overlap_and_meet() {
    let set = TrustedProxies::parse(["10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25", "0.0.0.0/32"])
        .expect("a list");
    for (address, inside) in [
        ("10.0.0.0", true),
        ("10.0.1.255", true),
        ("10.0.2.0", false),
        ("9.255.255.255", false),
        ("0.0.0.0", true),
        ("::ffff:10.0.0.5", true),
        ("::", false),
    ] {
        assert_eq!(
            set.contains(address.parse().expect("an address")),
            inside,
            "{address}"
        );
    }
    let everybody = TrustedProxies::parse(["0.0.0.0/0", "::/0"]).expect("a list");
    assert!(everybody.contains([255, 255, 255, 255].into()));
    assert!(everybody.contains("ffff::".parse().expect("an address")));
    assert!(TrustedProxies::default().is_empty());
    let error = TrustedProxies::parse(["10.0.0.0/8", "10.0.0.0/33"]).expect_err("a bad prefix");
    assert_eq!(error.entry, "10.0.0.0/33");
}

proptest! {
    #[test]
    fn what_the_client_writes_changes_nothing(forged: Vec<u8>, forwarded: bool) {
        let proxies = trusted();
        let peer: IpAddr = [10, 0, 0, 1].into();
        let client: IpAddr = [203, 0, 113, 9].into();
        let mut line = forged;
        let found = if forwarded {
            line.extend(b", for=203.0.113.9");
            Client::find(peer, &proxies, Believe::Either, 16, &[], &[&line])
        } else {
            line.extend(b", 203.0.113.9");
            Client::find(peer, &proxies, Believe::Either, 16, &[&line], &[])
        };
        prop_assert_eq!(found.address, client);
        let alone = Client::find(client, &proxies, Believe::Either, 16, &[&line], &[&line]);
        prop_assert_eq!(alone.address, client);
    }

    #[test]
    fn hostile_bytes_never_panic(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let peer: IpAddr = [10, 0, 0, 1].into();
        for believe in [Believe::Either, Believe::Forwarded] {
            let client = Client::find(peer, &trusted(), believe, 16, &lines, &lines);
            prop_assert!(client.peer_trusted);
        }
    }
}
