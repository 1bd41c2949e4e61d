//! Small patterns of every kind answer as the `regex` crate does, on values of a small alphabet.

use lockgate_patterns::{
    Captures, CompileError, GroupId, LoadError, Options, PatternId, PatternSetBuilder, Patterns,
    Prescan, Scratch, SetId,
};
use proptest::prelude::*;
use regex::bytes::{Regex, RegexBuilder};

const PATTERNS: &str = include_str!("data/patterns.txt");

fn texts() -> impl Iterator<Item = &'static str> {
    PATTERNS.lines().filter(|line| !line.starts_with("# "))
}

struct Both {
    patterns: Patterns,
    set: SetId,
    ids: Vec<PatternId>,
    oracles: Vec<Regex>,
}

fn both(options: Options) -> Both {
    let mut builder = PatternSetBuilder::new();
    let ids: Vec<PatternId> = texts()
        .map(|text| builder.add_regex(text, options).unwrap())
        .collect();
    let set = builder.add_set(&ids);
    let oracles = texts()
        .map(|text| {
            RegexBuilder::new(text)
                .unicode(false)
                .case_insensitive(options.case_insensitive)
                .dot_matches_new_line(options.dot_matches_new_line)
                .multi_line(options.multi_line)
                .build()
                .unwrap()
        })
        .collect();
    Both {
        patterns: Patterns::load(&builder.build().unwrap()).unwrap(),
        set,
        ids,
        oracles,
    }
}

impl Both {
    fn agree(&self, value: &[u8], scratch: &mut Scratch) {
        let mut matched = Vec::new();
        self.patterns.scan(self.set, value, scratch, &mut matched);
        for (id, oracle) in self.ids.iter().zip(&self.oracles) {
            let at = || format!("{oracle} on {}", value.escape_ascii());
            let expected = oracle.captures(value);
            assert_eq!(matched.contains(id), expected.is_some(), "{}", at());
            assert_eq!(
                self.patterns.is_match(*id, value, scratch),
                expected.is_some()
            );
            let mut groups = Captures::default();
            let found = self.patterns.captures(*id, value, scratch, &mut groups);
            assert_eq!(found, expected.is_some(), "{}", at());
            for (number, group) in groups.iter().enumerate() {
                let expected = expected.as_ref().and_then(|expected| expected.get(number));
                let expected = expected.map(|group| (group.start(), group.end()));
                assert_eq!(*group, expected, "group {number} of {}", at());
            }
        }
    }
}

#[test]
fn agrees_on_every_short_value_of_a_small_alphabet() {
    let mut scratch = Scratch::default();
    for (multi_line, dot, fold) in [
        (false, true, false),
        (true, false, false),
        (false, true, true),
    ] {
        let both = both(Options {
            case_insensitive: fold,
            dot_matches_new_line: dot,
            multi_line,
        });
        let alphabet = b"aB;\n'";
        for length in 0..=4 {
            for mut number in 0..alphabet.len().pow(length) {
                let value: Vec<u8> = (0..length)
                    .map(|_| {
                        let byte = alphabet[number % alphabet.len()];
                        number /= alphabet.len();
                        byte
                    })
                    .collect();
                both.agree(&value, &mut scratch);
            }
        }
    }
}

#[test]
fn agrees_on_random_values() {
    let both = both(Options {
        dot_matches_new_line: true,
        ..Options::default()
    });
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let value = proptest::collection::vec(
        prop_oneof![
            proptest::sample::select(
                b"aAbBcselctuniofrmjvx019 ;'\"\n\\{}()=.:/$&|<>%\xbe\x00".to_vec()
            )
            .prop_map(|byte| vec![byte]),
            proptest::sample::select(vec![
                "select ", "union", "from", "foo", "bar", "://", "java"
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
        ],
        0..60,
    );
    runner
        .run(&value, |parts| {
            both.agree(&parts.concat(), &mut Scratch::default());
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_prescan_serves_every_case_of_the_value() {
    let mut builder = PatternSetBuilder::new();
    let upper = builder
        .add_regex("SELECT .* FROM", Options::default())
        .unwrap();
    let lower = builder
        .add_regex("select .* from", Options::default())
        .unwrap();
    let words = builder.add_phrases(vec![b"Select".to_vec(), b"passwd".to_vec()]);
    let first = builder.add_set(&[upper, words]);
    let second = builder.add_set(&[lower]);
    let patterns = Patterns::load(&builder.build().unwrap()).unwrap();
    let mut scratch = Scratch::default();
    let mut found = Prescan::default();
    patterns.prescan(GroupId(0), b"SELECT a FROM b", &mut scratch, &mut found);
    assert_eq!(found.len(), 3);
    let mut matched = Vec::new();
    patterns.scan_with(
        first,
        b"SELECT a FROM b",
        &found,
        &mut scratch,
        &mut matched,
    );
    assert_eq!(matched, [upper, words]);
    matched.clear();
    patterns.scan_with(
        second,
        b"SELECT a FROM b",
        &found,
        &mut scratch,
        &mut matched,
    );
    assert_eq!(matched, []);
    patterns.scan_with(
        second,
        b"select a from b",
        &found,
        &mut scratch,
        &mut matched,
    );
    assert_eq!(matched, [lower]);
    patterns.prescan(GroupId(0), b"hello", &mut scratch, &mut found);
    assert!(found.is_empty());
    assert!(!patterns.may_match(first, &found));
}

#[test]
fn groups_are_filtered_apart() {
    let mut builder = PatternSetBuilder::new();
    let request = builder.add_regex("attack", Options::default()).unwrap();
    let response = builder
        .add_regex("stack trace", Options::default())
        .unwrap();
    let requests = builder.add_set_in(GroupId(0), &[request]);
    let responses = builder.add_set_in(GroupId(1), &[response]);
    let patterns = Patterns::load(&builder.build().unwrap()).unwrap();
    let mut scratch = Scratch::default();
    let mut found = Prescan::default();
    let value = b"attack, then a stack trace";
    patterns.prescan(GroupId(1), value, &mut scratch, &mut found);
    let mut matched = Vec::new();
    patterns.scan_with(requests, value, &found, &mut scratch, &mut matched);
    assert_eq!(matched, []);
    patterns.scan_with(responses, value, &found, &mut scratch, &mut matched);
    assert_eq!(matched, [response]);
    assert!(
        patterns.may_match_one(request, &found),
        "nothing is known of it"
    );
}

#[test]
fn working_memory_serves_several_compiled_forms() {
    // Both are too large for a whole automaton, so that what was learned of one stays in the memory.
    let text = |letter: char| format!("(?:{letter}|x)[^;]{{300,400}}(?:{letter}|y).{{100,200}}z");
    let mut scratch = Scratch::default();
    let value = [b"a".repeat(600), b"z".to_vec()].concat();
    for (letter, expected) in [('a', true), ('b', false), ('a', true)] {
        let mut builder = PatternSetBuilder::new();
        let id = builder
            .add_regex(&text(letter), Options::default())
            .unwrap();
        let (bytes, stats) = builder.build_with_stats().unwrap();
        assert!(stats.patterns[0].lazy);
        let patterns = Patterns::load(&bytes).unwrap();
        assert_eq!(patterns.is_match(id, &value, &mut scratch), expected);
    }
}

#[test]
fn faults_have_reasons() {
    let mut builder = PatternSetBuilder::new();
    let mut fault = |text| builder.add_regex(text, Options::default()).unwrap_err();
    assert!(matches!(fault("a(b"), CompileError::Syntax(_)));
    assert!(matches!(fault(r"(?=a)"), CompileError::Syntax(_)));
    assert!(matches!(fault(r"(a)\1"), CompileError::Syntax(_)));
    assert!(matches!(fault("(?R)(?m)^a"), CompileError::Assertion(_)));
    assert!(matches!(
        fault("((a{1000}){1000}){1000}"),
        CompileError::TooLarge(_)
    ));
    assert_eq!(Patterns::load(b"").unwrap_err(), LoadError::Length);
    assert_eq!(
        Patterns::load(b"LGPX\x01\0\0\0").unwrap_err(),
        LoadError::Magic
    );
    assert_eq!(
        Patterns::load(b"LGPT\x09\0\0\0").unwrap_err(),
        LoadError::Version {
            found: 9,
            wanted: 1
        }
    );
}

#[test]
fn damaged_tables_neither_panic_nor_hang() {
    let mut builder = PatternSetBuilder::new();
    let mut ids: Vec<PatternId> = texts()
        .map(|text| builder.add_regex(text, Options::default()).unwrap())
        .collect();
    ids.push(builder.add_phrases(vec![b"abc".to_vec(), b"bcd".to_vec()]));
    let set = builder.add_set(&ids);
    let bytes = builder.build().unwrap();
    let mut state = 3_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut loaded = 0;
    for _ in 0..300 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + random(40) {
            let at = random(damaged.len());
            damaged[at] = random(256) as u8;
        }
        if random(8) == 0 {
            damaged.truncate(random(damaged.len()));
        }
        let Ok(patterns) = Patterns::load(&damaged) else {
            continue;
        };
        loaded += 1;
        let mut scratch = Scratch::default();
        for value in [&b"abcd select 'a' from b; java://x"[..], b"", b"\n\n;'aB"] {
            patterns.scan(set, value, &mut scratch, &mut Vec::new());
            for id in &ids {
                patterns.is_match(*id, value, &mut scratch);
                patterns.captures(*id, value, &mut scratch, &mut Captures::default());
            }
        }
    }
    assert!(loaded > 100, "{loaded}");
}
