//! Prints what the detectors cost: nanoseconds a value, and microseconds for 10 KB of hostile input.
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; nothing is decided here"
)]

use lockgate_injection::{sqli, xss};
use std::hint::black_box;
use std::time::Instant;

/// The time of a call in nanoseconds: the best of some rounds.
fn time(calls: u32, call: impl Fn() -> bool) -> f64 {
    (0..7)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(call());
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
        })
        .fold(f64::MAX, f64::min)
}

fn main() {
    let benign: [(&str, &[u8]); 9] = [
        (
            "one word, 50 bytes",
            b"abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvw",
        ),
        ("number", b"1234567890"),
        ("UUID", b"550e8400-e29b-41d4-a716-446655440000"),
        (
            "sentence, 50 bytes",
            b"The quick brown fox jumps over the lazy dog, again",
        ),
        (
            "with an apostrophe",
            b"It's not the same as last year, but it's all right",
        ),
        (
            "query, 50 bytes",
            b"utm_source=news&utm_medium=mail&utm_campaign=a_b_c",
        ),
        ("URL", b"https://shop.example/products/1234-red-shoes?ref=x"),
        (
            "HTML, harmless",
            b"I <b>like</b> it & <i>you</i> do <a title=x>too</a>",
        ),
        (
            "User-Agent",
            b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/1",
        ),
    ];
    println!("{:<24}{:>10}{:>10}", "benign, ns", "sqli", "xss");
    for (name, value) in benign {
        let sqli = time(20_000, || sqli(black_box(value)).is_some());
        let xss = time(20_000, || xss(black_box(value)));
        println!("{name:<24}{sqli:>10.0}{xss:>10.0}");
    }
    let hostile: [&[u8]; 18] = [
        b"1,",
        b"1+",
        b"a.b,",
        b"(",
        b"1,-",
        b"'a' ",
        b"\\'",
        b"a=/**/",
        b"$a$",
        b"select.",
        b"{a}",
        b"<",
        b"<a b=c>",
        b"onx=y ",
        b"&#0",
        b"-\0",
        b"' x=",
        b"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a ",
    ];
    println!("{:<24}{:>10}{:>10}", "10 KB of, us", "sqli", "xss");
    for part in hostile {
        let value = part.repeat(10_240 / part.len());
        let sqli = time(50, || sqli(black_box(&value)).is_some()) / 1e3;
        let xss = time(50, || xss(black_box(&value))) / 1e3;
        println!(
            "{:<24}{sqli:>10.1}{xss:>10.1}",
            part.escape_ascii().to_string()
        );
    }
}
