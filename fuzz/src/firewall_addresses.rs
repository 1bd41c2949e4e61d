//! IP sets against a plain search through the networks. The first part of an input is an address
//! or CIDR a line, the second an address a line.

use crate::parts::{parts, texts};
use ipnet::{IpNet, Ipv4Net};
use lockgate_firewall::{IpSet, IpSetBuilder};
use std::net::IpAddr;

const LINES_MAX: usize = 100;

/// Builds, loads and looks up.
pub fn run(data: &[u8]) {
    let [set, addresses] = parts(data);
    let mut builder = IpSetBuilder::new();
    let mut networks = Vec::new();
    for text in texts(set, LINES_MAX) {
        match builder.add_text(text) {
            Ok(()) => networks.push(read(text.trim())),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let set = IpSet::load(builder.compile().expect("small")).expect("its own table");
    assert!(set.ranges() <= networks.len());
    let edges = networks
        .iter()
        .flat_map(|network| [network.network(), network.broadcast()])
        .flat_map(|edge| [edge, neighbour(edge, 1), neighbour(edge, -1)]);
    let asked = texts(addresses, LINES_MAX).filter_map(|text| text.parse().ok());
    for address in edges.chain(asked) {
        let canonical = address.to_canonical();
        let wanted = networks.iter().any(|network| network.contains(&canonical));
        assert_eq!(set.contains(address), wanted, "{address} in {networks:?}");
    }
}

/// What the builder has understood; IPv4-mapped networks as IPv4.
fn read(text: &str) -> IpNet {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().expect("the builder took it"),
    };
    let IpNet::V6(six) = network else {
        return network;
    };
    match (six.network().to_ipv4_mapped(), six.prefix_len()) {
        (Some(four), 96..) => {
            IpNet::V4(Ipv4Net::new(four, six.prefix_len() - 96).expect("at most 32"))
        }
        _ => network,
    }
}

fn neighbour(address: IpAddr, step: i8) -> IpAddr {
    match address {
        IpAddr::V4(four) => IpAddr::V4(u32::from(four).wrapping_add_signed(step.into()).into()),
        IpAddr::V6(six) => IpAddr::V6(u128::from(six).wrapping_add_signed(step.into()).into()),
    }
}
