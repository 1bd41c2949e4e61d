//! Nanoseconds per User-Agent lookup, table sizes, load and compile times, for 15, 1,500 and 150,000 patterns.
//!
//! `cargo run --release -p lockgate-firewall --example ua_speed`

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark measures time; the library never does"
)]

use lockgate_firewall::samples::{BROWSERS, crawlers};
use lockgate_firewall::useragent::{Anchor, Found};
use lockgate_firewall::{
    Action, Firewall, FirewallBuilder, FoldedUserAgent, IpSetBuilder, Outcome, Request, RuleSpec,
    StatementSpec, UserAgentList, UserAgentPatterns,
};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

/// Lookups in one timed round.
const LOOKUPS: usize = 200_000;

fn main() {
    println!(
        "patterns  compile ms  load ms  table KiB  ns/lookup  (browsers, mean {} bytes)",
        mean_length()
    );
    for count in [15, 1_500, 150_000] {
        measure(&count.to_string(), &crawlers(count));
    }
    let mixed = |count: usize| {
        let short =
            ["bot", "curl", "wget", "nikto", "x1"].map(|text| (Anchor::Contains, text.to_owned()));
        let long = crawlers(count);
        let long: Vec<_> = long
            .iter()
            .map(|(anchor, text)| (anchor, text.to_owned()))
            .collect();
        short.into_iter().chain(long).collect::<UserAgentPatterns>()
    };
    println!("the same with five short patterns (windows of 2, 3, 4 and 8 bytes)");
    for count in [15, 1_500, 150_000] {
        measure(&count.to_string(), &mixed(count));
    }
    println!(
        "evaluate: a list of 1,500 patterns twice (count, block) and an IP set of 100,000 ranges"
    );
    whole();
    println!("worst case: 131,072 patterns over two letters, a User-Agent of 2,048 such letters");
    worst();
}

fn measure(name: &str, patterns: &UserAgentPatterns) {
    let started = Instant::now();
    let Ok(compiled) = patterns.compile() else {
        return;
    };
    let compile = started.elapsed();
    let bytes = compiled.bytes.len();
    let started = Instant::now();
    let Ok(list) = UserAgentList::load(compiled.bytes) else {
        return;
    };
    let load = started.elapsed();
    let round = || {
        let started = Instant::now();
        for browser in BROWSERS.iter().cycle().take(LOOKUPS) {
            black_box(list.find(&FoldedUserAgent::new(black_box(browser.as_bytes()))));
        }
        started.elapsed().as_nanos() as f64 / LOOKUPS as f64
    };
    let best = (0..5).map(|_| round()).fold(f64::MAX, f64::min);
    println!(
        "{name:>8}  {:>10.1}  {:>7.2}  {:>9.1}  {best:>9.0}",
        compile.as_secs_f64() * 1e3,
        load.as_secs_f64() * 1e3,
        bytes as f64 / 1024.0
    );
}

fn worst() {
    let word = |number: usize, length: usize| -> String {
        (0..length)
            .map(|bit| if number >> bit & 1 == 1 { 'b' } else { 'a' })
            .collect()
    };
    let patterns: UserAgentPatterns = (0..1 << 17)
        .map(|number| (Anchor::Contains, word(number, 17) + "c"))
        .collect();
    let Ok(compiled) = patterns.compile() else {
        return;
    };
    let Ok(list) = UserAgentList::load(compiled.bytes) else {
        return;
    };
    let mut noise = 1_u64;
    let agent: Vec<u8> = (0..2048)
        .map(|_| {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            if noise >> 63 == 1 { b'a' } else { b'b' }
        })
        .collect();
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(list.find_in(black_box(&agent)), Found::Nothing);
    }
    println!(
        "{:.0} µs a lookup",
        started.elapsed().as_secs_f64() * 1e6 / 20.0
    );
}

fn whole() {
    let mut builder = FirewallBuilder::new();
    let mut set = IpSetBuilder::new();
    (0..100_000_u32)
        .for_each(|number| set.add(IpAddr::from(Ipv4Addr::from(0x0b00_0000 + number * 2)).into()));
    let set = builder.add_ip_set("set", set);
    let list = builder.add_user_agent_list("list", &crawlers(1_500));
    let (ip_set, agents) = (
        StatementSpec::IpSet("set".to_owned()),
        StatementSpec::UserAgentList("list".to_owned()),
    );
    let rules = [
        (Action::Block, ip_set),
        (Action::Count, agents.clone()),
        (Action::Block, agents),
    ];
    let added = (0..)
        .zip(rules)
        .try_for_each(|(priority, (action, statement))| {
            let name = priority.to_string();
            builder.add_rule(RuleSpec::new(&name, priority, action, statement))
        });
    if let (Ok(()), Ok(_), Ok(())) = (set, list, added)
        && let Ok(compiled) = builder.build()
        && let Ok(firewall) = Firewall::load(compiled)
    {
        let started = Instant::now();
        for (number, browser) in (0..LOOKUPS as u32).zip(BROWSERS.iter().cycle()) {
            let client_ip = IpAddr::from(Ipv4Addr::from(
                0x0b00_0001 + number.wrapping_mul(14_818) % 200_000 / 2 * 2,
            ));
            let outcome = firewall.evaluate(black_box(&Request {
                client_ip,
                user_agent: Some(browser.as_bytes()),
            }));
            assert_eq!(black_box(outcome), Outcome::default());
        }
        println!(
            "{:.0} ns a request",
            started.elapsed().as_nanos() as f64 / LOOKUPS as f64
        );
    }
}

fn mean_length() -> usize {
    BROWSERS.iter().map(|browser| browser.len()).sum::<usize>() / BROWSERS.len()
}
