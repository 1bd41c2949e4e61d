//! Which patterns are scanned together.
use lockgate_patterns::{GroupId, PatternId, PatternSetBuilder};
use lockgate_waf::program::{Operator, Phase, Rule, Target};
use std::collections::BTreeMap;

/// What rules must have in common for their patterns to share a set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shared {
    phase: Phase,
    chain: u16,
    multi_match: bool,
    targets: Vec<Target>,
    paranoia: Option<u8>,
}

/// Puts the patterns of heads that read the same targets in the same phase through the same
/// transformations into sets. Paranoia levels have sets of their own: a level that is switched
/// off costs nothing.
pub(crate) fn share(rules: &mut [Rule], paranoia: &[Option<u8>], patterns: &mut PatternSetBuilder) {
    let mut sets: Vec<(Shared, Vec<usize>)> = Vec::new();
    let mut link = false;
    for (index, rule) in rules.iter().enumerate() {
        let head = !std::mem::replace(&mut link, rule.chained);
        if !head || !scanned(rule) {
            continue;
        }
        let mut targets = rule.targets.clone();
        targets.sort_by_key(|target| format!("{target:?}"));
        let key = Shared {
            phase: rule.phase,
            chain: rule.chain,
            multi_match: rule.multi_match,
            targets,
            paranoia: paranoia.get(index).copied().flatten(),
        };
        match sets.iter_mut().find(|(shared, _)| *shared == key) {
            Some((_, members)) => members.push(index),
            None => sets.push((key, vec![index])),
        }
    }
    for (shared, members) in &sets {
        join(rules, members, group(shared.phase), patterns);
    }
}

/// Requests and responses have filters of their own.
fn group(phase: Phase) -> GroupId {
    GroupId(u8::from(phase > Phase::RequestBody))
}

/// Whether the filter helps a rule: it asks for a match, and of values that stay as they are.
fn scanned(rule: &Rule) -> bool {
    matches!(rule.operator, Operator::Pattern { .. })
        && !rule.negated
        && !rule.targets.iter().any(Target::changes)
}

fn join(rules: &mut [Rule], members: &[usize], group: GroupId, patterns: &mut PatternSetBuilder) {
    let mut ids: BTreeMap<u32, PatternId> = BTreeMap::new();
    for index in members {
        if let Some(Operator::Pattern { pattern, .. }) = rules.get(*index).map(|r| &r.operator) {
            ids.insert(*pattern, PatternId(*pattern));
        }
    }
    let ids: Vec<PatternId> = ids.into_values().collect();
    let Ok(number) = u16::try_from(patterns.add_set_in(group, &ids).0) else {
        return;
    };
    for index in members {
        if let Some(Rule {
            operator: Operator::Pattern { set, .. },
            ..
        }) = rules.get_mut(*index)
        {
            *set = Some(number);
        }
    }
}
