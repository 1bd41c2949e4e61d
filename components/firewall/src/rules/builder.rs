//! The compile side: plain inputs in, [`CompiledFirewall`] out.

use super::compiled::{
    Action, CompiledFirewall, CompiledRate, CompiledResponse, CompiledRule, Node, RatePart,
};
use super::interner::{Interner, Tables};
use super::spec::{InputSpec, RatePartSpec, RateSpec, ResponseSpec, RuleSpec, StatementSpec};
use super::{BODY_BYTES_DEFAULT, NODE_DEPTH_MAX, USER_AGENT_LISTS_MAX};
use crate::canary::ALL_CLIENTS;
use crate::useragent::{Covered, PatternError, UserAgentPatterns};
use crate::values::{TRANSFORMATIONS_MAX, transformation};
use crate::{Blob, IpSetBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// From so many IP sets on there is a union of them.
const IP_UNION_MIN: usize = 3;

/// The status of a block that names none.
const DEFAULT_STATUS: u16 = 403;

/// Why inputs were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A set, list or rule of that name is there already.
    #[error("there are two {kind}s named `{name}`")]
    Duplicate {
        /// IP set, User-Agent list or rule.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A rule names a set or list that is not there.
    #[error("rule `{rule}` names the {kind} `{name}`, which does not exist{}", offer(.known))]
    Unknown {
        /// The rule.
        rule: String,
        /// IP set or User-Agent list.
        kind: &'static str,
        /// The name that was not found.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// A pattern of a list is wrong.
    #[error("User-Agent list `{list}`: {error}")]
    Pattern {
        /// The list.
        list: String,
        /// What is wrong.
        error: PatternError,
    },
    /// Two rules have one priority: their order would be a guess.
    #[error("rules `{first}` and `{second}` have the same priority {priority}")]
    SamePriority {
        /// The rule that came first.
        first: String,
        /// The other one.
        second: String,
        /// Their priority.
        priority: u32,
    },
    /// A part of a rule is out of its range, or has no effect.
    #[error("rule `{rule}`: {reason}")]
    Rule {
        /// The rule.
        rule: String,
        /// What is wrong.
        reason: String,
    },
    /// More sets or lists than a firewall can have.
    #[error("a firewall can have {max} {kind}s")]
    TooMany {
        /// IP set or User-Agent list.
        kind: &'static str,
        /// The bound.
        max: usize,
    },
    /// The regular expressions cannot be compiled together.
    #[error("the regular expressions: {0}")]
    Patterns(String),
}

fn offer(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!("; there are: {}", names.join(", "))
    }
}

const IP_SET: &str = "IP set";
const LIST: &str = "User-Agent list";

/// Collects sets, lists and rules and compiles them. Sets and lists come before the rules that name them.
#[derive(Debug, Clone, Default)]
pub struct FirewallBuilder {
    ip_sets: BTreeMap<String, u32>,
    ip_union: IpSetBuilder,
    lists: BTreeMap<String, u32>,
    names: BTreeSet<String>,
    rules: BTreeMap<u32, CompiledRule>,
    tables: Tables,
    responses: Interner<ResponseSpec>,
    body_bytes_max: Option<u32>,
    compiled: CompiledFirewall,
}

impl FirewallBuilder {
    /// An empty firewall, which matches nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of a body that are inspected; the largest of all calls counts.
    pub fn inspect_body_bytes(&mut self, bytes: u32) {
        self.body_bytes_max = self.body_bytes_max.max(Some(bytes));
    }

    /// Adds an IP set.
    ///
    /// # Errors
    /// [`BuildError::Duplicate`], [`BuildError::TooMany`].
    pub fn add_ip_set(&mut self, name: &str, set: IpSetBuilder) -> Result<(), BuildError> {
        let too_many = BuildError::TooMany {
            kind: IP_SET,
            max: u32::MAX as usize,
        };
        let index = new_name(&mut self.ip_sets, IP_SET, name)?;
        self.ip_union.extend(&set);
        self.compiled
            .ip_sets
            .push(Blob(set.compile().ok_or(too_many)?));
        self.ip_sets.insert(name.to_owned(), index);
        Ok(())
    }

    /// Adds a User-Agent list. Returns the patterns that were left out because others stand for them, worth
    /// a hint to whoever wrote the list.
    ///
    /// # Errors
    /// [`BuildError::Duplicate`], [`BuildError::Pattern`], [`BuildError::TooMany`].
    pub fn add_user_agent_list(
        &mut self,
        name: &str,
        patterns: &UserAgentPatterns,
    ) -> Result<Vec<Covered>, BuildError> {
        if self.lists.len() >= USER_AGENT_LISTS_MAX {
            return Err(BuildError::TooMany {
                kind: LIST,
                max: USER_AGENT_LISTS_MAX,
            });
        }
        let index = new_name(&mut self.lists, LIST, name)?;
        let list = patterns.compile().map_err(|error| BuildError::Pattern {
            list: name.to_owned(),
            error,
        })?;
        self.compiled.user_agent_lists.push(Blob(list.bytes));
        self.lists.insert(name.to_owned(), index);
        Ok(list.covered)
    }

    /// Adds a rule.
    ///
    /// # Errors
    /// [`BuildError::Duplicate`], [`BuildError::Unknown`], [`BuildError::SamePriority`],
    /// [`BuildError::Rule`].
    pub fn add_rule(&mut self, spec: RuleSpec) -> Result<(), BuildError> {
        if self.names.contains(&spec.name) {
            return Err(BuildError::Duplicate {
                kind: "rule",
                name: spec.name,
            });
        }
        if let Some(other) = self.rules.get(&spec.priority) {
            return Err(BuildError::SamePriority {
                first: other.name.clone(),
                second: spec.name,
                priority: spec.priority,
            });
        }
        if let Err(reason) = check(&spec) {
            return Err(BuildError::Rule {
                rule: spec.name,
                reason,
            });
        }
        let statement = self.node(&spec.name, &spec.statement, 0)?;
        let labels = spec.labels.into_iter();
        let labels = labels
            .map(|label| self.tables.labels.index(label))
            .collect();
        let rate = match &spec.rate {
            None => None,
            Some(rate) => Some(self.rate(&spec.name, rate)?),
        };
        self.names.insert(spec.name.clone());
        self.rules.insert(
            spec.priority,
            CompiledRule {
                name: spec.name,
                priority: spec.priority,
                action: spec.action,
                status: spec.status.unwrap_or(DEFAULT_STATUS),
                statement,
                labels,
                canary: spec.canary,
                expires_s: spec.expires_s,
                response: spec.response.map(|response| self.responses.index(response)),
                rate,
            },
        );
        Ok(())
    }

    /// The compiled firewall, rules in ascending priority.
    ///
    /// # Errors
    /// [`BuildError::Patterns`].
    pub fn build(self) -> Result<CompiledFirewall, BuildError> {
        let labels = self.tables.labels.into_list();
        let mut nodes = self.tables.nodes.into_list();
        let mut rules: Vec<CompiledRule> = self.rules.into_values().collect();
        for node in &mut nodes {
            if let Node::Labels(wanted) = node {
                expand(wanted, &labels);
            }
        }
        let rates = rules.iter_mut().filter_map(|rule| rule.rate.as_mut());
        for part in rates.flat_map(|rate| &mut rate.keys) {
            if let RatePart::Labels(wanted) = part {
                expand(wanted, &labels);
            }
        }
        let patterns = self.tables.patterns.into_list();
        let bytes = crate::patterns::compile(&patterns, &nodes).map_err(BuildError::Patterns)?;
        // Below this the union saves no look-up.
        let union = self.compiled.ip_sets.len() >= IP_UNION_MIN;
        let union = union.then(|| self.ip_union.compile()).flatten();
        let response = |spec: ResponseSpec| CompiledResponse {
            body: spec.body,
            content_type: spec.content_type,
        };
        Ok(CompiledFirewall {
            ip_union: Blob(union.unwrap_or_default()),
            rules,
            nodes,
            labels,
            inputs: self.tables.inputs.into_list(),
            responses: self
                .responses
                .into_list()
                .into_iter()
                .map(response)
                .collect(),
            pattern_count: u32::try_from(patterns.len()).unwrap_or(u32::MAX),
            patterns: Blob(bytes),
            body_bytes_max: self.body_bytes_max.unwrap_or(BODY_BYTES_DEFAULT),
            ..self.compiled
        })
    }

    /// The node of a statement.
    fn node(&mut self, rule: &str, spec: &StatementSpec, depth: u32) -> Result<u32, BuildError> {
        let refused = |reason: String| BuildError::Rule {
            rule: rule.to_owned(),
            reason,
        };
        if depth > NODE_DEPTH_MAX {
            return Err(refused(format!(
                "statements are nested more than {NODE_DEPTH_MAX} deep"
            )));
        }
        let node = match spec {
            StatementSpec::Always => Node::Always,
            StatementSpec::IpSet(set) => Node::IpSet(look_up(&self.ip_sets, IP_SET, rule, set)?),
            StatementSpec::NotIpSet(set) => {
                let set = look_up(&self.ip_sets, IP_SET, rule, set)?;
                Node::Not(self.tables.nodes.index(Node::IpSet(set)))
            }
            StatementSpec::UserAgentList(list) => {
                Node::UserAgentList(look_up(&self.lists, LIST, rule, list)?)
            }
            StatementSpec::UserAgentMissing(true) => Node::UserAgentMissing,
            StatementSpec::UserAgentMissing(false) => {
                Node::Not(self.tables.nodes.index(Node::UserAgentMissing))
            }
            StatementSpec::Geo { countries, asns } => {
                let (mut countries, mut asns) = (countries.clone(), asns.clone());
                countries.sort_unstable();
                asns.sort_unstable();
                Node::Geo { countries, asns }
            }
            StatementSpec::Label(name) => {
                Node::Labels(vec![self.tables.labels.index(name.clone())])
            }
            StatementSpec::Bytes {
                input,
                position,
                texts,
            } => Node::Bytes {
                position: *position,
                texts: texts.clone(),
                oversize: input.oversize,
                input: self.input(rule, input)?,
            },
            StatementSpec::Regex { input, patterns } => {
                for pattern in patterns {
                    crate::patterns::check_regex(pattern).map_err(refused)?;
                }
                let patterns = patterns.iter().cloned();
                let mut patterns: Vec<u32> = patterns
                    .map(|pattern| self.tables.patterns.index(pattern))
                    .collect();
                patterns.sort_unstable();
                Node::Regex {
                    patterns,
                    oversize: input.oversize,
                    input: self.input(rule, input)?,
                }
            }
            StatementSpec::Size {
                input,
                comparison,
                bytes,
            } => Node::Size {
                comparison: *comparison,
                bytes: *bytes,
                oversize: input.oversize,
                input: self.input(rule, input)?,
            },
            StatementSpec::Sqli(input) => Node::Sqli {
                oversize: input.oversize,
                input: self.input(rule, input)?,
            },
            StatementSpec::Xss(input) => Node::Xss {
                oversize: input.oversize,
                input: self.input(rule, input)?,
            },
            StatementSpec::And(parts) => Node::And(self.nodes(rule, parts, depth)?),
            StatementSpec::Or(parts) => Node::Or(self.nodes(rule, parts, depth)?),
            StatementSpec::Not(part) => Node::Not(self.node(rule, part, depth + 1)?),
        };
        Ok(self.tables.nodes.index(node))
    }

    fn nodes(
        &mut self,
        rule: &str,
        parts: &[StatementSpec],
        depth: u32,
    ) -> Result<Vec<u32>, BuildError> {
        parts
            .iter()
            .map(|part| self.node(rule, part, depth + 1))
            .collect()
    }

    fn input(&mut self, rule: &str, spec: &InputSpec) -> Result<u32, BuildError> {
        let refused = |reason| BuildError::Rule {
            rule: rule.to_owned(),
            reason,
        };
        if spec.transformations.len() > TRANSFORMATIONS_MAX {
            return Err(refused(format!(
                "more than {TRANSFORMATIONS_MAX} transformations"
            )));
        }
        let mut names = spec.transformations.iter();
        if let Some(unknown) = names.find(|name| transformation(name).is_none()) {
            return Err(refused(format!("there is no transformation `{unknown}`")));
        }
        Ok(self.tables.input(spec))
    }

    fn rate(&mut self, rule: &str, spec: &RateSpec) -> Result<CompiledRate, BuildError> {
        let mut keys = Vec::with_capacity(spec.keys.len());
        for part in &spec.keys {
            keys.push(match part {
                RatePartSpec::ClientIp => RatePart::ClientIp,
                RatePartSpec::ForwardedIp => RatePart::ForwardedIp,
                RatePartSpec::Input(input) => RatePart::Input(self.input(rule, input)?),
                RatePartSpec::Label(name) => {
                    RatePart::Labels(vec![self.tables.labels.index(name.clone())])
                }
            });
        }
        Ok(CompiledRate {
            limit: spec.limit,
            window_s: spec.window_s,
            keys,
        })
    }
}

/// Replaces a label that ends with `:` by every label below it.
fn expand(wanted: &mut Vec<u32>, labels: &[String]) {
    let name = |index: u32| labels.get(index as usize).map(String::as_str);
    let prefix = wanted.first().and_then(|index| name(*index));
    if let Some(prefix) = prefix.filter(|name| name.ends_with(':')) {
        let below = |label: &str| label.len() > prefix.len() && label.starts_with(prefix);
        let known = (0..).zip(labels);
        *wanted = known
            .filter(|(_, label)| below(label))
            .map(|(index, _)| index)
            .collect();
    }
}

/// Ranges, and what has no effect.
fn check(spec: &RuleSpec) -> Result<(), String> {
    match (spec.action, spec.status) {
        (Action::Block, Some(400..=599)) | (_, None) => {}
        (Action::Block, Some(_)) => {
            return Err("the status of a block is from 400 to 599".to_owned());
        }
        _ => return Err("only a block has a status".to_owned()),
    }
    if spec.response.is_some() && spec.action != Action::Block {
        return Err("only a block has a response".to_owned());
    }
    if spec.action == Action::Label && spec.labels.is_empty() {
        return Err("the action is to label, and there is no label".to_owned());
    }
    if spec.canary > ALL_CLIENTS {
        return Err("a share is at most 10000 ten-thousandths".to_owned());
    }
    if spec
        .labels
        .iter()
        .any(|label| label.is_empty() || label.ends_with(':'))
    {
        return Err("a label is not empty and does not end with `:`".to_owned());
    }
    if let Some(rate) = &spec.rate
        && (rate.limit == 0 || !(1..=3600).contains(&rate.window_s) || rate.keys.is_empty())
    {
        return Err("a rate has a limit from 1, a window from 1 to 3600 s, and a key".to_owned());
    }
    Ok(())
}

/// The index that a new name gets.
fn new_name(
    names: &mut BTreeMap<String, u32>,
    kind: &'static str,
    name: &str,
) -> Result<u32, BuildError> {
    if names.contains_key(name) {
        return Err(BuildError::Duplicate {
            kind,
            name: name.to_owned(),
        });
    }
    u32::try_from(names.len()).map_err(|_| BuildError::TooMany {
        kind,
        max: u32::MAX as usize,
    })
}

fn look_up(
    names: &BTreeMap<String, u32>,
    kind: &'static str,
    rule: &str,
    name: &str,
) -> Result<u32, BuildError> {
    names.get(name).copied().ok_or_else(|| BuildError::Unknown {
        rule: rule.to_owned(),
        kind,
        name: name.to_owned(),
        known: names.keys().cloned().collect(),
    })
}
