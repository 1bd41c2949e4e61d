//! Every record is one line of JSON that says what it was given.

use std::net::{IpAddr, Ipv6Addr};

use lockgate_record::{AddressMask, CacheState, Inspection, LimitsState, Record, Stage};
use proptest::prelude::*;
use serde_json::{Value, json};

fn parsed(record: &Record<'_>) -> Value {
    let mut out = b"before\n".to_vec();
    record.write_line(&mut out);
    let line = out.strip_prefix(b"before\n").expect("appends");
    let line = line.strip_suffix(b"\n").expect("ends the line");
    assert!(!line.contains(&b'\n'), "one line");
    serde_json::from_slice(line).expect("is JSON")
}

#[test]
fn a_full_record() {
    let record = Record {
        time_unix_ms: 1_795_235_069_007,
        id: "0199-id",
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736"),
        site: Some("shop"),
        route: Some("api"),
        client: Some([203, 0, 113, 7].into()),
        peer: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        address_mask: AddressMask::None,
        tls: Some("1.3"),
        http: "2",
        method: b"GET",
        host: Some(b"shop.example"),
        path: b"/p/1",
        query: Some(b"a=1&token=canary"),
        user_agent: Some(b"Mozilla/5.0 \"x\""),
        status: 429,
        code: Some("rate_limited"),
        cause: Some("limit per-client/60s"),
        stage: Stage::Limits,
        rule: Some("crawlers"),
        counted: &["c1", "c2"],
        inspection: Some(Inspection {
            rules: &[942_100, 949_110],
            more: 1,
            inbound_score: 5,
            outbound_score: 0,
            us: 250,
        }),
        subject: Some([1, 2, 3, 4, 5, 6, 7, 0xff]),
        limits: Some(LimitsState::Limited("per-client/60s")),
        cache: Some(CacheState::Bypass),
        image: Some("original; reason=corrupt"),
        origin: Some("shop-api"),
        origin_ms: Some(12),
        bytes_in: 0,
        bytes_out: u64::MAX,
        duration_us: 345,
        policy_us: 5,
        bundle: Some([0; 8]),
        component: Some([0xab; 8]),
        omitted: &["authorization", "cookie"],
    };
    let expected = json!({
        "time": "2026-11-21T04:24:29.007Z", "id": "0199-id",
        "trace": "4bf92f3577b34da6a3ce929d0e0e4736", "site": "shop", "route": "api",
        "client": "203.0.113.7", "peer": "::1", "tls": "1.3", "http": "2", "method": "GET",
        "host": "shop.example", "path": "/p/1", "query": "a=1&token=[redacted]",
        "user_agent": "Mozilla/5.0 \"x\"", "status": 429, "code": "rate_limited",
        "cause": "limit per-client/60s", "stage": "limits", "rule": "crawlers",
        "counted": ["c1", "c2"],
        "inspection": {
            "rules": [942_100, 949_110], "more": 1, "inbound_score": 5, "outbound_score": 0, "us": 250,
        }, "subject": "01020304050607ff", "limits": "limited",
        "limit": "per-client/60s", "cache": "bypass",
        "image": "original; reason=corrupt", "origin": "shop-api", "origin_ms": 12,
        "bytes_in": 0, "bytes_out": u64::MAX, "duration_us": 345, "policy_us": 5,
        "bundle": "0000000000000000", "component": "abababababababab",
        "omitted": ["authorization", "cookie", "query"],
    });
    assert_eq!(parsed(&record), expected);
    let masked = Record {
        address_mask: AddressMask::Subnet,
        ..record
    };
    let value = parsed(&masked);
    assert_eq!(
        (&value["client"], &value["peer"]),
        (&json!("203.0.113.0/24"), &json!("::/48"))
    );
    assert_eq!(
        value["omitted"],
        json!(["authorization", "cookie", "client", "peer", "query"])
    );
}

#[test]
fn an_empty_record_has_only_what_is_always_there() {
    assert_eq!(
        parsed(&Record::default()),
        json!({
            "time": "1970-01-01T00:00:00.000Z", "id": "", "http": "1.1", "method": "GET",
            "path": "", "status": 0, "stage": "respond", "bytes_in": 0, "bytes_out": 0,
            "duration_us": 0, "policy_us": 0,
        })
    );
}

#[test]
fn an_oversized_record_is_bounded_and_says_so() {
    let long = "\u{1}".repeat(100_000);
    let bytes = long.as_bytes();
    let many = vec![long.as_str(); 100];
    let record = Record {
        id: &long,
        trace: Some(&long),
        site: Some(&long),
        route: Some(&long),
        tls: Some(&long),
        http: &long,
        method: bytes,
        host: Some(bytes),
        path: bytes,
        query: Some(bytes),
        user_agent: Some(bytes),
        code: Some(&long),
        cause: Some(&long),
        rule: Some(&long),
        counted: &many,
        origin: Some(&long),
        omitted: &many,
        limits: Some(LimitsState::Limited(&long)),
        client: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        peer: Some([127, 0, 0, 1].into()),
        address_mask: AddressMask::Subnet,
        ..Record::default()
    };
    let mut out = Vec::new();
    record.write_line(&mut out);
    assert!(out.len() < 120_000, "{}", out.len());
    let value = parsed(&record);
    for name in [
        "id",
        "trace",
        "site",
        "route",
        "client",
        "peer",
        "tls",
        "http",
        "method",
        "host",
        "path",
        "query",
        "user_agent",
        "code",
        "cause",
        "rule",
        "counted",
        "limit",
        "origin",
    ] {
        assert!(
            value["omitted"].as_array().unwrap().contains(&json!(name)),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn any_input_gives_json_that_round_trips(
        id in ".{0,40}",
        method in proptest::collection::vec(any::<u8>(), 0..20),
        host in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        path in proptest::collection::vec(any::<u8>(), 0..200),
        query in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..3_000)),
        agent in proptest::collection::vec(any::<u8>(), 0..256),
        cause in proptest::option::of(".{0,60}"),
        counted in proptest::collection::vec(".{0,10}", 0..5),
        numbers in any::<(u64, u16, u64, u64, u64, u32, Option<u32>)>(),
        client in any::<Option<IpAddr>>(),
        masked in any::<bool>(),
    ) {
        let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
        let (time_unix_ms, status, bytes_in, bytes_out, duration_us, policy_us, origin_ms) = numbers;
        let value = parsed(&Record {
            id: &id, method: &method, host: host.as_deref(), path: &path, query: query.as_deref(),
            user_agent: Some(&agent), cause: cause.as_deref(), counted: &counted, client,
            address_mask: if masked { AddressMask::Subnet } else { AddressMask::None },
            time_unix_ms, status, bytes_in, bytes_out, duration_us, policy_us, origin_ms,
            ..Record::default()
        });
        let lossy = |b: &[u8]| json!(String::from_utf8_lossy(b));
        prop_assert_eq!(&value["id"], &json!(id));
        prop_assert_eq!(&value["method"], &lossy(&method));
        prop_assert_eq!(value.get("host").cloned(), host.as_deref().map(lossy));
        // A parameter of a segment may be redacted.
        if path.contains(&b';') || path.windows(3).any(|w| w.eq_ignore_ascii_case(b"%3b")) {
            prop_assert!(value["path"].is_string());
        } else {
            prop_assert_eq!(&value["path"], &lossy(&path));
        }
        prop_assert_eq!(value.get("query").is_some(), query.is_some());
        prop_assert_eq!(&value["user_agent"], &lossy(&agent));
        prop_assert_eq!(value.get("cause").cloned(), cause.map(|c| json!(c)));
        prop_assert_eq!(value.get("counted").cloned(), (!counted.is_empty()).then(|| json!(counted)));
        prop_assert_eq!(&value["status"], &json!(status));
        prop_assert_eq!(&value["bytes_in"], &json!(bytes_in));
        prop_assert_eq!(&value["bytes_out"], &json!(bytes_out));
        prop_assert_eq!(&value["duration_us"], &json!(duration_us));
        prop_assert_eq!(&value["policy_us"], &json!(policy_us));
        prop_assert_eq!(value.get("origin_ms").cloned(), origin_ms.map(|n| json!(n)));
        if let (Some(ip), false) = (client, masked) {
            prop_assert_eq!(&value["client"], &json!(ip.to_canonical().to_string()));
        }
    }

    #[test]
    fn a_secret_parameter_never_shows(
        before in "[a-z=&;%0-9]{0,20}",
        name in prop_oneof![Just("token"), Just("ACCESS_TOKEN"), Just("sig"), Just("%63ode"), Just("x-api-key")],
        after in "[a-z=&%0-9]{0,20}",
    ) {
        let query = format!("{before}&{name}=canary&{after}");
        let mut out = Vec::new();
        Record { query: Some(query.as_bytes()), ..Record::default() }.write_line(&mut out);
        prop_assert!(!String::from_utf8(out).unwrap().contains("canary"));
        let path = format!("/{before};{name}=canary;{after}");
        let mut out = Vec::new();
        Record { path: path.as_bytes(), ..Record::default() }.write_line(&mut out);
        prop_assert!(!String::from_utf8(out).unwrap().contains("canary"));
    }
}
