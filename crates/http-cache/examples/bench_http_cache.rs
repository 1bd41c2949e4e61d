//! Prints nanoseconds per operation:
//! `cargo run --release -p lockgate-http-cache --example bench_http_cache`.

use std::hint::black_box;
use std::time::Instant;

use lockgate_http_cache::vary::secondary_key;
use lockgate_http_cache::{
    Audience, CacheStatus, Exchange, Freshness, RequestInfo, ResponseInfo, RoutePolicy, Storable,
    Validators, conditional, lookup, storable,
};

const NOW_MS: u64 = 784_111_777_000;

fn time(what: &str, mut f: impl FnMut()) {
    const N: u32 = 2_000_000;
    (0..N / 10).for_each(|_| f());
    let start = Instant::now();
    (0..N).for_each(|_| f());
    println!(
        "{what:<56} {:>7.1} ns",
        start.elapsed().as_nanos() as f64 / f64::from(N)
    );
}

/// A browser's fields.
const REQUEST: [(&str, &[u8]); 14] = [
    ("host", b"shop.example"),
    ("user-agent", b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
    ("accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    ("accept-language", b"de-AT,de;q=0.9,en;q=0.5"),
    ("accept-encoding", b"gzip, deflate, br, zstd"),
    ("authorization", b"Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"),
    ("cache-control", b"max-age=0"),
    ("sec-fetch-dest", b"document"),
    ("sec-fetch-mode", b"navigate"),
    ("sec-fetch-site", b"none"),
    ("sec-ch-ua-platform", b"\"Windows\""),
    ("upgrade-insecure-requests", b"1"),
    ("if-none-match", b"W/\"abc\""),
    ("referer", b"https://shop.example/"),
];
const RESPONSE: [(&str, &[u8]); 8] = [
    ("date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("content-type", b"application/json"),
    ("content-length", b"1024"),
    ("cache-control", b"public, max-age=60, s-maxage=120"),
    ("etag", b"W/\"abc\""),
    ("last-modified", b"Sun, 06 Nov 1994 08:00:00 GMT"),
    ("vary", b"accept-encoding, accept-language"),
    ("server", b"shop"),
];

fn main() {
    let stored = Freshness {
        received_at_ms: NOW_MS,
        initial_age_ms: 0,
        lifetime_ms: 60_000,
    };
    let validators = Validators {
        status: 200,
        etag: Some(b"W/\"abc\""),
        last_modified_s: None,
        date_s: 0,
    };
    let names = ["accept-encoding".to_owned(), "accept-language".to_owned()];
    let info = RequestInfo::read("GET", REQUEST);
    time("RequestInfo::read, 14 fields", || {
        black_box(RequestInfo::read("GET", black_box(REQUEST)));
    });
    time("lookup", || {
        black_box(lookup(
            Some(black_box(&stored)),
            black_box(&info),
            NOW_MS + 1,
        ));
    });
    time("conditional, If-None-Match", || {
        black_box(conditional(black_box(&info), black_box(&validators)));
    });
    let mut key = Vec::with_capacity(256);
    time("secondary_key, Accept-Encoding", || {
        key.clear();
        black_box(secondary_key(black_box(&names[..1]), REQUEST, &mut key));
    });
    time("secondary_key, Accept-Encoding and Accept-Language", || {
        key.clear();
        black_box(secondary_key(black_box(&names), REQUEST, &mut key));
    });
    let mut out = Vec::with_capacity(64);
    time("CacheStatus::write, hit", || {
        out.clear();
        let status = CacheStatus {
            forwarded: None,
            forwarded_status: None,
            stored: false,
            collapsed: false,
            ttl_s: Some(55),
            detail: None,
        };
        black_box(status).write(&mut out);
        black_box(&out);
    });
    let policy = RoutePolicy {
        audience: Audience::Shared,
        default_ttl_s: None,
    };
    let exchange = Exchange {
        requested_at_ms: NOW_MS,
        received_at_ms: NOW_MS,
    };
    time("ResponseInfo::read and storable (a miss)", || {
        let response = ResponseInfo::read(200, black_box(RESPONSE));
        let yes = storable(&info, &response, &policy, exchange);
        assert!(matches!(black_box(yes), Storable::Yes { .. }));
    });
}
