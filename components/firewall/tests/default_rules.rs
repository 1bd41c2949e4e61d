//! The delivered rules (`rules/default.toml`) against their cases (`rules/cases/default.toml`).

use lockgate_firewall::samples::BROWSERS;
use lockgate_firewall::useragent::Anchor;
use lockgate_firewall::{
    Action, Firewall, FirewallBuilder, IpSetBuilder, Request, RuleSpec, StatementSpec,
    UserAgentPatterns,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    ip_sets: BTreeMap<String, Addresses>,
    user_agent_lists: BTreeMap<String, Patterns>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Addresses {
    addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Patterns {
    contains: Vec<String>,
    starts_with: Vec<String>,
    ends_with: Vec<String>,
    equals: Vec<String>,
    file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    priority: u32,
    action: Action,
    statement: Statement,
    status: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Statement {
    IpSet(String),
    NotIpSet(String),
    UserAgentList(String),
    UserAgentMissing(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    title: String,
    user_agent: Option<String>,
    rule: Option<String>,
    #[serde(default)]
    counted: Vec<String>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test reads the delivered files; the library never does"
)]
fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../rules")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The default firewall; every pattern in it must be of use.
fn firewall() -> Firewall {
    let file: RulesFile = toml::from_str(&read("default.toml")).unwrap();
    let mut builder = FirewallBuilder::new();
    for (name, set) in &file.ip_sets {
        let mut networks = IpSetBuilder::new();
        for address in &set.addresses {
            networks.add_text(address).unwrap();
        }
        builder.add_ip_set(name, networks).unwrap();
    }
    for (name, list) in file.user_agent_lists {
        let mut patterns = UserAgentPatterns::new();
        let kinds = [
            (Anchor::Contains, list.contains),
            (Anchor::StartsWith, list.starts_with),
            (Anchor::EndsWith, list.ends_with),
            (Anchor::Equals, list.equals),
        ];
        for (anchor, texts) in kinds {
            texts
                .into_iter()
                .for_each(|text| patterns.push(anchor, text));
        }
        let listed = list.file.map(|file| read(&file)).unwrap_or_default();
        for line in listed.lines().filter(|line| !line.is_empty()) {
            // The file has anchors and comments at whole lines only; `lockgate-config` reads more.
            match (line.strip_prefix('#'), line.strip_prefix('^')) {
                (Some(_), _) => {}
                (None, Some(text)) => patterns.push(Anchor::StartsWith, text),
                (None, None) => patterns.push(Anchor::Contains, line),
            }
        }
        let covered = builder.add_user_agent_list(&name, &patterns).unwrap();
        let useless: Vec<_> = covered
            .iter()
            .map(|covered| patterns.describe(covered.index))
            .collect();
        assert_eq!(useless, [], "list {name}: patterns that others stand for");
    }
    for Rule {
        name,
        priority,
        action,
        statement,
        status,
    } in file.rules
    {
        let statement = match statement {
            Statement::IpSet(set) => StatementSpec::IpSet(set),
            Statement::NotIpSet(set) => StatementSpec::NotIpSet(set),
            Statement::UserAgentList(list) => StatementSpec::UserAgentList(list),
            Statement::UserAgentMissing(missing) => StatementSpec::UserAgentMissing(missing),
        };
        builder
            .add_rule(RuleSpec {
                name,
                priority,
                action,
                statement,
                status,
            })
            .unwrap();
    }
    Firewall::load(builder.build()).unwrap()
}

#[test]
fn every_case_has_the_verdict_that_it_names() {
    let firewall = firewall();
    let file: Cases = toml::from_str(&read("cases/default.toml")).unwrap();
    let name = |rule: u32| firewall.rule(rule).unwrap().name.clone();
    let mut hit = BTreeMap::new();
    for case in file.cases {
        let request = Request {
            client_ip: "198.51.100.9".parse().unwrap(),
            user_agent: case.user_agent.as_deref().map(str::as_bytes),
        };
        let outcome = firewall.evaluate(&request);
        let counted: Vec<String> = outcome
            .counted
            .iter()
            .map(|counted| name(counted.rule))
            .collect();
        assert_eq!(
            outcome.terminal.map(|terminal| name(terminal.rule)),
            case.rule,
            "{}",
            case.title
        );
        assert_eq!(counted, case.counted, "{}", case.title);
        case.rule
            .into_iter()
            .chain(case.counted)
            .for_each(|rule| *hit.entry(rule).or_insert(0) += 1);
    }
    for rule in (0..).map_while(|index| firewall.rule(index)) {
        // The two rules of addresses are delivered with empty sets.
        assert!(
            hit.contains_key(&rule.name) || rule.name.ends_with("-networks"),
            "no case for {}",
            rule.name
        );
    }
}

#[test]
fn ordinary_clients_pass_untouched() {
    let firewall = firewall();
    for browser in BROWSERS {
        let client_ip = "198.51.100.9".parse().unwrap();
        let outcome = firewall.evaluate(&Request {
            client_ip,
            user_agent: Some(browser.as_bytes()),
        });
        assert_eq!(outcome, lockgate_firewall::Outcome::default(), "{browser}");
    }
}
