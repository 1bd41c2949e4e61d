//! A rule, and what it says about itself.

use super::{Action, Exclusion, Macro, Operator, Target};
use serde::{Deserialize, Serialize};

/// A rule, or a link of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The id; a link has that of its head.
    pub id: u32,
    /// When it runs; a link has that of its head.
    pub phase: Phase,
    /// What it looks at. Empty for `SecAction`, which runs once.
    pub targets: Vec<Target>,
    /// What it does not look at, from the rule itself and from `SecRuleUpdateTarget...`.
    pub exclusions: Vec<Exclusion>,
    /// The transformations: an index into the program's lists.
    pub chain: u16,
    /// `multiMatch`: the operator sees the value after every transformation that changed it, and
    /// the untouched one.
    pub multi_match: bool,
    /// How it compares.
    pub operator: Operator,
    /// `!@...`.
    pub negated: bool,
    /// `capture`.
    pub capture: bool,
    /// `chain`: the next rule is looked at when this one has matched.
    pub chained: bool,
    /// Done at every value that matches.
    pub actions: Vec<Action>,
    /// Done when the whole chain has matched. Only heads have one that is not
    /// [`Disruption::Pass`]; `block` has been replaced by the default action of the phase.
    pub disruption: Disruption,
    /// `skipAfter` and `skip`: the step (position in the phase's list) that follows when the whole
    /// chain has matched. The length of the list ends the phase.
    pub skip_to: Option<u32>,
    /// What is reported: an index into the program's metas. Links have none.
    pub meta: Option<u32>,
}

/// When a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Phase {
    /// 1: the request's head is there.
    RequestHeaders = 1,
    /// 2: its body too.
    RequestBody = 2,
    /// 3: the response's head is there.
    ResponseHeaders = 3,
    /// 4: its body too.
    ResponseBody = 4,
    /// 5: everything is over.
    Logging = 5,
}

impl Phase {
    /// All five, in order.
    pub const ALL: [Self; 5] = [
        Self::RequestHeaders,
        Self::RequestBody,
        Self::ResponseHeaders,
        Self::ResponseBody,
        Self::Logging,
    ];

    /// The number in rules, 1 to 5.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The position in [`super::Program::phases`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize - 1
    }

    /// The phase with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::RequestHeaders),
            2 => Some(Self::RequestBody),
            3 => Some(Self::ResponseHeaders),
            4 => Some(Self::ResponseBody),
            5 => Some(Self::Logging),
            _ => None,
        }
    }
}

/// What is decided when a chain has matched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disruption {
    /// Go on.
    #[default]
    Pass,
    /// Answer with this status.
    Deny(u16),
    /// Close the connection.
    Drop,
    /// Answer with this status and a `Location`.
    Redirect(u16, Macro),
    /// Ask no further rules.
    Allow(AllowScope),
}

/// How far `allow` reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AllowScope {
    /// `allow`: all phases but the last.
    Transaction,
    /// `allow:phase`: this phase.
    Phase,
    /// `allow:request`: the phases of the request.
    Request,
}

/// What a rule reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// `msg`.
    pub msg: Macro,
    /// `logdata`.
    pub logdata: Macro,
    /// `severity`.
    pub severity: Option<Severity>,
    /// `tag`s: indexes into the program's strings.
    pub tags: Vec<u32>,
    /// `rev`: an index into the program's strings.
    pub rev: Option<u32>,
    /// `ver`: an index into the program's strings.
    pub ver: Option<u32>,
    /// `log`: a match is reported. (`nolog` is its absence.)
    pub log: bool,
    /// `auditlog`.
    pub audit_log: bool,
}

/// `severity`, by the numbers of syslog (RFC 5424, section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Severity {
    /// 0.
    Emergency,
    /// 1.
    Alert,
    /// 2.
    Critical,
    /// 3.
    Error,
    /// 4.
    Warning,
    /// 5.
    Notice,
    /// 6.
    Info,
    /// 7.
    Debug,
}

impl Severity {
    /// The number, 0 to 7.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// From a number or a name, as `severity` takes both.
    #[must_use]
    pub fn from_seclang(text: &str) -> Option<Self> {
        Some(match text.to_ascii_uppercase().as_str() {
            "0" | "EMERGENCY" => Self::Emergency,
            "1" | "ALERT" => Self::Alert,
            "2" | "CRITICAL" => Self::Critical,
            "3" | "ERROR" => Self::Error,
            "4" | "WARNING" => Self::Warning,
            "5" | "NOTICE" => Self::Notice,
            "6" | "INFO" => Self::Info,
            "7" | "DEBUG" => Self::Debug,
            _ => return None,
        })
    }
}
