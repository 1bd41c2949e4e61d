//! The checks.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_config::{Rule, RuleAction, RulesFile, Statement};
use lockgate_patterns::{Options, PatternSetBuilder};

use super::implies::{Asked, implies};
use super::{Finding, Kind};

/// Characters of an expression that a finding shows.
const SHOWN_MAX: usize = 80;

/// One rule with its file.
#[derive(Clone, Copy)]
struct Placed<'a> {
    path: &'a Path,
    file: &'a RulesFile,
    rule: &'a Rule,
}

impl Placed<'_> {
    fn finding(self, kind: Kind, text: String) -> Finding {
        Finding {
            file: self.path.to_owned(),
            rule: self.rule.name.clone(),
            kind,
            text,
        }
    }

    /// Whether a match always ends the firewall, whoever the client is.
    fn ends(self) -> bool {
        let group = self
            .rule
            .group
            .as_ref()
            .and_then(|name| self.file.groups.get(name));
        let counts =
            group.is_some_and(|group| group.count || group.count_rules.contains(&self.rule.name));
        let terminal = matches!(self.rule.action, RuleAction::Block | RuleAction::Allow);
        terminal && !counts && self.rule.canary.is_none() && self.rule.expires.is_none()
    }
}

/// Checks rule files that one site has together. `now_s` is the clock, seconds since the Unix epoch.
#[must_use]
pub fn check(files: &[(&Path, &RulesFile)], now_s: u64) -> Vec<Finding> {
    let rules = files.iter().flat_map(|(path, file)| {
        file.rules
            .iter()
            .map(move |rule| Placed { path, file, rule })
    });
    let mut rules: Vec<Placed<'_>> = rules.collect();
    rules.sort_by_key(|placed| placed.rule.priority);
    let mut findings = Vec::new();
    let mut labels = BTreeSet::new();
    for (number, placed) in rules.iter().enumerate() {
        let earlier = rules.get(..number).unwrap_or_default();
        shadowed(*placed, earlier, &mut findings);
        expired(*placed, now_s, &mut findings);
        empty(*placed, &mut findings);
        asked_labels(*placed, &labels, &mut findings);
        costly(*placed, &mut findings);
        labels.extend(placed.rule.labels.iter().map(|label| label.as_str()));
    }
    for (path, file) in files {
        unused(path, file, &mut findings);
    }
    findings
}

fn shadowed(placed: Placed<'_>, earlier: &[Placed<'_>], findings: &mut Vec<Finding>) {
    let Some(statement) = placed.rule.looks_for() else {
        return;
    };
    let narrow = Asked {
        file: placed.file,
        statement,
    };
    // Labels change on the way, so that the same words need not mean the same.
    let asks_label =
        |statement: &Statement| statement.any(&mut |part| matches!(part, Statement::LabelMatch(_)));
    for other in earlier.iter().filter(|other| other.ends()) {
        let Some(wide) = other.rule.looks_for().filter(|wide| !asks_label(wide)) else {
            continue;
        };
        if super::cannot_match_yet(placed.file, placed.rule) {
            continue;
        }
        if implies(
            narrow,
            Asked {
                file: other.file,
                statement: wide,
            },
        ) {
            let name = &other.rule.name;
            let text = format!("never reached: what it matches ends at `{name}` before");
            findings.push(placed.finding(Kind::Shadowed, text));
            return;
        }
    }
}

fn expired(placed: Placed<'_>, now_s: u64, findings: &mut Vec<Finding>) {
    if let Some(end) = placed
        .rule
        .expires
        .as_ref()
        .filter(|end| end.unix_s() <= now_s)
    {
        let text = format!("expired on {end}: it matches nothing any more");
        findings.push(placed.finding(Kind::Expired, text));
    }
}

fn empty(placed: Placed<'_>, findings: &mut Vec<Finding>) {
    if super::cannot_match_yet(placed.file, placed.rule) {
        let text = "names a set or a list without entries".to_owned();
        findings.push(placed.finding(Kind::Empty, text));
    }
}

fn asked_labels(placed: Placed<'_>, set: &BTreeSet<&str>, findings: &mut Vec<Finding>) {
    let Some(statement) = placed.rule.looks_for() else {
        return;
    };
    let mut missing = Vec::new();
    statement.any(&mut |part| {
        if let Statement::LabelMatch(label) = part {
            let label = label.as_str();
            let known = set
                .iter()
                .any(|known| *known == label || (label.ends_with(':') && known.starts_with(label)));
            if !known {
                missing.push(label.to_owned());
            }
        }
        false
    });
    for label in missing {
        let text = format!("asks for the label `{label}`, which no earlier rule sets");
        findings.push(placed.finding(Kind::Label, text));
    }
}

/// Every expression is searched for in linear time; one whose table would be too large costs more a byte.
fn costly(placed: Placed<'_>, findings: &mut Vec<Finding>) {
    let Some(statement) = placed.rule.looks_for() else {
        return;
    };
    let mut patterns = Vec::new();
    statement.any(&mut |part| {
        match part {
            Statement::RegexMatch(regex) => patterns.push(regex.pattern.as_str().to_owned()),
            Statement::RegexSet(regex) => {
                let set = placed.file.regex_sets.get(&regex.set);
                let texts = set.into_iter().flat_map(|set| &set.patterns);
                patterns.extend(texts.map(|text| text.as_str().to_owned()));
            }
            _ => {}
        }
        false
    });
    for pattern in patterns {
        let mut builder = PatternSetBuilder::new();
        let Ok(id) = builder.add_regex(&pattern, Options::default()) else {
            continue;
        };
        builder.add_set(&[id]);
        let Ok((_, stats)) = builder.build_with_stats() else {
            continue;
        };
        for stats in stats.patterns.iter().filter(|stats| stats.lazy) {
            let text = format!(
                "the expression `{}` has {} instructions and no table of states: it costs more a byte \
                 the more of them are at work at once",
                shown(&pattern),
                stats.instructions
            );
            findings.push(placed.finding(Kind::Costly, text));
        }
    }
}

/// An expression on one line, its end left out where it is long.
fn shown(pattern: &str) -> String {
    let line = pattern.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn unused(path: &Path, file: &RulesFile, findings: &mut Vec<Finding>) {
    let mut named: BTreeSet<(&str, String)> = BTreeSet::new();
    for rule in &file.rules {
        named.extend(rule.group.iter().map(|group| ("groups", group.clone())));
        let mut look = |statement: &Statement| {
            match statement {
                Statement::IpSet(name) | Statement::NotIpSet(name) => {
                    named.insert(("ip_sets", name.clone()));
                }
                Statement::UserAgentList(name) => {
                    named.insert(("user_agent_lists", name.clone()));
                }
                Statement::RegexSet(regex) => {
                    named.insert(("regex_sets", regex.set.clone()));
                }
                _ => {}
            }
            false
        };
        if let Some(statement) = rule.looks_for() {
            statement.any(&mut look);
        }
    }
    let there = [
        ("ip_sets", file.ip_sets.keys().collect::<Vec<_>>()),
        ("user_agent_lists", file.user_agent_lists.keys().collect()),
        ("regex_sets", file.regex_sets.keys().collect()),
        ("groups", file.groups.keys().collect()),
    ];
    for (table, names) in there {
        for name in names {
            if !named.contains(&(table, name.clone())) {
                let text = format!("no rule names {table}.{name}");
                findings.push(Finding {
                    file: path.to_owned(),
                    rule: String::new(),
                    kind: Kind::Unused,
                    text,
                });
            }
        }
    }
}
