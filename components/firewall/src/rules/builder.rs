//! The compile side: plain inputs in, [`CompiledFirewall`] out.

use super::USER_AGENT_LISTS_MAX;
use super::compiled::{Action, CompiledFirewall, CompiledRule, CompiledStatement};
use crate::useragent::{Covered, PatternError, UserAgentPatterns};
use crate::{Blob, IpSetBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// The status of a block that names none.
const DEFAULT_STATUS: u16 = 403;

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSpec {
    /// The name, for records and metrics.
    pub name: String,
    /// The place in the order, lower first.
    pub priority: u32,
    /// What follows a match.
    pub action: Action,
    /// What the rule asks.
    pub statement: StatementSpec,
    /// The HTTP status of a block, 400 to 599; 403 if `None`.
    pub status: Option<u16>,
}

/// What a rule asks, with sets and lists by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementSpec {
    /// The client's address is in this IP set.
    IpSet(String),
    /// The client's address is not in this IP set.
    NotIpSet(String),
    /// The User-Agent matches this list.
    UserAgentList(String),
    /// `true`: there is no User-Agent, or a blank one. `false`: there is one.
    UserAgentMissing(bool),
}

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
    /// A status outside 400 to 599, or on a rule that does not block.
    #[error("rule `{rule}`: {reason}")]
    Status {
        /// The rule.
        rule: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// More sets or lists than a firewall can have.
    #[error("a firewall can have {max} {kind}s")]
    TooMany {
        /// IP set or User-Agent list.
        kind: &'static str,
        /// The bound.
        max: usize,
    },
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
    lists: BTreeMap<String, u32>,
    names: BTreeSet<String>,
    rules: BTreeMap<u32, CompiledRule>,
    compiled: CompiledFirewall,
}

impl FirewallBuilder {
    /// An empty firewall, which matches nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
    /// [`BuildError::Status`].
    pub fn add_rule(&mut self, spec: RuleSpec) -> Result<(), BuildError> {
        let RuleSpec {
            name,
            priority,
            action,
            statement,
            status,
        } = spec;
        if self.names.contains(&name) {
            return Err(BuildError::Duplicate { kind: "rule", name });
        }
        if let Some(other) = self.rules.get(&priority) {
            return Err(BuildError::SamePriority {
                first: other.name.clone(),
                second: name,
                priority,
            });
        }
        let wrong_status = |reason| BuildError::Status {
            rule: name.clone(),
            reason,
        };
        match (action, status) {
            (Action::Block, Some(400..=599)) | (_, None) => {}
            (Action::Block, Some(_)) => {
                return Err(wrong_status("the status of a block is from 400 to 599"));
            }
            (Action::Allow | Action::Count, Some(_)) => {
                return Err(wrong_status("only a block has a status"));
            }
        }
        let statement = match statement {
            StatementSpec::IpSet(set) => {
                CompiledStatement::IpSet(look_up(&self.ip_sets, IP_SET, &name, set)?)
            }
            StatementSpec::NotIpSet(set) => {
                CompiledStatement::NotIpSet(look_up(&self.ip_sets, IP_SET, &name, set)?)
            }
            StatementSpec::UserAgentList(list) => {
                CompiledStatement::UserAgentList(look_up(&self.lists, LIST, &name, list)?)
            }
            StatementSpec::UserAgentMissing(missing) => {
                CompiledStatement::UserAgentMissing(missing)
            }
        };
        let status = status.unwrap_or(DEFAULT_STATUS);
        self.names.insert(name.clone());
        self.rules.insert(
            priority,
            CompiledRule {
                name,
                priority,
                action,
                status,
                statement,
            },
        );
        Ok(())
    }

    /// The compiled firewall, rules in ascending priority.
    #[must_use]
    pub fn build(self) -> CompiledFirewall {
        CompiledFirewall {
            rules: self.rules.into_values().collect(),
            ..self.compiled
        }
    }
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
    name: String,
) -> Result<u32, BuildError> {
    names
        .get(&name)
        .copied()
        .ok_or_else(|| BuildError::Unknown {
            rule: rule.to_owned(),
            kind,
            name,
            known: names.keys().cloned().collect(),
        })
}
