//! Loading: a compiled firewall is checked once, in linear time, and nothing is built but its screens.

use super::agents::Agents;
use super::compiled::{CompiledFirewall, CompiledRule, Node, RatePart};
use super::screen::{Screen, screens};
use super::workspace::Workspace;
use super::{Firewall, NODE_DEPTH_MAX, USER_AGENT_LISTS_MAX};
use crate::canary::ALL_CLIENTS;
use crate::patterns::PatternTable;
use crate::values::Steps;
use crate::{IpSet, TableError, UserAgentList};

/// Why a compiled firewall was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A table is damaged, or of another version.
    #[error("{kind} {index}: {error}")]
    Table {
        /// IP set or User-Agent list.
        kind: &'static str,
        /// Which one.
        index: usize,
        /// What is wrong.
        error: TableError,
    },
    /// More lists than [`USER_AGENT_LISTS_MAX`].
    #[error("{0} User-Agent lists; {USER_AGENT_LISTS_MAX} are allowed")]
    TooManyLists(usize),
    /// A rule names something that is not there.
    #[error("rule {0} names something that is not there")]
    Reference(usize),
    /// A statement names something that is not there, or that does not stand before it.
    #[error("statement {0} names something that is not there")]
    Node(usize),
    /// Statements in statements beyond [`NODE_DEPTH_MAX`].
    #[error("statement {0} is nested too deeply")]
    Depth(usize),
    /// An input is made of nothing that stands before it, or by an unknown transformation.
    #[error("input {0} is made of nothing that is there")]
    Input(usize),
    /// Rules out of order.
    #[error("rule {0} does not have a higher priority number than the rule before it")]
    Order(usize),
    /// A number of a rule is out of its range.
    #[error("rule {0} has a status outside 400 to 599")]
    Status(usize),
    /// A share, a window or a limit is out of its range.
    #[error("rule {0} has a number that is out of its range")]
    Range(usize),
    /// The regular expressions are damaged, or of another version.
    #[error("the regular expressions: {0}")]
    Patterns(String),
}

impl Firewall {
    /// Takes over a compiled firewall and checks it once, in linear time, building nothing but screens.
    ///
    /// # Errors
    /// [`LoadError`] for anything that [`super::FirewallBuilder`] could not have written.
    pub fn load(compiled: CompiledFirewall) -> Result<Self, LoadError> {
        let lists = compiled.user_agent_lists.len();
        if lists > USER_AGENT_LISTS_MAX {
            return Err(LoadError::TooManyLists(lists));
        }
        check_nodes(&compiled)?;
        check_rules(&compiled)?;
        let failed = |kind, index| move |error| LoadError::Table { kind, index, error };
        let ip_sets = compiled.ip_sets.into_iter().enumerate();
        let lists = compiled.user_agent_lists.into_iter().enumerate();
        let inputs = compiled.inputs.len();
        let patterns = PatternTable::load(
            &compiled.patterns.0,
            compiled.pattern_count,
            &compiled.nodes,
        );
        let steps = Steps::load(compiled.inputs).map_err(LoadError::Input)?;
        Ok(Self {
            ip_sets: ip_sets
                .map(|(index, set)| IpSet::load(set.0).map_err(failed("IP set", index)))
                .collect::<Result<_, _>>()?,
            lists: lists
                .map(|(index, list)| {
                    UserAgentList::load(list.0).map_err(failed("User-Agent list", index))
                })
                .collect::<Result<_, _>>()?,
            ip_union: match compiled.ip_union.0 {
                none if none.is_empty() => None,
                all => Some(IpSet::load(all).map_err(failed("union of IP sets", 0))?),
            },
            reads_fields: inputs > 0 || counts_forwarded(&compiled.rules),
            screen: Screen::new(&compiled.rules, &compiled.nodes, &steps),
            steps,
            patterns: patterns.map_err(LoadError::Patterns)?,
            rules: compiled.rules,
            reads_labels: reads_labels(&compiled.nodes),
            screens: screens(&compiled.nodes, inputs),
            nodes: compiled.nodes,
            labels: compiled.labels,
            responses: compiled.responses,
            body_bytes_max: compiled.body_bytes_max,
            agents: Agents::default(),
            workspace: Workspace::default(),
        })
    }
}

/// Whether a rule counts by an address in a header field.
fn counts_forwarded(rules: &[CompiledRule]) -> bool {
    let mut parts = rules.iter().filter_map(|rule| rule.rate.as_ref());
    parts.any(|rate| rate.keys.contains(&RatePart::ForwardedIp))
}

/// Every node names what is there, parts stand before wholes, and no walk goes deeper than the bound.
fn check_nodes(compiled: &CompiledFirewall) -> Result<(), LoadError> {
    let below = |index: u32, length: usize| (index as usize) < length;
    let mut depths: Vec<u32> = Vec::with_capacity(compiled.nodes.len());
    for (index, node) in compiled.nodes.iter().enumerate() {
        let there = match node {
            Node::Always | Node::UserAgentMissing | Node::Geo { .. } => true,
            Node::IpSet(set) => below(*set, compiled.ip_sets.len()),
            Node::UserAgentList(list) => below(*list, compiled.user_agent_lists.len()),
            Node::Labels(labels) => labels
                .iter()
                .all(|label| below(*label, compiled.labels.len())),
            Node::Bytes { input, .. }
            | Node::Size { input, .. }
            | Node::Sqli { input, .. }
            | Node::Xss { input, .. } => below(*input, compiled.inputs.len()),
            Node::Regex {
                input, patterns, ..
            } => {
                below(*input, compiled.inputs.len())
                    && patterns.is_sorted()
                    && patterns
                        .iter()
                        .all(|pattern| *pattern < compiled.pattern_count)
            }
            Node::And(parts) | Node::Or(parts) => parts.iter().all(|part| below(*part, index)),
            Node::Not(part) => below(*part, index),
        };
        if !there {
            return Err(LoadError::Node(index));
        }
        let of = |part: &u32| depths.get(*part as usize).copied().unwrap_or(0);
        let depth = match node {
            Node::And(parts) | Node::Or(parts) => parts.iter().map(of).max().unwrap_or(0) + 1,
            Node::Not(part) => of(part) + 1,
            _ => 0,
        };
        if depth > NODE_DEPTH_MAX {
            return Err(LoadError::Depth(index));
        }
        depths.push(depth);
    }
    Ok(())
}

/// Which nodes ask for labels, themselves or in a part.
fn reads_labels(nodes: &[Node]) -> Vec<bool> {
    let mut reads: Vec<bool> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let part = |part: &u32| reads.get(*part as usize).copied().unwrap_or(false);
        let found = match node {
            Node::Labels(_) => true,
            Node::And(parts) | Node::Or(parts) => parts.iter().any(part),
            Node::Not(inner) => part(inner),
            _ => false,
        };
        reads.push(found);
    }
    reads
}

fn check_rules(compiled: &CompiledFirewall) -> Result<(), LoadError> {
    let mut before = None;
    for (index, rule) in compiled.rules.iter().enumerate() {
        if before.is_some_and(|before| before >= rule.priority) {
            return Err(LoadError::Order(index));
        }
        before = Some(rule.priority);
        if !(400..=599).contains(&rule.status) {
            return Err(LoadError::Status(index));
        }
        let rate = rule.rate.as_ref();
        if rule.canary > ALL_CLIENTS
            || rate.is_some_and(|rate| rate.limit == 0 || !(1..=3600).contains(&rate.window_s))
        {
            return Err(LoadError::Range(index));
        }
        if !names_what_is_there(rule, compiled) {
            return Err(LoadError::Reference(index));
        }
    }
    Ok(())
}

fn names_what_is_there(rule: &CompiledRule, compiled: &CompiledFirewall) -> bool {
    let below = |index: u32, length: usize| (index as usize) < length;
    let label = |label: &u32| below(*label, compiled.labels.len());
    let part = |part: &RatePart| match part {
        RatePart::ClientIp | RatePart::ForwardedIp => true,
        RatePart::Input(input) => below(*input, compiled.inputs.len()),
        RatePart::Labels(labels) => labels.iter().all(label),
    };
    below(rule.statement, compiled.nodes.len())
        && rule.labels.iter().all(label)
        && rule
            .response
            .is_none_or(|response| below(response, compiled.responses.len()))
        && rule
            .rate
            .as_ref()
            .is_none_or(|rate| rate.keys.iter().all(part))
}
