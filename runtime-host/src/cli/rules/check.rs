//! `lockgate rules check`: what is most likely wrong with rules that load, and what each costs.

use std::fmt::Write as _;
use std::path::Path;

use lockgate_config::RulesFile;
use lockgate_rules::check::{Cost, Finding, Kind, check, estimate};

use super::sources::{RuleSources, Together};
use super::{counted, now_s};
use crate::cli::config::print;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    rules: RuleSources,
    /// Take every finding for a fault
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let now_s = now_s()?;
    let mut text = String::new();
    let (mut faults, mut rules) = (0, 0);
    for together in args.rules.together()? {
        let files: Vec<(&Path, &RulesFile)> = together
            .rules
            .iter()
            .map(|(path, file)| (path.as_path(), file))
            .collect();
        let mut findings = check(&files, now_s);
        findings.sort();
        faults += findings
            .iter()
            .filter(|finding| args.strict || is_fault(finding.kind))
            .count();
        rules += files
            .iter()
            .map(|(_, file)| file.rules.len())
            .sum::<usize>();
        write_one(&mut text, &together, &files, &findings, args.strict);
    }
    print(&text)?;
    anyhow::ensure!(
        faults == 0,
        "{} in {}",
        counted(faults, "fault"),
        counted(rules, "rule")
    );
    print(&format!("ok: {}\n", counted(rules, "rule")))
}

/// A fault is what a rule cannot do though its author thinks that it does. The rest is for people
/// to know: a rule that is over as it was meant to be, a set that waits for its first entry, an
/// expression that costs more than others, a set that nobody names.
fn is_fault(kind: Kind) -> bool {
    match kind {
        Kind::Shadowed | Kind::Label => true,
        Kind::Expired | Kind::Empty | Kind::Costly | Kind::Unused => false,
    }
}

/// The costs of one set of files, and what was found in them.
fn write_one(
    text: &mut String,
    together: &Together,
    files: &[(&Path, &RulesFile)],
    findings: &[Finding],
    strict: bool,
) {
    // Formatting into a string does not fail.
    if !together.sites.is_empty() {
        let _ = writeln!(text, "# {}", together.sites.join(", "));
    }
    text.push_str(&costs(files));
    for finding in findings {
        let kind = if strict || is_fault(finding.kind) {
            "fault"
        } else {
            "note"
        };
        let _ = writeln!(text, "{kind}: {finding}");
    }
    text.push('\n');
}

/// The estimates as a table, in the order that rules are tried in.
fn costs(files: &[(&Path, &RulesFile)]) -> String {
    let mut rows: Vec<(u32, &str, Cost)> = Vec::new();
    for (_, file) in files {
        for rule in &file.rules {
            let cost = rule.looks_for().map(|statement| estimate(file, statement));
            rows.push((rule.priority, &rule.name, cost.unwrap_or_default()));
        }
    }
    rows.sort_by_key(|(priority, ..)| *priority);
    let total = rows
        .iter()
        .fold(Cost::default(), |sum, (.., cost)| sum + *cost);
    let width = rows.iter().map(|(_, name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0).max("rule".len());
    let mut text = format!(
        "{:>10}  {:width$}  {:>8}  {:>12}\n",
        "priority", "rule", "head ns", "body ns/KiB"
    );
    let line = |priority: &str, name: &str, cost: Cost| {
        format!(
            "{priority:>10}  {name:width$}  {:>8}  {:>12}\n",
            cost.head_ns, cost.body_kib_ns
        )
    };
    for (priority, name, cost) in &rows {
        text.push_str(&line(&priority.to_string(), name, *cost));
    }
    text.push_str(&line("", "all", total));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn loaded(rules: &str) -> BTreeMap<std::path::PathBuf, RulesFile> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.toml");
        std::fs::write(&file, rules).unwrap();
        lockgate_config::load_rules(&[file]).unwrap()
    }

    #[test]
    fn costs_stand_in_the_order_of_the_rules_and_below_each_other() {
        let rules = loaded(
            "[[rules]]\nname = \"a-later-one\"\npriority = 20\naction = \"block\"\n\
             when = 'path == \"/\"'\n[[rules]]\nname = \"first\"\npriority = 3\n\
             action = \"count\"\nwhen = 'user_agent missing and body contains \"x\"'\n",
        );
        let files: Vec<(&Path, &RulesFile)> = rules
            .iter()
            .map(|(path, file)| (path.as_path(), file))
            .collect();
        let table = costs(&files);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4, "{table}");
        let names: Vec<&str> = lines[1..3]
            .iter()
            .filter_map(|line| line.split_whitespace().nth(1))
            .collect();
        assert_eq!(names, ["first", "a-later-one"]);
        assert!(
            lines.iter().all(|line| line.len() == lines[0].len()),
            "{table}"
        );
        let body: Vec<u32> = lines[1..]
            .iter()
            .map(|line| line.split_whitespace().last().unwrap().parse().unwrap())
            .collect();
        assert!(body[0] > 0 && body[1] == 0 && body[2] == body[0], "{table}");
    }

    #[test]
    fn a_fault_is_what_a_rule_cannot_do() {
        let faults = [Kind::Shadowed, Kind::Label];
        let notes = [Kind::Expired, Kind::Empty, Kind::Costly, Kind::Unused];
        assert!(faults.into_iter().all(is_fault));
        assert!(!notes.into_iter().any(is_fault));
    }
}
