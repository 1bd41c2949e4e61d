//! Rules that look into the same input for texts or expressions: one look leaves those that may match.

use std::collections::BTreeMap;

use super::NO_GROUP;
use super::guard::input;
use crate::Field;
use crate::rules::compiled::{CompiledRule, Node, Position};
use crate::values::Steps;

/// Most groups: one bit of a word each. Rules of further ones are looked at one by one.
const GROUPS_MAX: usize = 64;
/// A look for fewer rules than this saves nothing.
const RULES_MIN: usize = 2;

/// Rules that look into one input.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Group {
    /// The input.
    pub(in crate::rules) input: u32,
    /// The input is made of the User-Agent.
    pub(in crate::rules) of_user_agent: bool,
    /// What is looked for.
    pub(in crate::rules) looks: Looks,
    /// Each rule, and its statement that looks into the input.
    pub(in crate::rules) rules: Vec<(u32, u32)>,
}

/// What is looked for in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rules) enum Looks {
    Texts,
    Expressions,
}

/// The groups of the rules, and by rule its group.
pub(super) fn groups(
    rules: &[CompiledRule],
    nodes: &[Node],
    steps: &Steps,
) -> (Vec<Group>, Vec<u8>) {
    let mut all: BTreeMap<(u32, Looks), Group> = BTreeMap::new();
    for (index, rule) in (0..).zip(rules) {
        let Some((node, into, looks)) = looks(rule.statement, nodes, steps) else {
            continue;
        };
        let group = all.entry((into, looks)).or_insert_with(|| Group {
            input: into,
            of_user_agent: matches!(
                steps.root(into),
                Some(Field::Header(name)) if name == "user-agent"
            ),
            looks,
            rules: Vec::new(),
        });
        group.rules.push((index, node));
    }
    let mut groups: Vec<Group> = all.into_values().collect();
    groups.retain(|group| group.rules.len() >= RULES_MIN);
    groups.truncate(GROUPS_MAX);
    let mut group_of = vec![NO_GROUP; rules.len()];
    for (number, group) in (0..).zip(&groups) {
        for (rule, _) in &group.rules {
            if let Some(slot) = group_of.get_mut(*rule as usize) {
                *slot = number;
            }
        }
    }
    (groups, group_of)
}

/// The statement that is looked at first where a rule is evaluated, without which it does not match; its
/// input, which is not of the body; and what it looks for.
fn looks(statement: u32, nodes: &[Node], steps: &Steps) -> Option<(u32, u32, Looks)> {
    let (index, node) = match nodes.get(statement as usize)? {
        Node::And(parts) => {
            let first = *parts.first()?;
            (first, nodes.get(first as usize)?)
        }
        node => (statement, node),
    };
    let looks = match node {
        Node::Bytes {
            position: Position::Contains | Position::ContainsWord,
            ..
        } => Looks::Texts,
        Node::Regex { .. } => Looks::Expressions,
        _ => return None,
    };
    let into = input(node)?;
    (!steps.root(into)?.in_body()).then_some((index, into, looks))
}
