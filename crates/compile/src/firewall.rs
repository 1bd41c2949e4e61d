//! Firewalls: the rule files of a site become one; sites with the same files share it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockgate_bundle::NumberedFirewall;
use lockgate_config::Loaded;
use lockgate_config::types::{PatternKind, Rule, RuleAction, RulesFile, Site, Statement};
use lockgate_firewall::useragent::Anchor;
use lockgate_firewall::{
    Action, BuildError, CompiledFirewall, FirewallBuilder, IpSetBuilder, RuleSpec, StatementSpec,
    UserAgentPatterns,
};

use crate::Fault;

/// The firewalls so far, by the files that they are made of.
#[derive(Default)]
pub(crate) struct Firewalls {
    known: BTreeMap<Vec<PathBuf>, Option<u16>>,
    compiled: Vec<CompiledFirewall>,
}

impl Firewalls {
    /// The firewall of a site; `None` without rule files, and where there was a fault.
    pub(crate) fn of(
        &mut self,
        loaded: &Loaded,
        name: &str,
        site: &Site,
        faults: &mut Vec<Fault>,
    ) -> Option<u16> {
        // A file named twice is the same rules.
        let unique: BTreeSet<&PathBuf> = site.rules.iter().collect();
        let files: Vec<PathBuf> = unique.into_iter().cloned().collect();
        if files.is_empty() {
            return None;
        }
        if let Some(known) = self.known.get(&files) {
            return *known;
        }
        let index = match build(loaded, &files) {
            Ok(firewall) => {
                self.compiled.push(firewall);
                u16::try_from(self.compiled.len().saturating_sub(1)).ok()
            }
            Err(error) => {
                faults.push(Fault::new(format!("sites.{name}.rules"), error));
                None
            }
        };
        self.known.insert(files, index);
        index
    }

    /// All firewalls with their places in the list of rule names.
    pub(crate) fn finish(self, faults: &mut Vec<Fault>) -> (Vec<NumberedFirewall>, Vec<String>) {
        let mut names = Vec::new();
        let mut firewalls = Vec::new();
        for compiled in self.compiled {
            let Ok(first_rule) = u16::try_from(names.len()) else {
                faults.push(Fault::new("sites", "there are more than 65535 rules"));
                break;
            };
            names.extend(compiled.rules.iter().map(|rule| rule.name.clone()));
            firewalls.push(NumberedFirewall {
                first_rule,
                compiled,
            });
        }
        (firewalls, names)
    }
}

fn build(loaded: &Loaded, files: &[PathBuf]) -> Result<CompiledFirewall, String> {
    let mut builder = FirewallBuilder::new();
    for file in files {
        let rules = loaded
            .rules
            .get(file)
            .ok_or_else(|| format!("{} was not loaded", file.display()))?;
        add(&mut builder, file, rules).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(builder.build())
}

/// Adds a file: its rules, and of its sets and lists those that a rule names.
fn add(builder: &mut FirewallBuilder, file: &Path, rules: &RulesFile) -> Result<(), BuildError> {
    // A rule sees the sets and lists of its own file only.
    let scoped = |name: &str| format!("{}: {name}", file.display());
    let (sets, lists) = named(&rules.rules);
    for (name, set) in rules
        .ip_sets
        .iter()
        .filter(|(name, _)| sets.contains(*name))
    {
        let mut networks = IpSetBuilder::new();
        set.networks().for_each(|range| networks.add(range.0));
        builder.add_ip_set(&scoped(name), networks)?;
    }
    for (name, list) in &rules.user_agent_lists {
        if lists.contains(name) {
            let patterns: UserAgentPatterns = list
                .patterns()
                .map(|(kind, text)| (anchor(kind), text))
                .collect();
            builder.add_user_agent_list(&scoped(name), &patterns)?;
        }
    }
    for rule in &rules.rules {
        builder.add_rule(RuleSpec {
            name: rule.name.clone(),
            priority: rule.priority,
            action: match rule.action {
                RuleAction::Block => Action::Block,
                RuleAction::Allow => Action::Allow,
                RuleAction::Count => Action::Count,
            },
            statement: match &rule.statement {
                Statement::IpSet(name) => StatementSpec::IpSet(scoped(name)),
                Statement::NotIpSet(name) => StatementSpec::NotIpSet(scoped(name)),
                Statement::UserAgentList(name) => StatementSpec::UserAgentList(scoped(name)),
                Statement::UserAgentMissing(value) => StatementSpec::UserAgentMissing(*value),
            },
            status: rule.status,
        })?;
    }
    Ok(())
}

/// The sets and the lists that rules name.
fn named(rules: &[Rule]) -> (BTreeSet<&String>, BTreeSet<&String>) {
    let (mut sets, mut lists) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules {
        match &rule.statement {
            Statement::IpSet(name) | Statement::NotIpSet(name) => sets.insert(name),
            Statement::UserAgentList(name) => lists.insert(name),
            Statement::UserAgentMissing(_) => false,
        };
    }
    (sets, lists)
}

fn anchor(kind: PatternKind) -> Anchor {
    match kind {
        PatternKind::Contains => Anchor::Contains,
        PatternKind::StartsWith => Anchor::StartsWith,
        PatternKind::EndsWith => Anchor::EndsWith,
        PatternKind::Equals => Anchor::Equals,
    }
}
