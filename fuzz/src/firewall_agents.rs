//! User-Agent lists against plain comparison. The first part of an input is a list as people write
//! it, a pattern a line; the second a User-Agent a line.

use crate::parts::{lines, parts};
use lockgate_firewall::useragent::{Anchor, Found, USER_AGENT_BYTES_MAX};
use lockgate_firewall::{UserAgentList, UserAgentPatterns};
use std::collections::BTreeMap;

const AGENTS_MAX: usize = 40;

/// A line as a pattern: `^` and `$` anchor.
fn pattern(line: &str) -> Option<(Anchor, &str)> {
    let line = line.trim();
    let (start, line) = line
        .strip_prefix('^')
        .map_or((false, line), |text| (true, text));
    let (end, line) = line
        .strip_suffix('$')
        .map_or((false, line), |text| (true, text));
    let anchor = match (start, end) {
        (false, false) => Anchor::Contains,
        (true, false) => Anchor::StartsWith,
        (false, true) => Anchor::EndsWith,
        (true, true) => Anchor::Equals,
    };
    (!line.is_empty()).then_some((anchor, line))
}

/// Compiles, loads and matches.
pub fn run(data: &[u8]) {
    let [list, agents] = parts(data);
    let list = String::from_utf8_lossy(list);
    let patterns: UserAgentPatterns = list.lines().filter_map(pattern).collect();
    let all: Vec<(Anchor, Vec<u8>)> = patterns
        .iter()
        .map(|(anchor, text)| (anchor, text.to_ascii_lowercase().into_bytes()))
        .collect();
    let compiled = match patterns.compile() {
        Ok(compiled) => compiled,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let covered: BTreeMap<u32, u32> = compiled
        .covered
        .iter()
        .map(|covered| (covered.index, covered.by))
        .collect();
    for (index, by) in &covered {
        let ((anchor, text), (of, shorter)) = (&all[*index as usize], &all[*by as usize]);
        assert!(anchor == of && !covered.contains_key(by));
        assert!(
            matches(*anchor, shorter, text),
            "{by} does not stand for {index}"
        );
    }
    let loaded = UserAgentList::load(compiled.bytes).expect("its own table");
    assert_eq!(loaded.patterns(), all.len() - covered.len());
    let check = |agent: &[u8]| {
        let folded = agent.to_ascii_lowercase();
        let wanted = (0..)
            .zip(&all)
            .filter(|(index, _)| !covered.contains_key(index))
            .find(|(_, (anchor, text))| matches(*anchor, text, &folded))
            .map_or(Found::Nothing, |(index, _)| Found::Pattern(index));
        let found = loaded.find_in(agent);
        if agent.len() > USER_AGENT_BYTES_MAX {
            assert_eq!(found, Found::Oversize);
        } else {
            assert_eq!(found, wanted, "{}", agent.escape_ascii());
        }
    };
    lines(agents).take(AGENTS_MAX).for_each(check);
    // Each pattern within noise of the input's own, in another case.
    let around = agents.get(..agents.len().min(30)).unwrap_or_default();
    for (anchor, text) in all.iter().take(AGENTS_MAX) {
        let text = text.to_ascii_uppercase();
        check(&match anchor {
            Anchor::Contains => [around, &text, around].concat(),
            Anchor::StartsWith => [&text, around].concat(),
            Anchor::EndsWith => [around, &text].concat(),
            Anchor::Equals => text,
        });
    }
}

fn matches(anchor: Anchor, text: &[u8], agent: &[u8]) -> bool {
    match anchor {
        Anchor::Contains => agent.windows(text.len()).any(|window| window == text),
        Anchor::StartsWith => agent.starts_with(text),
        Anchor::EndsWith => agent.ends_with(text),
        Anchor::Equals => agent == text,
    }
}
