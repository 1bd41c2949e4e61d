//! Client addresses, whole or masked to their network.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::number::decimal;

/// How addresses are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AddressMask {
    /// Whole.
    #[default]
    None,
    /// The network alone: IPv4 /24, IPv6 /48.
    Subnet,
}

/// Appends an address; an IPv4-mapped IPv6 address as the IPv4 address that it is.
pub(crate) fn address(address: IpAddr, mask: AddressMask, out: &mut Vec<u8>) {
    match (address.to_canonical(), mask) {
        (IpAddr::V4(a), AddressMask::None) => v4(a, out),
        (IpAddr::V4(a), AddressMask::Subnet) => {
            let [a, b, c, _] = a.octets();
            v4(Ipv4Addr::new(a, b, c, 0), out);
            out.extend_from_slice(b"/24");
        }
        (IpAddr::V6(a), AddressMask::None) => v6(a, out),
        (IpAddr::V6(a), AddressMask::Subnet) => {
            let [a, b, c, ..] = a.segments();
            v6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), out);
            out.extend_from_slice(b"/48");
        }
    }
}

fn v4(address: Ipv4Addr, out: &mut Vec<u8>) {
    for (i, octet) in address.octets().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        decimal(u64::from(octet), out);
    }
}

fn v6(address: Ipv6Addr, out: &mut Vec<u8>) {
    // Writing into a Vec cannot fail.
    let _ = write!(out, "{address}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_whole_and_masked() {
        for (given, whole, masked) in [
            ("203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2:3::4", "2001:db8:1::/48"),
            ("::1", "::1", "::/48"),
        ] {
            for (mask, expected) in [(AddressMask::None, whole), (AddressMask::Subnet, masked)] {
                let mut out = Vec::new();
                address(given.parse().unwrap(), mask, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), expected);
            }
        }
    }
}
