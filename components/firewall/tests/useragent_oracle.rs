//! User-Agent lists against an oracle: the aho-corasick crate for contained texts, plain comparison else.

use aho_corasick::{AhoCorasick, MatchKind};
use lockgate_firewall::samples::{BROWSERS, crawlers};
use lockgate_firewall::useragent::{Anchor, Found, USER_AGENT_BYTES_MAX};
use lockgate_firewall::{PatternError, UserAgentList, UserAgentPatterns};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A list and what it must answer.
struct Judge {
    list: UserAgentList,
    patterns: Vec<(Anchor, String)>,
    /// Indexes that another pattern stands for.
    covered: BTreeSet<u32>,
    contained: AhoCorasick,
    contained_ids: Vec<u32>,
}

impl Judge {
    fn new(patterns: Vec<(Anchor, String)>) -> Self {
        let compiled = patterns
            .iter()
            .cloned()
            .collect::<UserAgentPatterns>()
            .compile()
            .unwrap();
        let covered: BTreeSet<u32> = compiled
            .covered
            .iter()
            .map(|covered| covered.index)
            .collect();
        for covered in &compiled.covered {
            let (mine, by) = (
                &patterns[covered.index as usize],
                &patterns[covered.by as usize],
            );
            assert_eq!(mine.0, by.0);
            assert!(
                matches(mine.0, &by.1, mine.1.as_bytes()),
                "{by:?} does not stand for {mine:?}"
            );
        }
        let list = UserAgentList::load(compiled.bytes).unwrap();
        assert_eq!(list.patterns(), patterns.len() - covered.len());
        let (contained_ids, texts): (Vec<u32>, Vec<&str>) = (0..)
            .zip(&patterns)
            .filter(|(_, (anchor, _))| *anchor == Anchor::Contains)
            .map(|(index, (_, text))| (index, text.as_str()))
            .unzip();
        let contained = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(texts)
            .unwrap();
        Self {
            list,
            patterns,
            covered,
            contained,
            contained_ids,
        }
    }

    fn check(&self, agent: &[u8]) {
        let contained = self
            .contained
            .find_overlapping_iter(agent)
            .map(|found| self.contained_ids[found.pattern().as_usize()]);
        let anchored = (0..).zip(&self.patterns).filter(|(_, (anchor, text))| {
            *anchor != Anchor::Contains && matches(*anchor, text, agent)
        });
        let wanted = contained
            .chain(anchored.map(|(index, _)| index))
            .filter(|index| !self.covered.contains(index))
            .min();
        let wanted = wanted.map_or(Found::Nothing, Found::Pattern);
        assert_eq!(self.list.find_in(agent), wanted, "{}", agent.escape_ascii());
    }
}

fn matches(anchor: Anchor, text: &str, agent: &[u8]) -> bool {
    let (text, agent) = (
        text.to_ascii_lowercase().into_bytes(),
        agent.to_ascii_lowercase(),
    );
    match anchor {
        Anchor::Contains => agent.windows(text.len()).any(|window| window == text),
        Anchor::StartsWith => agent.starts_with(&text),
        Anchor::EndsWith => agent.ends_with(&text),
        Anchor::Equals => agent == text,
    }
}

fn anchor() -> impl Strategy<Value = Anchor> {
    prop_oneof![
        4 => Just(Anchor::Contains),
        1 => Just(Anchor::StartsWith),
        1 => Just(Anchor::EndsWith),
        1 => Just(Anchor::Equals),
    ]
}

/// A set of patterns from one alphabet: the smaller, the more they overlap.
fn patterns(text: &'static str) -> impl Strategy<Value = Vec<(Anchor, String)>> {
    prop::collection::vec((anchor(), text), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_letters_in_both_cases(
        patterns in patterns("[abAB]{1,20}"),
        agents in prop::collection::vec("[abAB]{0,60}", 1..20),
    ) {
        let judge = Judge::new(patterns);
        agents.iter().for_each(|agent| judge.check(agent.as_bytes()));
    }

    #[test]
    fn words_of_ordinary_text(
        patterns in patterns("(Mozilla|bot|Bot/|Chrome|-| |/|[0-9]|crawl|é|x){1,6}"),
        agents in prop::collection::vec("(Mozilla|bot|Bot/|chrome|-| |/|[0-9]|CRAWL|é|É|x){0,20}", 1..20),
    ) {
        // A text of white space only is refused.
        let patterns = patterns.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect();
        let judge = Judge::new(patterns);
        agents.iter().for_each(|agent| judge.check(agent.as_bytes()));
    }

    #[test]
    fn any_bytes_around_a_pattern(
        patterns in patterns("[a-d]{3,12}"),
        pick in any::<prop::sample::Index>(),
        before in prop::collection::vec(any::<u8>(), 0..40),
        after in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        prop_assume!(!patterns.is_empty());
        let text = pick.get(&patterns).1.to_uppercase();
        let judge = Judge::new(patterns);
        judge.check(&[&before, text.as_bytes(), &after].concat());
    }
}

#[test]
fn the_same_prefix_and_only_digits_behind_it() {
    let judge = Judge::new(
        (0..3_000)
            .map(|n| (Anchor::Contains, format!("crawler-{n:06}")))
            .collect(),
    );
    for agent in [
        "crawler-001234",
        "x CRAWLER-002999 y",
        "crawler-00299",
        "crawler-003000",
        "crawler-",
    ] {
        judge.check(agent.as_bytes());
    }
}

#[test]
fn nested_patterns_of_one_letter() {
    // Longer first: each is its own lowest index, but the shortest stands for all.
    let judge = Judge::new(
        (1..=300)
            .rev()
            .map(|n| (Anchor::Contains, "a".repeat(n)))
            .collect(),
    );
    assert_eq!(judge.covered.len(), 299);
    judge.check(&[b'a'; 200]);
    let tails = (1..=300)
        .map(|n| (Anchor::Contains, "a".repeat(n) + "b"))
        .collect();
    let judge = Judge::new(tails);
    judge.check(&[b'a'; 400]);
    judge.check(&[&[b'a'; 150][..], b"b"].concat());
    judge.check(&[&[b'a'; 500][..], b"b"].concat());
}

#[test]
fn every_single_byte_and_pair() {
    let singles = (0x21..0x7f_u8).map(|byte| (Anchor::Contains, char::from(byte).to_string()));
    let judge = Judge::new(singles.collect());
    judge.check(b"z");
    judge.check(b" \t ");
    let pairs =
        (b'a'..=b'z').map(|byte| (Anchor::Contains, format!("{}{}", char::from(byte), 'q')));
    let judge = Judge::new(pairs.collect());
    judge.check(b"Qq");
    judge.check(b"hello");
    judge.check(b"xq");
}

#[test]
fn anchors_hold_at_the_edges() {
    let list = [
        (Anchor::StartsWith, "curl/"),
        (Anchor::EndsWith, "Safari/0.0"),
        (Anchor::Equals, "Mozilla/5.0"),
        (Anchor::Contains, "sqlmap"),
    ];
    let judge = Judge::new(
        list.map(|(anchor, text)| (anchor, text.to_owned()))
            .to_vec(),
    );
    for (agent, wanted) in [
        ("CURL/8.5.0", Found::Pattern(0)),
        ("libcurl/8.5.0", Found::Nothing),
        ("x safari/0.0", Found::Pattern(1)),
        ("Safari/0.0.1", Found::Nothing),
        ("mozilla/5.0", Found::Pattern(2)),
        ("mozilla/5.0 ", Found::Nothing),
        ("curl/1 SQLMAP", Found::Pattern(0)),
        ("SqlMap", Found::Pattern(3)),
        ("", Found::Nothing),
    ] {
        judge.check(agent.as_bytes());
        assert_eq!(judge.list.find_in(agent.as_bytes()), wanted, "{agent}");
    }
}

#[test]
fn thousands_of_crawlers_are_found_and_browsers_pass() {
    for count in [15, 1_500, 150_000] {
        let patterns = crawlers(count);
        let list = UserAgentList::load(patterns.compile().unwrap().bytes).unwrap();
        for browser in BROWSERS {
            assert_eq!(
                list.find_in(browser.as_bytes()),
                Found::Nothing,
                "{browser}"
            );
        }
        for (index, (_, text)) in (0..).zip(patterns.iter()).step_by(1 + count / 1_500) {
            let Found::Pattern(found) = list.find_in(text.to_ascii_uppercase().as_bytes()) else {
                panic!("{text} is not found among {count}");
            };
            assert!(found <= index, "{text}: {found} instead of {index}");
        }
        assert_eq!(
            patterns
                .iter()
                .map(|(_, text)| text)
                .collect::<BTreeSet<_>>()
                .len(),
            count
        );
    }
}

#[test]
fn the_same_patterns_give_the_same_bytes() {
    assert_eq!(crawlers(2_000).compile(), crawlers(2_000).compile());
}

#[test]
fn a_user_agent_is_oversize_past_the_bound_only() {
    let judge = Judge::new(vec![(Anchor::EndsWith, "bot".to_owned())]);
    let mut agent = vec![b'x'; USER_AGENT_BYTES_MAX - 3];
    agent.extend_from_slice(b"bot");
    assert_eq!(judge.list.find_in(&agent), Found::Pattern(0));
    agent.insert(0, b'x');
    assert_eq!(judge.list.find_in(&agent), Found::Oversize);
}

#[test]
fn blank_and_overlong_patterns_are_refused_by_index() {
    let compile = |text: &str| {
        let patterns = [(Anchor::Contains, "ok"), (Anchor::Equals, text)];
        patterns
            .into_iter()
            .collect::<UserAgentPatterns>()
            .compile()
            .map(|_| ())
    };
    assert_eq!(compile(""), Err(PatternError::Blank { index: 1 }));
    assert_eq!(compile(" \t"), Err(PatternError::Blank { index: 1 }));
    assert_eq!(compile(&"x".repeat(1_024)), Ok(()));
    assert_eq!(
        compile(&"x".repeat(1_025)),
        Err(PatternError::TooLong {
            index: 1,
            length: 1_025
        })
    );
}

#[test]
fn patterns_are_named_as_they_are_written() {
    let patterns: UserAgentPatterns = [
        (Anchor::Contains, "sqlmap"),
        (Anchor::StartsWith, "curl/"),
        (Anchor::EndsWith, "Safari/0.0"),
        (Anchor::Equals, "Mozilla/5.0"),
    ]
    .into_iter()
    .collect();
    let named: Vec<_> = (0..5).map(|index| patterns.describe(index)).collect();
    let named: Vec<_> = named.iter().map(Option::as_deref).collect();
    let written = ["sqlmap", "^curl/", "Safari/0.0$", "^Mozilla/5.0$"];
    let written = written.into_iter().map(Some).chain([None]);
    assert_eq!(named, written.collect::<Vec<_>>());
}
