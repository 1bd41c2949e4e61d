//! Seeds in binary formats.

use super::Seed;
use lockgate_firewall::samples::crawlers;
use lockgate_firewall::useragent::Anchor;
use lockgate_firewall::{IpSetBuilder, UserAgentPatterns};

/// Every one of them.
pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = vec![Seed::new("bundle", "shop", lockgate_fuzz::bundle_bytes())];
    for (name, head) in [
        (
            "product",
            "GET /products/1\nHost: shop.example\nUser-Agent: curl/8",
        ),
        (
            "picture",
            "GET /img/a?w=320\nHost: shop.example\nAccept: image/webp",
        ),
        ("refused", "GET /%2e%2e\nHost: shop.example"),
        ("sign-in", "GET /orders/1\nHost: shop.example"),
    ] {
        let (input, verdict) = lockgate_fuzz::input_and_verdict(head);
        seeds.push(Seed::new("wire", format!("{name}-input"), input));
        seeds.push(Seed::new("wire", format!("{name}-verdict"), verdict));
    }
    tables(&mut seeds);
    proxies(&mut seeds);
    seeds
}

fn tables(seeds: &mut Vec<Seed>) {
    let mut patterns: UserAgentPatterns = crawlers(6);
    for (anchor, text) in [
        (Anchor::Contains, "#"),
        (Anchor::Contains, "x1"),
        (Anchor::Contains, "zgr"),
        (Anchor::Contains, "curl"),
        (Anchor::StartsWith, "wget/"),
        (Anchor::EndsWith, "bot)"),
        (Anchor::Equals, "-"),
    ] {
        patterns.push(anchor, text);
    }
    let list = patterns.compile().expect("a list").bytes;
    seeds.push(Seed::new("firewall_tables", "agents", list));
    let mut builder = IpSetBuilder::new();
    for text in ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "fe80::1"] {
        builder.add_text(text).expect("an address");
    }
    let set = builder.compile().expect("a set");
    seeds.push(Seed::new("firewall_tables", "addresses", set));
}

fn proxies(seeds: &mut Vec<Seed>) {
    let header = |piece: u8, command: u8, family: u8, rest: &[u8]| {
        let mut bytes = vec![piece];
        bytes.extend_from_slice(b"\r\n\r\n\0\r\nQUIT\n");
        bytes.extend([command, family, 0, rest.len() as u8]);
        bytes.extend_from_slice(rest);
        bytes.extend_from_slice(b"GET /");
        bytes
    };
    let four = [192, 0, 2, 7, 10, 0, 0, 1, 0xc3, 0x50, 1, 0xbb, 3, 0, 1, 9];
    let six: Vec<u8> = (0..36).collect();
    for (name, bytes) in [
        ("tcp4", header(0, 0x21, 0x11, &four)),
        ("tcp6", header(5, 0x21, 0x21, &six)),
        ("local", header(31, 0x20, 0x00, &[])),
        ("short", header(1, 0x21, 0x11, &four[..9])),
        (
            "version-1",
            b"\x02PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n".to_vec(),
        ),
    ] {
        seeds.push(Seed::new("proxy_protocol", name, bytes));
    }
}
