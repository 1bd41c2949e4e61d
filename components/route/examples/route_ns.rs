//! Prints what loading and looking up 10, 1,000 and 10,000 routes costs, beside `matchit`.
//!
//! `cargo run --release -p lockgate-route --example route_ns`
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; no decision does"
)]

use std::hint::black_box;
use std::time::Instant;

use lockgate_route::{CompiledRoutes, RouteMatch, RouteTableBuilder, Routes, SiteIndex};

/// ns per call, best of five.
fn measure<T>(rounds: u32, mut call: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(call());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds));
    }
    best
}

/// A third each with a parameter, without any, and with a catch-all.
fn patterns(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| match number % 3 {
            0 => format!("/api/section-{number}/products/{{id}}"),
            1 => format!("/section-{number}/about"),
            _ => format!("/files-{number}/{{*rest}}"),
        })
        .collect()
}

fn main() {
    for count in [10, 1_000, 10_000] {
        let patterns = patterns(count);
        let mut builder = RouteTableBuilder::new();
        let site = builder.add_site("shop", &["shop.example"]).expect("a site");
        for pattern in &patterns {
            builder.add_route(site, &["GET"], pattern).expect("a route");
        }
        let bytes = postcard::to_allocvec(&builder.finish()).expect("plain data");
        let load = || {
            let table: CompiledRoutes = postcard::from_bytes(&bytes).expect("its own bytes");
            Routes::load(table).expect("its own table")
        };
        let insert = || {
            let mut router = matchit::Router::new();
            for (index, pattern) in patterns.iter().enumerate() {
                router.insert(pattern.clone(), index).expect("a route");
            }
            router
        };
        println!(
            "{count} routes, {} bytes: read and load {:.0} us; matchit by insertion {:.0} us",
            bytes.len(),
            measure(5, load) / 1e3,
            measure(5, insert) / 1e3
        );
        let (routes, router) = (load(), insert());
        let middle = count / 2 / 3 * 3;
        for path in [
            format!("/api/section-{middle}/products/4711"),
            format!("/section-{}/about", middle + 1),
            format!("/files-{}/a/b/c.jpg", middle + 2),
            "/no/such/thing".to_owned(),
        ] {
            let ours = measure(200_000, || {
                matches!(
                    routes.route(black_box(SiteIndex(0)), "GET", black_box(&path)),
                    RouteMatch::Found { .. }
                )
            });
            let theirs = measure(200_000, || router.at(black_box(&path)).is_ok());
            println!("  {ours:6.0} ns, matchit {theirs:6.0} ns  {path}");
        }
        let host = measure(200_000, || routes.site(black_box("shop.example")));
        println!("  {host:6.0} ns  site by host");
    }
}
