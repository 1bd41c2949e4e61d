//! RFC 9111, section 4, and RFC 9110, section 13, as tables: what is answered from the store.

use lockgate_http_cache::vary::{KEY_BYTES_MAX, secondary_key};
use lockgate_http_cache::{
    Answer, Forwarded, Freshness, Lookup, RequestInfo, Validators, conditional, lookup,
};

const T: u64 = 784_111_777_000;

fn fields<'a>(lines: &[&'a str]) -> Vec<(&'a str, &'a [u8])> {
    let split = |line: &&'a str| {
        let (name, value) = line.split_once(':').expect("name: value");
        (name, value.trim().as_bytes())
    };
    lines.iter().map(split).collect()
}

#[test]
fn lookups_of_section_4() {
    let stored = Freshness {
        received_at_ms: T,
        initial_age_ms: 0,
        lifetime_ms: 60_000,
    };
    let hit = Lookup::Hit { age_s: 20 };
    let request = Lookup::Forward(Forwarded::Request);
    for (method, lines, after_s, expected) in [
        ("GET", &[][..], 20, hit),
        ("HEAD", &[], 20, hit),
        ("POST", &[], 20, Lookup::Forward(Forwarded::Method)),
        ("GET", &[], 60, Lookup::Forward(Forwarded::Stale)),
        ("GET", &["cache-control: no-cache"], 20, request), // 5.2.1.4
        ("GET", &["cache-control: no-store"], 20, hit),     // 5.2.1.5
        ("GET", &["cache-control: max-age=20"], 20, hit),   // 5.2.1.1
        ("GET", &["cache-control: max-age=19"], 20, request),
        ("GET", &["cache-control: min-fresh=40"], 20, hit), // 5.2.1.3
        ("GET", &["cache-control: min-fresh=41"], 20, request),
        (
            "GET",
            &["cache-control: max-stale=100"],
            70,
            Lookup::Forward(Forwarded::Stale),
        ),
        ("GET", &["cache-control: only-if-cached"], 20, hit), // 5.2.1.7
        (
            "GET",
            &["cache-control: only-if-cached"],
            70,
            Lookup::GatewayTimeout,
        ),
        (
            "GET",
            &["cache-control: only-if-cached, max-age=1"],
            20,
            Lookup::GatewayTimeout,
        ),
        ("GET", &["pragma: no-cache"], 20, hit), // 5.4: deprecated
        ("GET", &["if-match: \"x\""], 20, request), // 4.3.2
        ("GET", &["if-unmodified-since: x"], 20, request),
        (
            "GET",
            &["if-none-match: \"x\"", "range: bytes=0-1"],
            20,
            hit,
        ),
    ] {
        let info = RequestInfo::read(method, fields(lines));
        let got = lookup(Some(&stored), &info, T + after_s * 1_000);
        assert_eq!(got, expected, "{method} {lines:?} after {after_s} s");
    }
    let info = RequestInfo::read("GET", []);
    assert_eq!(lookup(None, &info, T), Lookup::Forward(Forwarded::UriMiss));
    let only = RequestInfo::read("GET", fields(&["Cache-Control: only-if-cached"]));
    assert_eq!(lookup(None, &only, T), Lookup::GatewayTimeout);
    assert_eq!(
        lookup(None, &only.without_directives(), T),
        Lookup::Forward(Forwarded::UriMiss)
    );
}

#[test]
fn conditions_of_rfc_9110_13() {
    let at = "if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT";
    let stored = Validators {
        status: 200,
        etag: Some(b"W/\"v1\""),
        last_modified_s: Some(T / 1_000),
        date_s: T / 1_000 + 5,
    };
    for (lines, not_modified) in [
        (&[][..], false),
        (&["if-none-match: \"v1\""], true), // 8.8.3.2: weak comparison
        (&["if-none-match: W/\"v1\""], true),
        (&["if-none-match: \"v0\" , W/\"v1\""], true),
        (&["if-none-match: \"v0,\",\"v1\""], true),
        (&["if-none-match: \"V1\""], false),
        (&["if-none-match: v1"], false),
        (&["if-none-match: w/\"v1\""], false),
        (&["if-none-match: *"], true),           // 13.1.2
        (&["if-none-match: \"v0\"", at], false), // 13.2.2: If-None-Match goes first
        (&["if-none-match: \"v1\"", "if-none-match: \"v0\""], false),
        (&[at], true), // 13.1.3
        (&["if-modified-since: Sunday, 06-Nov-94 08:49:38 GMT"], true),
        (&["if-modified-since: Sun Nov  6 08:49:36 1994"], false),
        (&["if-modified-since: yesterday"], false),
    ] {
        for method in ["GET", "HEAD"] {
            let info = RequestInfo::read(method, fields(lines));
            let expected = if not_modified {
                Answer::NotModified
            } else {
                Answer::Full
            };
            assert_eq!(conditional(&info, &stored), expected, "{method} {lines:?}");
            assert_eq!(
                conditional(
                    &info,
                    &Validators {
                        status: 404,
                        ..stored
                    }
                ),
                Answer::Full
            );
        }
    }
    // RFC 9111, 4.3.2: Date stands in for Last-Modified.
    let info = RequestInfo::read("GET", fields(&[at]));
    let undated = Validators {
        last_modified_s: None,
        ..stored
    };
    assert_eq!(conditional(&info, &undated), Answer::Full);
    assert_eq!(
        conditional(
            &info,
            &Validators {
                date_s: T / 1_000,
                ..undated
            }
        ),
        Answer::NotModified
    );
    let star = RequestInfo::read("GET", fields(&["if-none-match: *"]));
    assert_eq!(
        conditional(
            &star,
            &Validators {
                etag: None,
                ..stored
            }
        ),
        Answer::NotModified
    );
}

fn key(names: &[&str], lines: &[&str]) -> Vec<u8> {
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let mut key = b"url".to_vec();
    assert!(secondary_key(&names, fields(lines), &mut key));
    key
}

#[test]
fn variants_of_4_1() {
    let same = |name: &str, a: &[&str], b: &[&str]| {
        assert_eq!(key(&[name], a), key(&[name], b), "{a:?} {b:?}")
    };
    let differ = |name: &str, a: &[&str], b: &[&str]| {
        assert_ne!(key(&[name], a), key(&[name], b), "{a:?} {b:?}")
    };
    let ae = "accept-encoding";
    same(
        ae,
        &["Accept-Encoding: gzip, br"],
        &["accept-encoding: BR;q=0.5", "accept-encoding: x-gzip"],
    );
    same(
        ae,
        &["accept-encoding: gzip, identity"],
        &["accept-encoding: gzip;q=1, deflate;q=0"],
    );
    differ(ae, &["accept-encoding: gzip"], &["accept-encoding: br"]);
    differ(
        ae,
        &["accept-encoding: gzip"],
        &["accept-encoding: gzip;q=0.0"],
    );
    differ(
        ae,
        &["accept-encoding: gzip"],
        &["accept-encoding: gzip, identity;q=0"],
    );
    differ(
        ae,
        &["accept-encoding: gzip"],
        &["accept-encoding: gzip, compress"],
    );
    differ(ae, &["accept-encoding: *"], &["accept-encoding: *, br;q=0"]);
    differ(
        ae,
        &["accept-encoding: *"],
        &["accept-encoding: *, compress;q=0"],
    );
    differ(ae, &["accept-encoding:"], &[]);
    same(
        "accept",
        &["accept: text/html , a/b; q=0.5"],
        &["accept: text/html", "accept: a/b;q=0.5"],
    );
    differ(
        "accept",
        &["accept: a/b;v=\"x y\""],
        &["accept: a/b;v=\"xy\""],
    );
    differ("accept", &["accept: a/b;v=X"], &["accept: a/b;v=x"]);
    same(
        "accept-language",
        &["accept-language: de-AT, en"],
        &["accept-language: de-at,en"],
    );
    differ(
        "accept-language",
        &["accept-language: de, en"],
        &["accept-language: en, de"],
    );
    same("origin", &["origin:  https://a "], &["Origin: https://a"]);
    differ("origin", &["origin: https://a"], &["origin: https://A"]);
    differ("x", &["x: "], &[]);
    same("x", &["x: a", "x: b"], &["x: a,b"]);
    assert_eq!(key(&[], &["x: a"]), b"url");
    // HTTP/2 splits cookies, and the origin gets them joined.
    same(
        "cookie",
        &["cookie: a=1", "cookie: b=2"],
        &["cookie: a=1; b=2"],
    );
    differ(
        "cookie",
        &["cookie: a=1", "cookie: b=2"],
        &["cookie: a=1,b=2"],
    );
    // Servers of CGI style take the one for the other.
    same("x-color", &["X-Color: red"], &["X_Color: red"]);
    differ("x-color", &["X_Color: red"], &[]);
    // A value cannot pass for another field's.
    assert_ne!(
        key(&["a", "b"], &["a: 1b"]),
        key(&["a", "b"], &["a: 1", "b:"])
    );
}

#[test]
fn a_long_secondary_key_is_refused() {
    let long = "x".repeat(KEY_BYTES_MAX);
    let mut key = b"url".to_vec();
    assert!(!secondary_key(
        &["x".to_owned()],
        [("X", long.as_bytes())],
        &mut key
    ));
    assert_eq!(key, b"url");
}
