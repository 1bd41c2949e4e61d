//! IP sets against a plain search through the networks.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use lockgate_firewall::{AddressError, IpSet, IpSetBuilder};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn set(texts: &[&str]) -> IpSet {
    let mut builder = IpSetBuilder::new();
    for text in texts {
        builder.add_text(text).unwrap();
    }
    IpSet::load(builder.compile().unwrap()).unwrap()
}

fn holds(set: &IpSet, address: &str) -> bool {
    set.contains(address.parse().unwrap())
}

/// Networks crowded into a small part of the space, so that they overlap and touch.
fn network() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (any::<u16>(), 14..=32_u8).prop_map(|(low, prefix)| {
            IpNet::V4(Ipv4Net::new(Ipv4Addr::from(0x0a00_0000 | u32::from(low)), prefix).unwrap())
        }),
        (any::<u16>(), 110..=128_u8).prop_map(|(low, prefix)| {
            let address = Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(low));
            IpNet::V6(Ipv6Net::new(address, prefix).unwrap())
        }),
        Just(IpNet::V4(Ipv4Net::new(Ipv4Addr::BROADCAST, 32).unwrap())),
        Just(IpNet::V6(
            Ipv6Net::new(Ipv6Addr::from(u128::MAX), 128).unwrap()
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lookup_is_that_of_a_plain_search(networks in prop::collection::vec(network(), 0..40), lows in prop::collection::vec(any::<u16>(), 50)) {
        let mut builder = IpSetBuilder::new();
        networks.iter().for_each(|network| builder.add(*network));
        let set = IpSet::load(builder.compile().unwrap()).unwrap();
        let edges = networks.iter().flat_map(|network| [network.network(), network.broadcast()]);
        let inside = lows.iter().flat_map(|low| {
            let v4 = Ipv4Addr::from(0x0a00_0000 | u32::from(*low));
            let v6 = Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(*low));
            [IpAddr::V4(v4), IpAddr::V6(v6)]
        });
        for address in edges.chain(inside) {
            let wanted = networks.iter().any(|network| network.contains(&address));
            prop_assert_eq!(set.contains(address), wanted, "{}", address);
            if let IpAddr::V4(v4) = address {
                prop_assert_eq!(set.contains(IpAddr::V6(v4.to_ipv6_mapped())), wanted);
            }
        }
    }
}

#[test]
fn ranges_are_merged_where_they_touch() {
    let merged = set(&[
        "10.0.0.0/25",
        "10.0.0.128/25",
        "10.0.1.0",
        "10.0.0.7",
        "192.0.2.9",
    ]);
    assert_eq!(merged.ranges(), 2);
    assert!(holds(&merged, "10.0.1.0") && !holds(&merged, "10.0.1.1"));
    assert!(holds(&merged, "192.0.2.9") && !holds(&merged, "192.0.2.10"));
}

#[test]
fn mapped_addresses_and_networks_count_as_ipv4() {
    let mapped = set(&["::ffff:192.0.2.0/120", "::ffff:198.51.100.7"]);
    assert!(holds(&mapped, "192.0.2.200") && holds(&mapped, "::ffff:192.0.2.200"));
    assert!(holds(&mapped, "198.51.100.7") && !holds(&mapped, "192.0.3.0"));
}

#[test]
fn families_are_apart_and_whole_families_fit() {
    let six = set(&["::/0"]);
    assert!(holds(&six, "2001:db8::1") && !holds(&six, "192.0.2.1"));
    assert!(
        !holds(&six, "::ffff:192.0.2.1"),
        "a mapped address is an IPv4 one"
    );
    let four = set(&["0.0.0.0/0", "255.255.255.255", "10.0.0.0/8"]);
    assert_eq!(four.ranges(), 1);
    assert!(holds(&four, "255.255.255.255") && holds(&four, "0.0.0.0") && !holds(&four, "::1"));
    assert!(!holds(&set(&[]), "192.0.2.1"));
}

#[test]
fn a_hundred_thousand_ranges() {
    let mut builder = IpSetBuilder::new();
    for number in 0..100_000_u32 {
        builder.add(IpNet::from(IpAddr::from(Ipv4Addr::from(
            0x0b00_0000 + number * 2,
        ))));
    }
    let table = builder.compile().unwrap();
    assert_eq!(table.len(), 8 + 4 * 4 + 100_000 * 8);
    let set = IpSet::load(table).unwrap();
    assert_eq!(set.ranges(), 100_000);
    for number in (0..200_000_u32).step_by(17) {
        let address = Ipv4Addr::from(0x0b00_0000 + number);
        assert_eq!(set.contains(address.into()), number % 2 == 0, "{address}");
    }
}

#[test]
fn slips_are_refused_with_what_was_meant() {
    let add = |text: &str| IpSetBuilder::new().add_text(text);
    assert_eq!(
        add("10.1.2.3/8"),
        Err(AddressError::HostBits {
            given: "10.1.2.3/8".to_owned(),
            network: "10.0.0.0/8".to_owned()
        })
    );
    for text in [
        "",
        "10.0.0",
        "10.0.0.0/33",
        "2001:db8::/129",
        "example.org",
        "10.0.0.1-10.0.0.9",
    ] {
        assert_eq!(
            add(text),
            Err(AddressError::Syntax(text.to_owned())),
            "{text}"
        );
    }
}
