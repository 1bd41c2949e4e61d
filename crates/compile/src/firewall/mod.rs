//! Firewalls: the rule files of a site become one; sites with the same files share it.

mod statement;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockgate_bundle::{Bundle, NumberedFirewall};
use lockgate_config::Loaded;
use lockgate_config::types::{
    Geo, PatternKind, Rule, RuleAction, RuleGroup, RulesFile, Site, Statement,
};
use lockgate_firewall::useragent::Anchor;
use lockgate_firewall::{
    ALL_CLIENTS, Action, CompiledFirewall, FirewallBuilder, IpSetBuilder, ResponseSpec, RuleSpec,
    UserAgentPatterns,
};
use statement::Statements;

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
    let named = files.iter().map(|file| {
        let rules = loaded.rules.get(file);
        let rules = rules.ok_or_else(|| format!("{} was not loaded", file.display()))?;
        Ok((file.as_path(), rules))
    });
    let compiled = compile_rules(&named.collect::<Result<Vec<_>, String>>()?)?;
    check_runs(&compiled, &loaded.config.geo)?;
    Ok(compiled)
}

/// Refuses what a gateway would take and not run.
fn check_runs(compiled: &CompiledFirewall, geo: &Geo) -> Result<(), String> {
    let rates = compiled.rules.iter().filter(|rule| rule.rate.is_some());
    if rates.count() > lockgate_wire::rules::CHARGES_MAX {
        return Err(format!(
            "there are more than {} rate-based rules",
            lockgate_wire::rules::CHARGES_MAX
        ));
    }
    let missing =
        |what, key| format!("a rule asks for the client's {what}, and there is no geo.{key}");
    if compiled.reads_country() && geo.country_database.is_none() {
        return Err(missing("country", "country_database"));
    }
    if compiled.reads_asn() && geo.asn_database.is_none() {
        return Err(missing("autonomous system", "asn_database"));
    }
    Ok(())
}

/// What native rules of a bundle ask of a host, and a shell without it would pass over: the first
/// such thing, in words. `None`: they run anywhere.
#[must_use]
pub fn needs_host(bundle: &Bundle) -> Option<String> {
    bundle.firewalls.iter().find_map(|firewall| {
        let rules = &firewall.compiled;
        if let Some(rule) = rules.rules.iter().find(|rule| rule.rate.is_some()) {
            return Some(format!("rule `{}` counts requests (rate_based)", rule.name));
        }
        let asks = [
            (rules.reads_country(), "asks for the client's country"),
            (rules.reads_asn(), "asks for the client's autonomous system"),
            (
                rules.reads_tls_fingerprint(),
                "asks for the TLS fingerprint",
            ),
        ];
        let asked = asks.iter().find(|(asks, _)| *asks);
        asked.map(|(_, what)| format!("a rule {what}"))
    })
}

/// Compiles rule files to one firewall, without a gateway around it.
///
/// # Errors
/// The first thing that is wrong, with its file.
pub fn compile_rules(files: &[(&Path, &RulesFile)]) -> Result<CompiledFirewall, String> {
    let mut builder = FirewallBuilder::new();
    for (file, rules) in files {
        add(&mut builder, file, rules).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    builder.build().map_err(|error| error.to_string())
}

/// Adds a file: its rules, and of its sets and lists those that a rule names.
fn add(builder: &mut FirewallBuilder, file: &Path, rules: &RulesFile) -> Result<(), String> {
    let statements = Statements { file, rules };
    let told = |error: lockgate_firewall::BuildError| error.to_string();
    let (sets, lists) = named(&rules.rules);
    builder.inspect_body_bytes(rules.body_bytes_max);
    for (name, set) in rules
        .ip_sets
        .iter()
        .filter(|(name, _)| sets.contains(*name))
    {
        let mut networks = IpSetBuilder::new();
        set.networks().for_each(|range| networks.add(range.0));
        builder
            .add_ip_set(&statements.scoped(name), networks)
            .map_err(told)?;
    }
    for (name, list) in &rules.user_agent_lists {
        if lists.contains(name) {
            let patterns: UserAgentPatterns = list
                .patterns()
                .map(|(kind, text)| (anchor(kind), text))
                .collect();
            builder
                .add_user_agent_list(&statements.scoped(name), &patterns)
                .map_err(told)?;
        }
    }
    for rule in &rules.rules {
        builder.add_rule(spec(&statements, rule)?).map_err(told)?;
    }
    Ok(())
}

/// One rule, the overrides of its group applied.
fn spec(statements: &Statements<'_>, rule: &Rule) -> Result<RuleSpec, String> {
    let wrong = |reason: String| format!("rule `{}`: {reason}", rule.name);
    let asked = rule
        .looks_for()
        .ok_or_else(|| wrong("it looks for nothing".to_owned()))?;
    let (statement, rate) = statements.rule(asked).map_err(wrong)?;
    let group = rule
        .group
        .as_ref()
        .and_then(|name| statements.rules.groups.get(name));
    let action = match rule.action {
        RuleAction::Block => Action::Block,
        RuleAction::Allow => Action::Allow,
        RuleAction::Count => Action::Count,
        RuleAction::Label => Action::Label,
    };
    let counts = |group: &RuleGroup| group.count || group.count_rules.contains(&rule.name);
    let action = match action {
        Action::Block | Action::Allow if group.is_some_and(counts) => Action::Count,
        action => action,
    };
    let blocks = action == Action::Block;
    Ok(RuleSpec {
        statement,
        rate,
        labels: rule
            .labels
            .iter()
            .map(|label| label.as_str().to_owned())
            .collect(),
        status: rule.status.filter(|_| blocks),
        response: rule
            .response
            .as_ref()
            .filter(|_| blocks)
            .map(|response| ResponseSpec {
                body: response.body.clone(),
                content_type: String::from(response.content_type.clone()),
            }),
        canary: rule.canary.unwrap_or(ALL_CLIENTS),
        expires_s: rule
            .expires
            .as_ref()
            .map(lockgate_config::types::Date::unix_s),
        name: rule.name.clone(),
        priority: rule.priority,
        action,
    })
}

/// The sets and the lists that rules name.
fn named(rules: &[Rule]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut sets, mut lists) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules {
        let mut look = |statement: &Statement| {
            match statement {
                Statement::IpSet(name) | Statement::NotIpSet(name) => sets.insert(name.clone()),
                Statement::UserAgentList(name) => lists.insert(name.clone()),
                _ => false,
            };
            false
        };
        if let Some(statement) = rule.looks_for() {
            statement.any(&mut look);
        }
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
