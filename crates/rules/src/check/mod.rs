//! What is most likely wrong with rules that compile, and what each costs.

mod cost;
mod implies;
mod lint;

use std::fmt;
use std::path::{Path, PathBuf};

use lockgate_config::{Rule, RulesFile, Statement};

pub use cost::{Cost, estimate};
pub use lint::check;

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every request that the rule matches ends at an earlier rule.
    Shadowed,
    /// The rule's time is over.
    Expired,
    /// A set or a list that a rule names has no entries.
    Empty,
    /// A label that no rule sets, or that only a later one sets.
    Label,
    /// A regular expression that is searched for state by state, since its table would be too large.
    Costly,
    /// A set, a list or a group that no rule names.
    Unused,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule file.
    pub file: PathBuf,
    /// The rule; empty where a set is meant.
    pub rule: String,
    /// What it is.
    pub kind: Kind,
    /// What was found, for people.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        if !self.rule.is_empty() {
            write!(f, "rule `{}`: ", self.rule)?;
        }
        f.write_str(&self.text)
    }
}

/// Checks a rule file by itself. `now_s` is the clock, seconds since the Unix epoch.
///
/// # Errors
/// Every fault of the file.
pub fn check_file(file: &Path, now_s: u64) -> Result<Vec<Finding>, lockgate_config::Refused> {
    let loaded = lockgate_config::load_rules(&[file.to_owned()])?;
    let files: Vec<(&Path, &RulesFile)> = loaded
        .iter()
        .map(|(file, rules)| (file.as_path(), rules))
        .collect();
    Ok(check(&files, now_s))
}

/// Whether a rule names a set or a list without entries, so that it matches nothing, or everything, until
/// somebody fills it.
pub(crate) fn cannot_match_yet(file: &RulesFile, rule: &Rule) -> bool {
    let mut empty = |statement: &Statement| match statement {
        Statement::IpSet(name) | Statement::NotIpSet(name) => file
            .ip_sets
            .get(name)
            .is_some_and(|set| set.networks().next().is_none()),
        Statement::UserAgentList(name) => file
            .user_agent_lists
            .get(name)
            .is_some_and(|list| list.patterns().next().is_none()),
        _ => false,
    };
    rule.looks_for()
        .is_some_and(|statement| statement.any(&mut empty))
}
