//! The rules that ship in `rules/`: their cases pass, browsers pass, and the checks find nothing.

use std::path::{Path, PathBuf};

use lockgate_firewall::samples::BROWSERS;
use lockgate_firewall::{Firewall, View};
use lockgate_rules::check::{Kind, check_file, estimate};
use lockgate_rules::{cases, check};

/// 2026-11-01.
const NOW_S: u64 = 1_793_491_200;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let entries = std::fs::read_dir(folder).expect("the rules");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .filter(|path| !path.to_string_lossy().ends_with(".test.toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    files
}

#[test]
fn every_case_passes() {
    for file in files() {
        let report = cases::run_file(&file, NOW_S).unwrap_or_else(|error| panic!("{error}"));
        let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
        assert!(
            report.passed(),
            "{}:\n{}",
            file.display(),
            failures.join("\n\n")
        );
        assert!(report.cases > 5);
    }
}

#[test]
fn the_checks_find_only_the_sets_that_are_delivered_empty() {
    for file in files() {
        let findings = check_file(&file, NOW_S).unwrap_or_else(|refused| panic!("{refused}"));
        for finding in findings {
            assert_eq!(finding.kind, Kind::Empty, "{finding}");
            assert!(finding.rule.ends_with("-networks"), "{finding}");
        }
    }
}

#[test]
fn browsers_and_search_engines_pass_all_of_them_together() {
    let loaded =
        lockgate_config::load_rules(&files()).unwrap_or_else(|refused| panic!("{refused}"));
    let rules: Vec<_> = loaded
        .iter()
        .map(|(file, rules)| (file.as_path(), rules))
        .collect();
    let firewall = Firewall::load(lockgate_compile::compile_rules(&rules).expect("rules"))
        .expect("a firewall");
    for browser in BROWSERS {
        let headers: &[(&[u8], &[u8])] = &[
            (b"Host", b"shop.test"),
            (b"User-Agent", browser.as_bytes()),
            (b"Accept", b"text/html,application/xhtml+xml,*/*;q=0.8"),
            (b"Accept-Language", b"de-DE,de;q=0.9,en;q=0.8"),
            (b"Cookie", b"session=0123456789abcdef; cart=3%3A1%2C7%3A2"),
        ];
        let view = View {
            host: b"shop.test",
            path: b"/products/blue-shirt",
            target: b"/products/blue-shirt?size=m&page=2",
            query: Some(b"size=m&page=2"),
            headers,
            ..View::empty()
        };
        let decision = firewall.decide(&view);
        // Search engines are counted, and pass like browsers.
        let counted = browser.contains("+http");
        assert!(
            decision.terminal.is_none() && decision.counted.is_empty() != counted,
            "{browser}: {decision:?}"
        );
    }
}

#[test]
fn every_rule_has_a_cost() {
    for file in files() {
        let loaded = lockgate_config::load_rules(std::slice::from_ref(&file)).expect("rules");
        for rules in loaded.values() {
            for rule in &rules.rules {
                let cost = estimate(rules, rule.looks_for().expect("a statement"));
                assert!(cost.head_ns > 0 || cost.body_kib_ns > 0, "{}", rule.name);
            }
        }
    }
    let _ = check::Cost::default();
}
