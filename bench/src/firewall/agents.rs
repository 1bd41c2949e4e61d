//! `ua_recall`, `ua_false`: crawlers and browsers by their User-Agents.
//!
//! The samples of `crawler-user-agents` (npm) are halved by a seed. The rules are those that
//! `lockgate rules import crawlers` makes of the patterns whose samples are not all in the second
//! half, beside `rules/default.toml` as it is shipped. The first figure is the share of the second
//! half that a rule matches; the second one the share of the committed browsers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use lockgate_rules::import::crawlers::import;
use serde_json::{Value, json};

use super::policy::{Judge, Policy, bundle};
use super::requests::Request;
use crate::groups::Bench;
use crate::process::find_program;
use crate::random::Random;
use crate::report::Measured;
use crate::rounds::round_to;
use crate::work::Work;

/// The version that is measured with: 1,500 patterns, 2,118 samples.
const PACKAGE: &str = "crawler-user-agents@1.60.0";

/// Written by `bench/firewall/browsers.py`.
const BROWSERS: &str = include_str!("../../firewall/browsers.txt");

/// Halves the samples.
const SEED: u64 = 2_118;

/// Unrecognised samples that are told.
const MISSED_TOLD: usize = 40;

/// Entries of the list, and which sample is of which.
struct Crawlers {
    entries: Vec<Value>,
    samples: Vec<(usize, String)>,
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let crawlers = Crawlers::read(&ensure_list(&bench.work)?)?;
    let order = Random::new(SEED).order(crawlers.samples.len());
    let (seen, held_out) = order.split_at(order.len() / 2);
    let agents = |half: &[usize]| -> Vec<&str> {
        let of = |index: &usize| {
            crawlers
                .samples
                .get(*index)
                .map(|(_, agent)| agent.as_str())
        };
        half.iter().filter_map(of).collect()
    };
    let known = crawlers.known_from(seen);
    let mut judge = judge(&bench.work, "firewall-agents", &known)?;
    let missed = missed(&mut judge, &agents(held_out))?;
    let recall = share(held_out.len() - missed.len(), held_out.len());
    let browsers: Vec<&str> = BROWSERS.lines().collect();
    let passed = self::missed(&mut judge, &browsers)?;
    let blocked: Vec<&&str> = browsers
        .iter()
        .filter(|agent| !passed.contains(agent))
        .collect();
    let wrong = share(blocked.len(), browsers.len());
    let whole = whole_list(bench, &crawlers, &agents(&order), &browsers)?;
    eprintln!(
        "  {recall:.2} % of {} crawlers, {wrong:.2} % of browsers",
        held_out.len()
    );
    let percent = |value: f64, detail: Value| Measured {
        value,
        compared: None,
        unit: "%",
        detail,
    };
    Ok(vec![
        percent(
            recall,
            json!({
                "package": PACKAGE,
                "patterns": crawlers.entries.len(),
                "patterns_in_the_rules": known.len(),
                "samples": crawlers.samples.len(),
                "held_out": held_out.len(),
                "missed": missed.len(),
                "missed_first": missed.iter().take(MISSED_TOLD).collect::<Vec<_>>(),
                "with_all_patterns": whole,
            }),
        ),
        percent(
            wrong,
            json!({ "browsers": browsers.len(), "matched": blocked }),
        ),
    ])
}

/// All patterns: the list knows its own samples, so this shows that nothing is lost on the way.
fn whole_list(
    bench: &Bench,
    crawlers: &Crawlers,
    samples: &[&str],
    browsers: &[&str],
) -> Result<Value> {
    let mut judge = judge(&bench.work, "firewall-agents-all", &crawlers.entries)?;
    let missed = missed(&mut judge, samples)?;
    let passed = self::missed(&mut judge, browsers)?;
    Ok(json!({
        "recall_percent": round_to(share(samples.len() - missed.len(), samples.len()), 3),
        "browsers_percent": round_to(share(browsers.len() - passed.len(), browsers.len()), 3),
        "missed": missed,
    }))
}

fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// An instance with the shipped rules and those made of these entries.
fn judge(work: &Work, name: &str, entries: &[Value]) -> Result<Judge> {
    let imported = import(&serde_json::to_string(entries)?)?;
    for line in &imported.left_out {
        eprintln!("  left out: {line}");
    }
    let rules = work.subfolder(name)?.join("imported.toml");
    fs::write(&rules, imported.rules)?;
    let shipped = Path::new("rules/default.toml");
    let bundle = bundle(work, name, &[&rules, shipped])?;
    Policy::new(work, bundle)?.judge()
}

/// Those that no rule matches.
fn missed<'a>(judge: &mut Judge, agents: &[&'a str]) -> Result<Vec<&'a str>> {
    let mut missed = Vec::new();
    for agent in agents {
        let request = Request::get("/", &[("User-Agent", agent.trim()), ("Accept", "*/*")]);
        if !judge.decide(&request)?.native {
            missed.push(*agent);
        }
    }
    Ok(missed)
}

impl Crawlers {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let entries: Vec<Value> = serde_json::from_str(&text)?;
        let mut samples = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            let own = entry.get("instances").and_then(Value::as_array);
            let own = own.into_iter().flatten().filter_map(Value::as_str);
            samples.extend(own.map(|agent| (number, agent.to_owned())));
        }
        ensure!(!samples.is_empty(), "{} has no samples", path.display());
        Ok(Self { entries, samples })
    }

    /// The entries that have a sample among these, or none at all.
    fn known_from(&self, seen: &[usize]) -> Vec<Value> {
        let mut known = vec![true; self.entries.len()];
        for (entry, _) in &self.samples {
            known[*entry] = false;
        }
        for index in seen {
            known[self.samples[*index].0] = true;
        }
        let entries = self.entries.iter().zip(known);
        entries
            .filter(|(_, known)| *known)
            .map(|(entry, _)| entry.clone())
            .collect()
    }
}

/// Installs the list into the work folder when it is missing.
///
/// # Errors
/// When npm is missing, or the installation fails.
pub(super) fn ensure_list(work: &Work) -> Result<PathBuf> {
    let folder = work.subfolder("crawlers")?;
    let list = folder.join("node_modules/crawler-user-agents/crawler-user-agents.json");
    if !list.is_file() {
        let npm = find_program("npm").context("npm is missing")?;
        eprintln!("installing {PACKAGE} into {}", folder.display());
        let status = Command::new(npm)
            .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
            .arg(&folder)
            .arg(PACKAGE)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .status()?;
        ensure!(status.success(), "npm install failed ({status})");
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_whose_samples_are_all_held_out_is_not_known() {
        let entry = |pattern: &str| json!({ "pattern": pattern });
        let crawlers = Crawlers {
            entries: ["a", "b", "none"].map(entry).to_vec(),
            samples: [0, 0, 1].map(|entry| (entry, "x".to_owned())).to_vec(),
        };
        assert_eq!(crawlers.known_from(&[1]), ["a", "none"].map(entry));
        assert_eq!(crawlers.known_from(&[0, 2]).len(), 3);
    }

    #[test]
    fn the_browsers_are_a_thousand_different_ones() {
        let mut browsers: Vec<&str> = BROWSERS.lines().collect();
        browsers.sort_unstable();
        browsers.dedup();
        assert_eq!(browsers.len(), 1_000);
        assert!(
            browsers
                .iter()
                .all(|agent| agent.starts_with("Mozilla/5.0 ("))
        );
    }
}
