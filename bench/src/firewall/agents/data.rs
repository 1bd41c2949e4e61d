//! The packages that User-Agents are taken from; none of them is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::find_program;
use crate::work::Work;

/// 1,500 patterns and 2,118 samples of crawlers, MIT.
pub(super) const CRAWLERS: &str = "crawler-user-agents@1.60.0";
/// 10,000 visits of browsers, drawn from the traffic of real sites, BSD-2-Clause.
pub(super) const VISITS: &str = "user-agents@2.1.198";

const CRAWLERS_FILE: &str = "crawler-user-agents/crawler-user-agents.json";
const VISITS_FILE: &str = "user-agents/dist/user-agents.json";

/// Entries of the list, and which sample is of which.
pub(super) struct Crawlers {
    entries: Vec<Value>,
    /// The index of the entry, and the User-Agent.
    pub(super) samples: Vec<(usize, String)>,
}

impl Crawlers {
    /// Reads the list out of the folder of packages.
    ///
    /// # Errors
    /// When it is missing, or something else.
    pub(super) fn read(packages: &Path) -> Result<Self> {
        let path = packages.join(CRAWLERS_FILE);
        let entries: Vec<Value> = serde_json::from_str(&read(&path)?)?;
        let mut samples = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            let own = entry.get("instances").and_then(Value::as_array);
            let own = own.into_iter().flatten().filter_map(Value::as_str);
            samples.extend(own.map(|agent| (number, agent.to_owned())));
        }
        ensure!(!samples.is_empty(), "{} has no samples", path.display());
        Ok(Self { entries, samples })
    }

    /// The User-Agents of these samples.
    pub(super) fn agents(&self, indexes: &[usize]) -> Vec<&str> {
        let of = |index: &usize| self.samples.get(*index).map(|(_, agent)| agent.as_str());
        indexes.iter().filter_map(of).collect()
    }

    /// The entries that have a sample among these, or none at all.
    pub(super) fn known_from(&self, seen: &[usize]) -> Vec<Value> {
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

/// The User-Agents of visits, and how many visits each has.
///
/// # Errors
/// When the package is missing, or something else.
pub(super) fn visits(packages: &Path) -> Result<BTreeMap<String, usize>> {
    let path = packages.join(VISITS_FILE);
    let all: Vec<Value> = serde_json::from_str(&read(&path)?)?;
    let mut visits = BTreeMap::new();
    for visit in &all {
        let agent = visit["userAgent"].as_str();
        let agent = agent.with_context(|| format!("{}: a visit without", path.display()))?;
        *visits.entry(agent.to_owned()).or_insert(0) += 1;
    }
    ensure!(!visits.is_empty(), "{} has no visits", path.display());
    Ok(visits)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Installs the packages into the work folder when one is missing; the folder that they are in.
///
/// # Errors
/// When npm is missing, or the installation fails.
pub(in crate::firewall) fn ensure_installed(work: &Work) -> Result<PathBuf> {
    let folder = work.subfolder("crawlers")?;
    let packages = folder.join("node_modules");
    let there = |file: &str| packages.join(file).is_file();
    if !there(CRAWLERS_FILE) || !there(VISITS_FILE) {
        let npm = find_program("npm").context("npm is missing")?;
        eprintln!(
            "installing {CRAWLERS} and {VISITS} into {}",
            folder.display()
        );
        let status = Command::new(npm)
            .args([
                "install",
                "--no-audit",
                "--no-fund",
                "--silent",
                "--ignore-scripts",
            ])
            .arg("--prefix")
            .arg(&folder)
            .args([CRAWLERS, VISITS])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .status()?;
        ensure!(status.success(), "npm install failed ({status})");
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pattern_whose_samples_are_all_held_out_is_not_known() {
        let entry = |pattern: &str| json!({ "pattern": pattern });
        let crawlers = Crawlers {
            entries: ["a", "b", "none"].map(entry).to_vec(),
            samples: [0, 0, 1].map(|entry| (entry, "x".to_owned())).to_vec(),
        };
        assert_eq!(crawlers.known_from(&[1]), ["a", "none"].map(entry));
        assert_eq!(crawlers.known_from(&[0, 2]).len(), 3);
        assert_eq!(crawlers.agents(&[2]), ["x"]);
    }
}
