//! The compiled form: what a bundle carries.
//!
//! Enums are encoded by position (postcard): new variants go to the end.

use crate::Blob;
use serde::{Deserialize, Serialize};

/// A compiled firewall: rules in ascending priority, and the tables that they name by index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledFirewall {
    /// The rules, in the order in which they are tried.
    pub rules: Vec<CompiledRule>,
    /// Tables for [`crate::IpSet::load`].
    pub ip_sets: Vec<Blob>,
    /// Tables for [`crate::UserAgentList::load`].
    pub user_agent_lists: Vec<Blob>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledRule {
    /// The name, for records and metrics.
    pub name: String,
    /// The place in the order, lower first; no two are the same.
    pub priority: u32,
    /// What follows a match.
    pub action: Action,
    /// The HTTP status of the answer when the action is [`Action::Block`].
    pub status: u16,
    /// What the rule asks.
    pub statement: CompiledStatement,
}

/// What a rule asks of a request. Numbers are indexes into the tables of [`CompiledFirewall`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompiledStatement {
    /// The client's address is in this IP set.
    IpSet(u32),
    /// The client's address is not in this IP set.
    NotIpSet(u32),
    /// The User-Agent matches this list.
    UserAgentList(u32),
    /// `true`: there is no User-Agent, or a blank one. `false`: there is one.
    UserAgentMissing(bool),
}

/// What follows when a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The request is refused; no later rule is tried.
    Block,
    /// The request passes; no later rule is tried.
    Allow,
    /// The match is recorded and the next rule is tried.
    Count,
}
