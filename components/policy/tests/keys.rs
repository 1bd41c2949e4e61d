//! Keys of cache and limits: the same for the same thing, different for anything else.

mod common;

use common::{Ask, POLICY, SECRET, compile, policy_of, token, v4};
use lockgate_wire::{Verdict, VerdictBody};
use serde_json::json;

/// The cache key and the limit keys of a request that gets a plan.
fn keys(ask: &Ask) -> (Option<Vec<u8>>, Vec<Vec<u8>>) {
    let bytes = ask.decide();
    match Verdict::parse(&bytes).expect("a verdict").body {
        VerdictBody::Plan(plan) => (
            plan.cache_key.map(<[u8]>::to_vec),
            plan.limits
                .iter()
                .map(|charge| charge.key.to_vec())
                .collect(),
        ),
        other => panic!("{other:?}"),
    }
}

fn cache_key(text: &str) -> Option<Vec<u8>> {
    keys(&Ask::new(text)).0
}

#[test]
fn a_shared_key_is_site_audience_url_and_picture() {
    let get = cache_key("GET /products/1?b=2&a=1 HTTP/1.1");
    assert_eq!(
        get.as_deref(),
        Some(&b"shop\0shared\0\0http://shop.example/products/1?b=2&a=1\0"[..])
    );
    assert_eq!(get, cache_key("HEAD //products/%31?b=2&a=1 HTTP/1.1"));
    assert_ne!(get, cache_key("GET /products/1?a=1&b=2 HTTP/1.1"));
    let other = cache_key("GET /products/1?b=2&a=1 HTTP/1.1\nHost: other.example");
    assert_ne!(get, other);
    assert_eq!(cache_key("POST /x HTTP/1.1\nHost: other.example"), None);
}

#[test]
fn scheme_host_and_port_are_in_the_key() {
    let of = |host: &str| {
        let ask = Ask::new(&format!("GET /products/1 HTTP/1.1\nHost: {host}"));
        (keys(&ask).0, keys(&ask.clone().sni("shop.example")).0)
    };
    let (http, https) = of("shop.example");
    assert_ne!(http, https);
    assert_eq!(
        https.as_deref(),
        Some(&b"shop\0shared\0\0https://shop.example/products/1\0"[..])
    );
    assert_eq!(http, of("Shop.Example.:80").0);
    assert_eq!(https, of("shop.example:443").1);
    assert_eq!(
        of("shop.example:8080").0.as_deref(),
        Some(&b"shop\0shared\0\0http://shop.example:8080/products/1\0"[..])
    );
    let others = ["shop.example:443", "shop.example:1", "www.shop.example"];
    for (i, host) in others.iter().enumerate() {
        assert_ne!(http, of(host).0, "{host}");
        assert!(others[..i].iter().all(|other| of(other) != of(host)));
    }
    // The target's scheme is not what the origin is told.
    let absolute = cache_key("GET https://shop.example/products/1 HTTP/1.1");
    assert_eq!(absolute, http);
}

#[test]
fn what_a_trusted_proxy_says_of_the_request_is_in_the_key() {
    let of = |peer, fields: &str| {
        let text = format!("GET /products/1 HTTP/1.1\n{fields}");
        keys(&Ask::new(text.trim_end()).peer(peer)).0
    };
    let (stranger, proxy) = (v4(192, 0, 2, 7), v4(10, 0, 0, 1));
    let plain = of(stranger, "");
    assert_eq!(plain, of(proxy, ""));
    for fields in [
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: www.shop.example",
        "X-Forwarded-Prefix: /shop",
        "X-Original-URL: /other",
        "Forwarded: for=192.0.2.1;proto=https",
        "Forwarded: for=192.0.2.1;host=\"a;for=b\"",
    ] {
        assert_eq!(plain, of(stranger, fields), "{fields}");
        assert_ne!(plain, of(proxy, fields), "{fields}");
    }
    assert_eq!(
        of(
            proxy,
            "X-Forwarded-Proto: https\nX-Forwarded-For: 192.0.2.1"
        ),
        of(
            proxy,
            "x-forwarded-proto: https\nX-Forwarded-For: 192.0.2.2"
        ),
        "another client, the same answer"
    );
    assert_eq!(
        of(proxy, "Forwarded: for=192.0.2.1;proto=https"),
        of(proxy, "Forwarded: for=\"[2001:db8::1]:9\";proto=https"),
    );
    assert_ne!(
        of(proxy, "Forwarded: for=192.0.2.1;host=\"a;for=b\""),
        of(proxy, "Forwarded: for=192.0.2.1;host=\"a;for=c\""),
    );
    // The origin does not get what Connection names.
    assert_eq!(
        plain,
        of(
            proxy,
            "X-Forwarded-Proto: https\nConnection: close, x-forwarded-proto"
        )
    );
}

#[test]
fn pictures_behind_a_sign_in_are_each_subjects_own() {
    let signed = include_str!("common/gateway.toml").replace(
        "name = \"free-image\"",
        "name = \"free-image\"\nsign_in = \"customers\"",
    );
    let of = |configuration: &str, sub: &str| {
        let compiled = compile(configuration, include_str!("common/rules.toml"));
        let token = token(SECRET, json!({ "sub": sub }));
        let ask = Ask::new(&format!(
            "GET /free/a.jpg?w=200 HTTP/1.1\nAuthorization: Bearer {token}"
        ));
        let bytes = policy_of(&compiled).decide(&ask.input());
        match Verdict::parse(&bytes).expect("a verdict").body {
            VerdictBody::Plan(plan) => plan.cache_key.map(<[u8]>::to_vec),
            other => panic!("{other:?}"),
        }
    };
    let ann = of(&signed, "ann").expect("a key");
    assert!(ann.starts_with(b"shop\0private"), "{ann:?}");
    assert_ne!(Some(ann), of(&signed, "ben"));
    // Shared only where it is said.
    let stated = signed.replace(
        "strip_prefix = \"/free\"",
        "strip_prefix = \"/free\"\ncache = { audience = \"shared\" }",
    );
    let ann = of(&stated, "ann").expect("a key");
    assert!(ann.starts_with(b"shop\0shared"), "{ann:?}");
    assert_eq!(Some(ann), of(&stated, "ben"));
}

#[test]
fn pictures_of_one_meaning_share_a_key() {
    let key = |target: &str, accept: &str| {
        cache_key(&format!("GET {target} HTTP/1.1\nAccept: {accept}")).expect("cached")
    };
    let any = "*/*";
    let base = key("/img/a.jpg?w=320&v=1", any);
    assert_eq!(base, key("/img/a.jpg?v=1&w=0320", any));
    assert_eq!(base, key("/img/a.jpg?v=1&q=80&w=320&fit=cover", any));
    assert_ne!(base, key("/img/a.jpg?v=1&w=640", any));
    // The negotiated format is in the key, not the header field.
    let webp = key("/img/a.jpg?w=320&v=1", "image/webp");
    assert_ne!(base, webp);
    let other = "image/avif,image/webp;q=0.5";
    assert_eq!(webp, key("/img/a.jpg?w=320&v=1&format=auto", other));
    // The same by its name is stored apart: its answers do not say `Vary: Accept`.
    let named = key("/img/a.jpg?w=320&v=1&format=webp", any);
    assert_ne!(webp, named);
    assert_eq!(named, key("/img/a.jpg?w=320&v=1&f=webp", other));
}

#[test]
fn private_keys_belong_to_one_subject() {
    let of = |sub: &str| {
        let token = token(SECRET, json!({ "sub": sub }));
        cache_key(&format!(
            "GET /orders/1 HTTP/1.1\nAuthorization: Bearer {token}"
        ))
        .expect("cached")
    };
    assert_eq!(of("ann"), of("ann"));
    assert_ne!(of("ann"), of("ben"));
    // A subject cannot be written so that it reads as another one's key.
    assert_ne!(of("a\u{0}/orders/1"), of("a"));
    assert!(of("ann").starts_with(b"shop\0private"));
}

#[test]
fn limits_count_networks_and_subjects() {
    let limit = |text: &str, peer| keys(&Ask::new(text).peer(peer)).1;
    let get = "GET /products/1 HTTP/1.1";
    let v6 = |last: u8, net: u8| {
        let mut address = [0x20, 1, 0xd, 0xb8, 0, 0, 0, net, 0, 0, 0, 0, 0, 0, 0, 0];
        address[15] = last;
        address
    };
    assert_eq!(
        limit(get, v4(192, 0, 2, 1)),
        [b"\x04\0shop\x0a\0per-client4\xc0\0\x02\x01"]
    );
    assert_eq!(limit(get, v6(1, 1)), limit(get, v6(2, 1)));
    assert_ne!(limit(get, v6(1, 1)), limit(get, v6(1, 2)));

    let of = |sub: serde_json::Value, peer| {
        let token = token(SECRET, json!({ "sub": sub }));
        let text = format!("GET /orders/1 HTTP/1.1\nAuthorization: Bearer {token}");
        limit(&text, peer)[1].clone()
    };
    let (one, two) = (v4(192, 0, 2, 1), v4(192, 0, 2, 2));
    assert_eq!(of(json!("ann"), one), of(json!("ann"), two));
    assert_ne!(of(json!("ann"), one), of(json!("ben"), one));
    // Without a subject it is the client.
    assert_ne!(of(json!(null), one), of(json!(null), two));
}

#[test]
fn keys_do_not_change_with_the_bundle() {
    let with_more = include_str!("common/gateway.toml").replace(
        "[rate_limits.per-client]",
        "[rate_limits.a-new-one]\nkey = [\"site\"]\nwindows = [{ requests = 1, per_s = 1 }]\n\n\
         [sites.a-new-one]\nhosts = [\"new.example\"]\n\n[rate_limits.per-client]",
    );
    let changed = compile(&with_more, include_str!("common/rules.toml"));
    let ask = Ask::new("GET /products/1 HTTP/1.1");
    let read = |bytes: &[u8]| match Verdict::parse(bytes).expect("a verdict").body {
        VerdictBody::Plan(plan) => (
            plan.limits[0].limit,
            plan.limits[0].key.to_vec(),
            plan.cache_key.map(<[u8]>::to_vec),
        ),
        other => panic!("{other:?}"),
    };
    let old = read(&POLICY.decide(&ask.input()));
    let new = read(&policy_of(&changed).decide(&ask.input()));
    assert_ne!(old.0, new.0, "the index moves");
    assert_eq!((old.1, old.2), (new.1, new.2), "the keys stay");
}
