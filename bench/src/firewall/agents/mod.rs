//! `ua_recall`, `ua_false`: crawlers and browsers by their User-Agents, by the rules that ship in
//! `rules/crawlers.toml`, compiled and asked as a gateway does.
//!
//! The samples of crawlers are halved by a seed. Those who wrote the rules have seen the first half
//! and nothing of the second one, which the first figure is taken from; no pattern of the rules is
//! made from a sample. The second figure is taken from visits of real browsers, of which nobody has
//! seen anything before the rules stood; a visit counts as often as it is among them.

mod data;

use std::fs;
use std::path::Path;

use anyhow::Result;
use lockgate_rules::import::crawlers::import;
use serde_json::{Value, json};

use self::data::Crawlers;
use super::policy::{Judge, Policy, bundle};
use super::requests::Request;
use crate::groups::Bench;
use crate::random::Random;
use crate::report::Measured;
use crate::rounds::round_to;
use crate::work::Work;

pub(super) use self::data::ensure_installed;

/// The rules as they are shipped.
const RULES: &str = "rules/crawlers.toml";

/// Written by `bench/firewall/browsers.py`: in-app browsers, television sets and consoles, which
/// are rare among the visits. Known to those who wrote the rules.
const BROWSERS: &str = include_str!("../../../firewall/browsers.txt");

/// Halves the samples. Whoever looks at the second half has to choose another one.
const SEED: u64 = 20_261_121;

/// Unrecognised samples that are told.
const MISSED_TOLD: usize = 40;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let packages = ensure_installed(&bench.work)?;
    let crawlers = Crawlers::read(&packages)?;
    let visits = data::visits(&packages)?;
    let order = Random::new(SEED).order(crawlers.samples.len());
    let (seen, held_out) = order.split_at(order.len() / 2);
    let held_out = crawlers.agents(held_out);
    let mut judge = judge(&bench.work, "firewall-agents", None)?;
    let missed = missed(&mut judge, &held_out)?;
    let recall = share(held_out.len() - missed.len(), held_out.len());
    let different: Vec<&str> = visits.keys().map(String::as_str).collect();
    let taken = matched(&mut judge, &different)?;
    let count = |agents: &[&str]| -> usize { agents.iter().map(|agent| visits[*agent]).sum() };
    let all_visits = count(&different);
    let wrong = share(count(&taken), all_visits);
    let made_up: Vec<&str> = BROWSERS.lines().collect();
    let made_up_taken = matched(&mut judge, &made_up)?;
    let list = list_alone(bench, &crawlers, seen, &held_out)?;
    eprintln!(
        "  {recall:.2} % of {} crawlers, {wrong:.3} % of {all_visits} visits",
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
                "package": data::CRAWLERS,
                "seed": SEED,
                "samples": crawlers.samples.len(),
                "held_out": held_out.len(),
                "missed": missed.len(),
                "missed_first": missed.iter().take(MISSED_TOLD).collect::<Vec<_>>(),
                "names_of_the_other_half_alone": list,
            }),
        ),
        percent(
            wrong,
            json!({
                "package": data::VISITS,
                "visits": all_visits,
                "different": different.len(),
                "different_matched": taken,
                "made_up": made_up.len(),
                "made_up_matched": made_up_taken,
            }),
        ),
    ])
}

/// What a list of names does without the rules: the patterns of the half that was seen, on the
/// other half. This is why the rules ask for the form of a browser.
fn list_alone(
    bench: &Bench,
    crawlers: &Crawlers,
    seen: &[usize],
    held_out: &[&str],
) -> Result<Value> {
    let known = crawlers.known_from(seen);
    let mut judge = judge(&bench.work, "firewall-agents-list", Some(&known))?;
    let missed = missed(&mut judge, held_out)?.len();
    Ok(json!({
        "patterns": known.len(),
        "percent": round_to(share(held_out.len() - missed, held_out.len()), 2),
    }))
}

fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// An instance with the shipped rules, or with those that the import makes of these entries.
fn judge(work: &Work, name: &str, entries: Option<&[Value]>) -> Result<Judge> {
    let Some(entries) = entries else {
        return Policy::new(work, bundle(work, name, &[Path::new(RULES)])?)?.judge();
    };
    let imported = import(&serde_json::to_string(entries)?)?;
    for line in &imported.left_out {
        eprintln!("  left out: {line}");
    }
    let rules = work.subfolder(name)?.join("imported.toml");
    fs::write(&rules, imported.rules)?;
    Policy::new(work, bundle(work, name, &[&rules])?)?.judge()
}

/// Those that no rule matches.
fn missed<'a>(judge: &mut Judge, agents: &[&'a str]) -> Result<Vec<&'a str>> {
    asked(judge, agents, false)
}

/// Those that a rule matches.
fn matched<'a>(judge: &mut Judge, agents: &[&'a str]) -> Result<Vec<&'a str>> {
    asked(judge, agents, true)
}

fn asked<'a>(judge: &mut Judge, agents: &[&'a str], wanted: bool) -> Result<Vec<&'a str>> {
    let mut found = Vec::new();
    for agent in agents {
        let request = Request::get("/", &[("User-Agent", agent.trim()), ("Accept", "*/*")]);
        if judge.decide(&request)?.native == wanted {
            found.push(*agent);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

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
