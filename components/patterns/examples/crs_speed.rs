//! Prints what the patterns of the Core Rule Set cost: `cargo run --release -p lockgate-patterns --features
//! compile --example crs_speed [-v] [-m]`. Needs the rules in `../shared/crs`. `-v` tells of every pattern,
//! `-m` compiles in multi-line mode.
#![allow(
    clippy::disallowed_methods,
    reason = "an example that measures reads the clock"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use common::Operator;
use lockgate_patterns::{
    GroupId, Options, PatternId, PatternSetBuilder, Patterns, Prescan, Scratch, SetId,
};

const BENIGN: &str = include_str!("../tests/data/benign.txt");

fn main() {
    let verbose = std::env::args().any(|argument| argument == "-v");
    let Some(folder) = common::folder() else {
        println!("SKIPPED: the rules ../shared/crs are missing");
        return;
    };
    let rules = common::rules(&folder);
    let options = Options {
        dot_matches_new_line: true,
        multi_line: std::env::args().any(|argument| argument == "-m"),
        ..Options::default()
    };
    let begun = Instant::now();
    let mut builder = PatternSetBuilder::new();
    let mut ids: Vec<PatternId> = Vec::new();
    let mut slow: Vec<(Duration, &str)> = Vec::new();
    for rule in &rules {
        let begun = Instant::now();
        let id = match &rule.operator {
            Operator::Rx(text) => builder.add_regex(text, options).unwrap(),
            Operator::Pm(phrases) => builder.add_phrases(phrases.clone()),
        };
        slow.push((begun.elapsed(), &rule.name));
        ids.push(id);
    }
    // Group 0: what arguments and cookies are asked at level 1. Group 1: other requests. Group 2: responses.
    let mut chains: BTreeMap<(u8, &str), Vec<PatternId>> = BTreeMap::new();
    for (rule, id) in rules.iter().zip(&ids) {
        if !rule.chained {
            let asked = rule.targets.contains("ARGS") && rule.level <= 1;
            let group = if rule.response { 2 } else { u8::from(!asked) };
            chains.entry((group, &rule.chain)).or_default().push(*id);
        }
    }
    let sets: Vec<(u8, SetId, &str, usize)> = chains
        .iter()
        .map(|((group, chain), patterns)| {
            let set = builder.add_set_in(GroupId(*group), patterns);
            (*group, set, *chain, patterns.len())
        })
        .collect();
    let (bytes, stats) = builder.build_with_stats().unwrap();
    println!(
        "compiled {} rules in {:.2?}, {} bytes",
        rules.len(),
        begun.elapsed(),
        bytes.len()
    );
    println!("rows of the filters: {:?}", stats.filter_rows);
    slow.sort();
    println!(
        "slowest: {:.0?}",
        slow.iter().rev().take(6).collect::<Vec<_>>()
    );
    let lazy = stats.patterns.iter().filter(|pattern| pattern.lazy).count();
    println!("patterns {}, of them lazy {lazy}", stats.patterns.len());
    let begun = Instant::now();
    let patterns = Patterns::load(&bytes).unwrap();
    println!("loaded in {:.2?}", begun.elapsed());

    let asked: Vec<_> = sets.iter().filter(|(group, ..)| *group == 0).collect();
    println!(
        "level 1 of arguments: {} sets, {} patterns",
        asked.len(),
        asked.iter().map(|(.., count)| count).sum::<usize>()
    );
    let values: Vec<&[u8]> = BENIGN.lines().map(str::as_bytes).collect();
    let length: usize = values.iter().map(|value| value.len()).sum();
    let mut scratch = Scratch::default();
    let mut found = Prescan::default();
    let mut matched = Vec::new();
    println!(
        "benign: {} values of {} bytes on average",
        values.len(),
        length / values.len()
    );
    let each = best(values.len(), || {
        for value in &values {
            patterns.prescan(GroupId(0), black_box(value), &mut scratch, &mut found);
        }
    });
    println!("  prescan {each:.1?} a value");
    let each = best(values.len(), || {
        for value in &values {
            patterns.prescan(GroupId(0), black_box(value), &mut scratch, &mut found);
            for (_, set, ..) in &asked {
                matched.clear();
                patterns.scan_with(*set, black_box(value), &found, &mut scratch, &mut matched);
            }
        }
    });
    println!("  one prescan and all sets {each:.1?} a value");
    let each = best(values.len(), || {
        for value in &values {
            for (_, set, ..) in &asked {
                matched.clear();
                patterns.scan(*set, black_box(value), &mut scratch, &mut matched);
            }
        }
    });
    println!("  a prescan for each of all sets {each:.1?} a value");
    let mut candidates: BTreeMap<u32, usize> = BTreeMap::new();
    let mut survivors = 0;
    for value in &values {
        patterns.prescan(GroupId(0), value, &mut scratch, &mut found);
        survivors += found.len();
        for (rule, id) in rules.iter().zip(&ids) {
            let asked =
                rule.targets.contains("ARGS") && rule.level <= 1 && !rule.response && !rule.chained;
            if asked && patterns.may_match_one(*id, &found) {
                *candidates.entry(id.0).or_default() += 1;
            }
        }
    }
    println!(
        "  candidates {:.2} a value",
        survivors as f64 / values.len() as f64
    );
    let name = |id: u32| {
        let rule = ids.iter().position(|known| known.0 == id).unwrap();
        rules[rule].name.clone()
    };
    if verbose {
        let mut often: Vec<(usize, u32)> = candidates.iter().map(|(id, n)| (*n, *id)).collect();
        often.sort_unstable();
        for (count, id) in often.iter().rev().take(40) {
            println!(
                "  {count:4} {} {:?}",
                name(*id),
                stats.patterns[*id as usize].conditions
            );
        }
        for (id, stats) in stats.patterns.iter().enumerate() {
            println!(
                "{} instructions {} states {} {} {:.300}",
                name(id as u32),
                stats.instructions,
                stats.states,
                if stats.lazy { "LAZY" } else { "" },
                format!("{:?}", stats.conditions)
            );
        }
    }
    hostile(&patterns, &ids, &name);
    println!("scratch {} bytes", scratch.bytes());
}

/// The time of `run` for each of `count`: the best of many rounds, so that a busy machine counts little.
fn best(count: usize, mut run: impl FnMut()) -> Duration {
    let rounds = (0..400).map(|_| {
        let begun = Instant::now();
        for _ in 0..4 {
            run();
        }
        begun.elapsed() / (4 * count as u32)
    });
    rounds.min().unwrap_or_default()
}

/// 10,000 bytes of what is worst, for every pattern.
fn hostile(patterns: &Patterns, ids: &[PatternId], name: &dyn Fn(u32) -> String) {
    let repeated = |text: &str| text.bytes().cycle().take(10_000).collect::<Vec<u8>>();
    let mut values: Vec<(String, Vec<u8>)> = [
        "a", "'", "(", "\\", "<", " ", "\"^", "%25", "../", "$(", ";a\"^", "{a,", "select ", "on=",
        "&#x0", "c:\\a^", "a'b\"", "\r\n", "<a b=c:", "data:,;", "u\"$!s\\", "&&$!b\"u",
    ]
    .iter()
    .map(|text| (text.escape_default().to_string(), repeated(text)))
    .collect();
    let mut state = 7_u64;
    let noise = (0..10_000).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        b"abcdefghijklmnopqrstuvwxyz0123456789 '\"()[]{}<>;:=,.\\/$&|!-+*?^%#@\n\r"
            [(state >> 33) as usize % 68]
    });
    values.push(("noise".to_owned(), noise.collect()));
    let mut scratch = Scratch::default();
    let mut ids = ids.to_vec();
    ids.sort();
    ids.dedup();
    for (text, value) in &values {
        let mut slowest = (Duration::ZERO, 0);
        let mut all = Duration::MAX;
        for _ in 0..3 {
            slowest = (Duration::ZERO, 0);
            let begun = Instant::now();
            for id in &ids {
                let begun = Instant::now();
                black_box(patterns.is_match(*id, value, &mut scratch));
                slowest = slowest.max((begun.elapsed(), id.0));
            }
            all = all.min(begun.elapsed());
        }
        let mut captures = Default::default();
        let mut found = (Duration::ZERO, 0);
        let mut matches = 0;
        for id in &ids {
            if patterns.is_match(*id, value, &mut scratch) {
                matches += 1;
                let begun = Instant::now();
                black_box(patterns.captures(*id, value, &mut scratch, &mut captures));
                found = found.max((begun.elapsed(), id.0));
            }
        }
        println!(
            "hostile {text:10} all {all:8.2?}, slowest {:.2?} {}; {matches} match, slowest groups {:.2?} {}",
            slowest.0,
            name(slowest.1),
            found.0,
            name(found.1)
        );
    }
    println!("scratch after hostile values {} bytes", scratch.bytes());
}
