//! What a decision costs natively: `cargo run --release -p lockgate-policy --example policy_ns`.

#![allow(
    clippy::disallowed_methods,
    reason = "this measures decisions, it takes none"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::Instant;

use common::{Ask, POLICY, SECRET, summary, token};
use lockgate_wire::{Verdict, VerdictBody};
use serde_json::json;

const BROWSER: &str = "\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-GB,en;q=0.7,de;q=0.3
Cache-Control: max-age=0
Connection: keep-alive
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark
Referer: https://shop.example/products
Sec-Fetch-Dest: document
Sec-Fetch-Mode: navigate
Sec-Fetch-Site: same-origin
Upgrade-Insecure-Requests: 1";

fn measure(name: &str, ask: &Ask) {
    const ROUNDS: u32 = 200_000;
    let input = ask.input();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            black_box(POLICY.decide(black_box(&input)));
        }
        best = best.min(begun.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
    }
    println!("{name:<28} {best:>7.0} ns   {}", summary(&ask.decide()));
}

fn main() {
    let get = |target: &str| Ask::new(&format!("GET {target} HTTP/1.1\n{BROWSER}"));
    measure("bare", &Ask::new("GET /products/1 HTTP/1.1"));
    measure("browser", &get("/products/1"));
    measure("picture", &get("/img/a.jpg?w=320&q=70"));
    measure("blocked", &Ask::new("GET / HTTP/1.1\nUser-Agent: sqlmap"));
    let ann = token(
        SECRET,
        json!({ "sub": "ann", "scope": "refunds:write", "role": "owner" }),
    );
    let signed = Ask::new(&format!(
        "GET /refunds HTTP/1.1\n{BROWSER}\nAuthorization: Bearer {ann}"
    ));
    let bytes = signed.decide();
    let verdict = Verdict::parse(&bytes).expect("a verdict");
    let VerdictBody::Plan(plan) = verdict.body else {
        panic!("no plan")
    };
    let claims = plan.remember.expect("verified in this call");
    measure("signed in, remembered", &signed.clone().remembered(claims));
    measure("signed in, HS256 verified", &signed);
}
