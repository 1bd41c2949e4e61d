//! The evaluate side: load once, then one pass over the rules for each request.

use super::USER_AGENT_LISTS_MAX;
use super::compiled::{Action, CompiledFirewall, CompiledRule, CompiledStatement};
use crate::useragent::Found;
use crate::{FoldedUserAgent, IpSet, TableError, UserAgentList};
use std::net::IpAddr;

/// What the firewall looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The client's address, as the trusted proxies tell it. IPv4-mapped IPv6 counts as IPv4.
    pub client_ip: IpAddr,
    /// The value of the User-Agent field; `None` without one. Of several fields the caller hands over the
    /// values joined by `, ` (RFC 9110 section 5.3), so that none can hide behind another.
    pub user_agent: Option<&'a [u8]>,
}

/// What the rules say of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The `block` or `allow` that ended the evaluation; `None` when no rule did.
    pub terminal: Option<Terminal>,
    /// The `count` rules that matched on the way, in order. Does not allocate while it is empty.
    pub counted: Vec<Counted>,
}

/// The rule that ended the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Index of the rule, for [`Firewall::rule`].
    pub rule: u32,
    /// [`Action::Block`] or [`Action::Allow`].
    pub action: Action,
    /// The HTTP status to answer with when it is a block.
    pub status: u16,
    /// Why it matched.
    pub cause: Cause,
}

/// A `count` rule that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Index of the rule, for [`Firewall::rule`].
    pub rule: u32,
    /// Why it matched.
    pub cause: Cause,
}

/// Why a rule matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The client's address is, or is not, in the set.
    Address,
    /// This pattern of the list matched: the lowest index of those that do.
    Pattern(u32),
    /// The User-Agent is longer than [`crate::useragent::USER_AGENT_BYTES_MAX`] bytes.
    Oversize,
    /// The User-Agent is missing, or is not.
    Presence,
}

impl Cause {
    /// The pattern's index, if a pattern is the cause.
    #[must_use]
    pub fn pattern(self) -> Option<u32> {
        match self {
            Self::Pattern(index) => Some(index),
            Self::Address | Self::Oversize | Self::Presence => None,
        }
    }
}

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
    /// A rule names a set or list that is not there.
    #[error("rule {0} names a set or list that is not there")]
    Reference(usize),
    /// Rules out of order.
    #[error("rule {0} does not have a higher priority number than the rule before it")]
    Order(usize),
    /// A status that is none.
    #[error("rule {0} has a status outside 400 to 599")]
    Status(usize),
}

/// A loaded firewall.
#[derive(Debug, Clone)]
pub struct Firewall {
    rules: Vec<CompiledRule>,
    ip_sets: Vec<IpSet>,
    lists: Vec<UserAgentList>,
}

impl Firewall {
    /// Takes over a compiled firewall and checks it once, in linear time, building nothing.
    ///
    /// # Errors
    /// [`LoadError`] for anything that [`super::FirewallBuilder`] could not have written.
    pub fn load(compiled: CompiledFirewall) -> Result<Self, LoadError> {
        let CompiledFirewall {
            rules,
            ip_sets,
            user_agent_lists,
        } = compiled;
        if user_agent_lists.len() > USER_AGENT_LISTS_MAX {
            return Err(LoadError::TooManyLists(user_agent_lists.len()));
        }
        let failed = |kind, index| move |error| LoadError::Table { kind, index, error };
        let ip_sets = ip_sets.into_iter().enumerate();
        let lists = user_agent_lists.into_iter().enumerate();
        let firewall = Self {
            rules,
            ip_sets: ip_sets
                .map(|(index, set)| IpSet::load(set.0).map_err(failed("IP set", index)))
                .collect::<Result<_, _>>()?,
            lists: lists
                .map(|(index, list)| {
                    UserAgentList::load(list.0).map_err(failed("User-Agent list", index))
                })
                .collect::<Result<_, _>>()?,
        };
        firewall.check_rules()?;
        Ok(firewall)
    }

    fn check_rules(&self) -> Result<(), LoadError> {
        let mut before = None;
        for (index, rule) in self.rules.iter().enumerate() {
            if before.is_some_and(|before| before >= rule.priority) {
                return Err(LoadError::Order(index));
            }
            before = Some(rule.priority);
            if !(400..=599).contains(&rule.status) {
                return Err(LoadError::Status(index));
            }
            let there = match rule.statement {
                CompiledStatement::IpSet(set) | CompiledStatement::NotIpSet(set) => {
                    (set as usize) < self.ip_sets.len()
                }
                CompiledStatement::UserAgentList(list) => (list as usize) < self.lists.len(),
                CompiledStatement::UserAgentMissing(_) => true,
            };
            if !there {
                return Err(LoadError::Reference(index));
            }
        }
        Ok(())
    }

    /// Tries the rules in ascending priority. Each User-Agent list is scanned at most once.
    ///
    /// An oversize User-Agent is not looked at: a list then counts as matched in a rule that blocks or
    /// counts, and as not matched in one that allows. Padding cannot slip past a block, nor into an
    /// allowance (oversize handling `MATCH` and `NO_MATCH` of AWS WAF).
    #[must_use]
    pub fn evaluate(&self, request: &Request<'_>) -> Outcome {
        let mut agent = Agent::new(request.user_agent);
        let mut outcome = Outcome::default();
        for (index, rule) in (0..).zip(&self.rules) {
            let Some(cause) = self.matches(rule, request, &mut agent) else {
                continue;
            };
            if rule.action == Action::Count {
                outcome.counted.push(Counted { rule: index, cause });
            } else {
                let (action, status) = (rule.action, rule.status);
                outcome.terminal = Some(Terminal {
                    rule: index,
                    action,
                    status,
                    cause,
                });
                break;
            }
        }
        outcome
    }

    /// One rule, by the index that an [`Outcome`] gives.
    #[must_use]
    pub fn rule(&self, index: u32) -> Option<&CompiledRule> {
        self.rules.get(index as usize)
    }

    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    fn matches(
        &self,
        rule: &CompiledRule,
        request: &Request<'_>,
        agent: &mut Agent<'_>,
    ) -> Option<Cause> {
        let in_set = |set: u32| {
            self.ip_sets
                .get(set as usize)
                .is_some_and(|set| set.contains(request.client_ip))
        };
        match rule.statement {
            CompiledStatement::IpSet(set) => in_set(set).then_some(Cause::Address),
            CompiledStatement::NotIpSet(set) => (!in_set(set)).then_some(Cause::Address),
            CompiledStatement::UserAgentList(index) => {
                match agent.find(index as usize, self.lists.get(index as usize)?) {
                    Found::Nothing => None,
                    Found::Pattern(pattern) => Some(Cause::Pattern(pattern)),
                    Found::Oversize => (rule.action != Action::Allow).then_some(Cause::Oversize),
                }
            }
            CompiledStatement::UserAgentMissing(missing) => {
                (agent.is_missing() == missing).then_some(Cause::Presence)
            }
        }
    }
}

/// The User-Agent of one request: folded when the first list asks, each list's answer kept.
struct Agent<'a> {
    raw: &'a [u8],
    folded: Option<FoldedUserAgent>,
    answers: [Option<Found>; USER_AGENT_LISTS_MAX],
}

impl<'a> Agent<'a> {
    fn new(raw: Option<&'a [u8]>) -> Self {
        let raw = raw.unwrap_or_default().trim_ascii();
        Self {
            raw,
            folded: None,
            answers: [None; USER_AGENT_LISTS_MAX],
        }
    }

    fn is_missing(&self) -> bool {
        self.raw.is_empty()
    }

    fn find(&mut self, index: usize, list: &UserAgentList) -> Found {
        if self.is_missing() {
            return Found::Nothing;
        }
        if let Some(Some(found)) = self.answers.get(index) {
            return *found;
        }
        let folded = self
            .folded
            .get_or_insert_with(|| FoldedUserAgent::new(self.raw));
        let found = list.find(folded);
        if let Some(answer) = self.answers.get_mut(index) {
            *answer = Some(found);
        }
        found
    }
}
