//! Every pattern of the Core Rule Set answers as the `regex` crate does: whether it matches, and where.
//!
//! Needs `../shared/crs`; the patterns in `oracle.rs` need nothing.

mod common;

use common::Operator;
use lockgate_patterns::{
    Captures, GroupId, Options, PatternId, PatternSetBuilder, Patterns, Prescan, Scratch,
};
use regex::bytes::{Regex, RegexBuilder};

/// Values that are tried, at most: the rest of the corpus in steps.
const VALUES_MAX: usize = 9_000;

#[test]
fn agrees_with_the_regex_crate_in_single_line_mode() {
    agree(Options {
        dot_matches_new_line: true,
        ..Options::default()
    });
}

#[test]
fn agrees_with_the_regex_crate_in_multi_line_mode() {
    agree(Options {
        dot_matches_new_line: true,
        multi_line: true,
        ..Options::default()
    });
}

fn agree(options: Options) {
    let Some(folder) = common::folder() else {
        eprintln!("SKIPPED: the rules and cases ../shared/crs are missing");
        return;
    };
    let rules = common::rules(&folder);
    let mut texts: Vec<&str> = rules
        .iter()
        .filter_map(|rule| match &rule.operator {
            Operator::Rx(text) => Some(text.as_str()),
            Operator::Pm(_) => None,
        })
        .collect();
    texts.sort_unstable();
    texts.dedup();
    assert!(texts.len() > 250, "{} patterns", texts.len());
    let mut builder = PatternSetBuilder::new();
    let ids: Vec<PatternId> = texts
        .iter()
        .map(|text| builder.add_regex(text, options).unwrap())
        .collect();
    let set = builder.add_set(&ids);
    let patterns = Patterns::load(&builder.build().unwrap()).unwrap();
    let oracles: Vec<Regex> = texts.iter().map(|text| oracle(text, options)).collect();

    let mut scratch = Scratch::default();
    let mut found = Prescan::default();
    let (mut matches, mut values_tried) = (0, 0);
    for value in values(&common::corpus(&folder)) {
        values_tried += 1;
        patterns.prescan(GroupId(0), &value, &mut scratch, &mut found);
        let mut matched = Vec::new();
        patterns.scan_with(set, &value, &found, &mut scratch, &mut matched);
        let mut expected = Vec::new();
        for (id, oracle) in ids.iter().zip(&oracles) {
            if !oracle.is_match(&value) {
                continue;
            }
            matches += 1;
            expected.push(*id);
            if matches % 4 == 0 {
                same_groups(&patterns, *id, oracle, &value, &mut scratch);
            }
        }
        assert_eq!(
            matched,
            expected,
            "on {}, patterns {:?}",
            value.escape_ascii(),
            differing(&matched, &expected).map(|id| texts[id.0 as usize])
        );
    }
    eprintln!(
        "{} patterns, {values_tried} values, {matches} matches",
        ids.len()
    );
    assert!(matches > 5_000);
}

#[test]
fn phrases_are_found_as_by_searching_each() {
    let Some(folder) = common::folder() else {
        eprintln!("SKIPPED: the rules and cases ../shared/crs are missing");
        return;
    };
    let mut builder = PatternSetBuilder::new();
    let mut lists: Vec<(PatternId, Regex)> = Vec::new();
    for rule in common::rules(&folder) {
        if let Operator::Pm(phrases) = rule.operator {
            let any: Vec<String> = phrases
                .iter()
                .map(|phrase| regex::escape(&String::from_utf8_lossy(phrase)))
                .collect();
            let text = any.join("|");
            let regex = RegexBuilder::new(&text)
                .case_insensitive(true)
                .size_limit(1 << 28)
                .unicode(!text.is_ascii())
                .build();
            lists.push((builder.add_phrases(phrases), regex.unwrap()));
        }
    }
    let ids: Vec<PatternId> = lists.iter().map(|(id, _)| *id).collect();
    let set = builder.add_set(&ids);
    let patterns = Patterns::load(&builder.build().unwrap()).unwrap();
    let mut scratch = Scratch::default();
    let mut total = 0;
    for value in common::corpus(&folder) {
        if !value.is_ascii() {
            continue;
        }
        let mut matched = Vec::new();
        patterns.scan(set, &value, &mut scratch, &mut matched);
        let expected: Vec<PatternId> = lists
            .iter()
            .filter(|(_, regex)| regex.is_match(&value))
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(matched, expected, "on {}", value.escape_ascii());
        total += expected.len();
        for id in matched {
            let range = patterns.find(id, &value, &mut scratch).unwrap();
            let (_, regex) = lists.iter().find(|(known, _)| *known == id).unwrap();
            assert!(regex.is_match(&value[range]));
        }
    }
    assert!(total > 500, "{total}");
}

fn oracle(text: &str, options: Options) -> Regex {
    // The crate does not take two digits in braces in classes.
    let braces = Regex::new(r"\\x\{([0-9a-fA-F]{2})\}").unwrap();
    let text = braces.replace_all(text.as_bytes(), &b"\\x$1"[..]);
    let text = String::from_utf8(text.into_owned()).unwrap();
    RegexBuilder::new(&text)
        .unicode(false)
        .dot_matches_new_line(options.dot_matches_new_line)
        .multi_line(options.multi_line)
        .size_limit(1 << 28)
        .build()
        .unwrap()
}

fn same_groups(
    patterns: &Patterns,
    id: PatternId,
    oracle: &Regex,
    value: &[u8],
    scratch: &mut Scratch,
) {
    let mut groups = Captures::default();
    assert!(patterns.captures(id, value, scratch, &mut groups));
    let expected = oracle.captures(value).unwrap();
    for (number, group) in groups.iter().enumerate() {
        let expected = expected
            .get(number)
            .map(|group| (group.start(), group.end()));
        assert_eq!(
            *group,
            expected,
            "group {number} of {oracle} on {}",
            value.escape_ascii()
        );
    }
    let whole = groups[0].map(|(start, end)| start..end);
    assert_eq!(patterns.find(id, value, scratch), whole);
}

/// The corpus, thinned, each with one mutation.
fn values(corpus: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let step = (corpus.len() * 2).div_ceil(VALUES_MAX).max(1);
    let mut state = 99_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below.max(1)
    };
    let mut values = Vec::new();
    for value in corpus.iter().step_by(step) {
        let value = &value[..value.len().min(600)];
        values.push(value.to_vec());
        let mut mutated = value.to_vec();
        for _ in 0..=random(3) {
            let at = random(mutated.len());
            let other = &corpus[random(corpus.len())];
            match random(5) {
                0 if !mutated.is_empty() => mutated[at] = random(256) as u8,
                1 if !mutated.is_empty() => mutated[at] ^= 0x20,
                2 => mutated.insert(at, b"\n'\";|&\\ (\xbe"[random(10)]),
                3 => mutated.truncate(at),
                _ => {
                    let piece = &other[random(other.len())..];
                    let piece = piece[..piece.len().min(40)].to_vec();
                    mutated.splice(at..at, piece);
                }
            }
        }
        values.push(mutated);
    }
    values
}

fn differing<'a>(left: &'a [PatternId], right: &'a [PatternId]) -> Option<&'a PatternId> {
    let mut all = left.iter().chain(right);
    all.find(|id| left.contains(id) != right.contains(id))
}
