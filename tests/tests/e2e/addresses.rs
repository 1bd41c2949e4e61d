//! IPv4, IPv6 and one in the clothes of the other: rules, limits and records see one client.

use lockgate_tests::{Client, Request, Setup, World};

const CONFIG: &str = r#"
[server]
trusted_proxies = ["127.0.0.1", "::1"]
[listeners.six]
addresses = ["[::1]:0"]
[listeners.balanced]
addresses = ["127.0.0.1:0"]
proxy_protocol = true

[rate_limits.clients]
key = ["client"]
windows = [{ requests = 2, per_s = 86400 }]

[sites.shop]
hosts = ["shop.test"]
rules = ["rules.toml"]
[[sites.shop.routes]]
path = "/limited"
respond = { body = "fine" }
rate_limits = ["clients"]
[[sites.shop.routes]]
path = "/{*rest}"
origin = "shop"
"#;

const RULES: &str = r#"
[ip_sets.banned]
addresses = ["203.0.113.7", "2001:db8:7::/48"]
[[rules]]
name = "banned"
priority = 10
action = "block"
statement = { ip_set = "banned" }
"#;

fn world() -> Option<World> {
    Setup::new(CONFIG).file("rules.toml", RULES).start()
}

/// What a load balancer says of an IPv4 client when it speaks of all in IPv6.
fn mapped_header(last: u8) -> Vec<u8> {
    let mut source = [0; 16];
    source[10..].copy_from_slice(&[0xff, 0xff, 203, 0, 113, last]);
    let rest = [&source[..], &[0; 16], &[0xc3, 0x50, 0, 80]].concat();
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24", &rest[..]].concat()
}

/// A connection on which the balancer spoke.
fn balanced(world: &World, last: u8) -> Client {
    let mut client = Client::connect(world.listener("balanced"), world.seen());
    client.send(&mapped_header(last));
    client
}

#[test]
fn both_families_are_served_and_recorded_as_they_are() {
    let Some(world) = world() else { return };
    for (listener, client) in [("public", "127.0.0.1"), ("six", "::1")] {
        let mut connection = Client::connect(world.listener(listener), world.seen());
        let answer = connection.call(&Request::get("/_test/headers"));
        assert_eq!(world.record(&answer)["client"], client);
        let text = answer.assert_status(200).text();
        assert!(text.contains(client), "{text}");
    }
}

#[test]
fn a_mapped_address_is_the_ipv4_address_that_it_holds() {
    let Some(world) = world() else { return };
    let answer = balanced(&world, 9).call(&Request::get("/_test/headers"));
    assert_eq!(world.record(&answer)["client"], "203.0.113.9");
    let text = answer.assert_status(200).text();
    assert!(
        text.contains("203.0.113.9") && !text.contains("ffff"),
        "{text}"
    );
    // Rules: the IPv4 entry is meant.
    let blocked = balanced(&world, 7).call(&Request::get("/products/1"));
    blocked.assert_status(403);
    assert_eq!(world.record(&blocked)["client"], "203.0.113.7");
    for forwarded in ["::ffff:203.0.113.7", "203.0.113.7", "2001:db8:7::1"] {
        let request = Request::get("/products/1").header("X-Forwarded-For", forwarded);
        world.send(&request).assert_status(403);
    }
    // A trusted proxy that is named in IPv4 is trusted when it comes mapped.
    let peer = mapped_loopback();
    let mut client = Client::connect(world.listener("balanced"), world.seen());
    client.send(&peer);
    let request = Request::get("/products/1").header("X-Forwarded-For", "198.51.100.3");
    let answer = client.call(&request);
    let record = world.record(&answer);
    assert_eq!(
        (&record["client"], &record["peer"]),
        (&"198.51.100.3".into(), &"127.0.0.1".into())
    );
}

fn mapped_loopback() -> Vec<u8> {
    let mut header = mapped_header(0);
    let source = 16 + 12;
    header[source..source + 4].copy_from_slice(&[127, 0, 0, 1]);
    header
}

#[test]
fn a_limit_counts_both_spellings_of_a_client_together() {
    let Some(world) = world() else { return };
    let limited = Request::get("/limited");
    balanced(&world, 20).call(&limited).assert_status(200);
    let plain = limited.clone().header("X-Forwarded-For", "203.0.113.20");
    world.send(&plain).assert_status(200);
    balanced(&world, 20).call(&limited).assert_status(429);
    world.send(&plain).assert_status(429);
    let mapped = limited.header("X-Forwarded-For", "::ffff:203.0.113.20");
    world.send(&mapped).assert_status(429);
    // Another address has its own.
    let other = Request::get("/limited").header("X-Forwarded-For", "203.0.113.21");
    world.send(&other).assert_status(200);
}
