//! Prints what normalising a browser's request costs, in ns per call.
//!
//! `cargo run --release -p lockgate-normalise --example normalise_ns`
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; no decision does"
)]

use std::hint::black_box;
use std::time::Instant;

use lockgate_normalise::{
    Headers, Host, ImageAccept, ImageFormat, Limits, RawHead, Settings, Target, TrustedProxies,
    normalise, percent,
};

const ROUNDS: u32 = 200_000;

fn measure<T>(what: &str, mut call: impl FnMut() -> T) {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(call());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    println!("{best:8.0} ns  {what}");
}

fn main() {
    let token = format!("Bearer {}", "eyJhbGciOiJFUzI1NiJ9.".repeat(28));
    let fields: [(&[u8], &[u8]); 14] = [
        (b"Host", b"shop.example"),
        (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
        (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"),
        (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
        (b"Accept-Language", b"en-GB,en;q=0.9,de;q=0.8"),
        (b"Connection", b"keep-alive"),
        (b"Referer", b"https://shop.example/products?page=2"),
        (b"Cookie", b"session=0123456789abcdef0123456789abcdef; theme=dark; consent=1"),
        (b"Authorization", token.as_bytes()),
        (b"Cache-Control", b"max-age=0"),
        (b"Sec-Fetch-Dest", b"document"),
        (b"Sec-Fetch-Mode", b"navigate"),
        (b"Sec-Fetch-Site", b"same-origin"),
        (b"X-Forwarded-For", b"203.0.113.9, 10.0.0.2"),
    ];
    let settings = Settings {
        proxies: TrustedProxies::parse(["10.0.0.0/8", "192.168.0.0/16"]).expect("a list"),
        ..Settings::default()
    };
    let target: &[u8] = b"/products/4711?page=2&sort=price";
    let head = |target| RawHead {
        method: b"GET",
        target,
        authority: None,
        fields: fields.iter().copied(),
        tls: true,
        peer: [10, 0, 0, 1].into(),
    };
    let limits = Limits::default();

    measure("normalise: a browser's request, 14 fields", || {
        normalise(&head(black_box(target)), &settings).expect("plain")
    });
    measure("  headers", || {
        Headers::scan(black_box(&fields).iter().copied(), &limits).expect("plain")
    });
    measure("  target", || {
        Target::parse(b"GET", black_box(target), &limits).expect("plain")
    });
    measure("  host", || {
        Host::parse(black_box(b"shop.example")).expect("plain")
    });
    let peer = [10, 0, 0, 1].into();
    measure("  client behind two proxies", || {
        let line: &[u8] = black_box(b"203.0.113.9, 10.0.0.2");
        lockgate_normalise::Client::find(
            peer,
            &settings.proxies,
            settings.believe,
            16,
            &[line],
            &[],
        )
    });
    let odd: &[u8] = b"/caf%c3%a9//a/./b/%2e%2e/c?q=%41&r=<x>";
    measure("a target that must be rewritten", || {
        Target::parse(b"GET", black_box(odd), &limits).expect("odd")
    });
    measure("Accept of an image request", || {
        let accept: &[u8] =
            black_box(b"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8");
        ImageAccept::parse([accept]).named(ImageFormat::Webp)
    });
    measure("decoding one argument", || {
        percent::decode_form(black_box("red+shoes%20size%2042")).into_owned()
    });
}
