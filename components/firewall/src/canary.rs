//! Which clients belong to a share: a keyless, stable hash (SipHash-2-4) of client and rule.

use std::net::IpAddr;

use crate::ipset::unmap;

/// All clients, in ten-thousandths.
pub const ALL_CLIENTS: u16 = 10_000;

/// Whether a client is in the share of a rule. `share` is in ten-thousandths; a client that is in a share
/// is in every larger share of the same rule, and its place does not depend on any other rule.
#[must_use]
pub fn in_share(client: IpAddr, rule: &str, share: u16) -> bool {
    share >= ALL_CLIENTS || place(client, rule) < share
}

/// The place of a client, 0 to 9,999. Of an IPv6 address the first 64 bits count: the rest is the client's
/// own choice (RFC 8981).
pub(crate) fn place(client: IpAddr, rule: &str) -> u16 {
    let mut bytes = Vec::with_capacity(17 + rule.len());
    match unmap(client) {
        IpAddr::V4(address) => bytes.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => {
            bytes.extend_from_slice(address.octets().first_chunk::<8>().map_or(&[], |half| half));
        }
    }
    bytes.push(b'/');
    bytes.extend_from_slice(rule.as_bytes());
    let place = sip_hash_2_4([0; 2], &bytes) % u64::from(ALL_CLIENTS);
    u16::try_from(place).unwrap_or(0)
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012).
#[must_use]
pub(crate) fn sip_hash_2_4(key: [u64; 2], bytes: &[u8]) -> u64 {
    let [k0, k1] = key;
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let length = u64::try_from(bytes.len() & 0xff).unwrap_or(0) << 56;
    let last = u64::from_le_bytes(last) | length;
    for word in words
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .chain([last])
    {
        let [v0, v1, v2, v3] = v;
        v = round(round([v0, v1, v2, v3 ^ word]));
        v = {
            let [v0, v1, v2, v3] = v;
            [v0 ^ word, v1, v2, v3]
        };
    }
    let [v0, v1, v2, v3] = v;
    let [v0, v1, v2, v3] = round(round(round(round([v0, v1, v2 ^ 0xff, v3]))));
    v0 ^ v1 ^ v2 ^ v3
}

fn round([v0, v1, v2, v3]: [u64; 4]) -> [u64; 4] {
    let (v0, v2) = (v0.wrapping_add(v1), v2.wrapping_add(v3));
    let (v1, v3) = (v1.rotate_left(13) ^ v0, v3.rotate_left(16) ^ v2);
    let v0 = v0.rotate_left(32);
    let (v2, v0) = (v2.wrapping_add(v1), v0.wrapping_add(v3));
    let (v1, v3) = (v1.rotate_left(17) ^ v2, v3.rotate_left(21) ^ v0);
    [v0, v1, v2.rotate_left(32), v3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the reference implementation: key 00 01 .. 0f, messages 00 01 .. of each length.
    #[test]
    fn the_hash_is_that_of_the_paper() {
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        let message: Vec<u8> = (0..15).collect();
        assert_eq!(sip_hash_2_4(key, &message), 0xa129_ca61_49be_45e5);
        assert_eq!(sip_hash_2_4(key, &[]), 0x726f_db47_dd0e_0e31);
    }

    #[test]
    fn a_share_is_about_as_large_as_it_says_and_grows_without_losing_anyone() {
        let client = |n: u32| IpAddr::from(n.to_be_bytes());
        let within = |share| {
            (0..20_000)
                .filter(|n| in_share(client(*n), "r", share))
                .count()
        };
        assert_eq!(within(0), 0);
        assert_eq!(within(ALL_CLIENTS), 20_000);
        assert!((900..1100).contains(&within(500)), "{}", within(500));
        assert!((0..1000).all(|n| !in_share(client(n), "r", 500) || in_share(client(n), "r", 700)));
        let other = (0..1000)
            .filter(|n| place(client(*n), "r") == place(client(*n), "s"))
            .count();
        assert!(other < 5, "rules share their places");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(
            place(parse("2001:db8::1"), "r"),
            place(parse("2001:db8::ffff:1"), "r")
        );
        assert_eq!(
            place(parse("::ffff:192.0.2.1"), "r"),
            place(parse("192.0.2.1"), "r")
        );
    }
}
