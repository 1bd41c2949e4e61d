//! Which rule files a subcommand is about: those that are named, or those of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockgate_config::RulesFile;

use crate::cli::ConfigArgs;

/// Ends the names of files of cases, so that `rules/*.toml` names rule files only.
const CASES: &str = ".test.toml";

#[derive(clap::Args)]
pub(super) struct RuleSources {
    /// Rule files; without any, those of the configuration's sites. Files of cases among them are
    /// passed over
    #[arg(value_name = "FILE", conflicts_with_all = ["config", "overlays"])]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Rule files that work together.
pub(super) struct Together {
    /// The sites that have exactly these; empty where files were named.
    pub(super) sites: Vec<String>,
    /// The files, in order of name.
    pub(super) rules: BTreeMap<PathBuf, RulesFile>,
}

impl RuleSources {
    /// Every rule file, in order of name, once.
    ///
    /// # Errors
    /// Faults of the configuration; no rule file at all.
    pub(super) fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        if let Some(named) = self.named()? {
            return Ok(named);
        }
        let loaded = self.load()?;
        anyhow::ensure!(!loaded.rules.is_empty(), "no site has a rule file");
        Ok(loaded.rules.into_keys().collect())
    }

    /// The rule files as they work together: those that are named, or a set for each different
    /// choice of the sites.
    ///
    /// # Errors
    /// Every fault of the files.
    pub(super) fn together(&self) -> anyhow::Result<Vec<Together>> {
        if let Some(named) = self.named()? {
            let rules = lockgate_config::load_rules(&named)
                .map_err(|refused| anyhow::anyhow!("the rules have faults:\n{refused}"))?;
            let sites = Vec::new();
            return Ok(vec![Together { sites, rules }]);
        }
        let loaded = self.load()?;
        let mut choices: BTreeMap<BTreeSet<&PathBuf>, Vec<String>> = BTreeMap::new();
        for (name, site) in &loaded.config.sites {
            let files = site.rules.iter().collect();
            choices.entry(files).or_default().push(name.clone());
        }
        let sets = choices.into_iter().filter(|(files, _)| !files.is_empty());
        let sets: Vec<Together> = sets
            .map(|(files, sites)| {
                let files = files.into_iter();
                let rules =
                    files.filter_map(|file| Some((file.clone(), loaded.rules.get(file)?.clone())));
                Together {
                    sites,
                    rules: rules.collect(),
                }
            })
            .collect();
        anyhow::ensure!(!sets.is_empty(), "no site has a rule file");
        Ok(sets)
    }

    fn named(&self) -> anyhow::Result<Option<Vec<PathBuf>>> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let is_cases = |file: &Path| file.to_string_lossy().ends_with(CASES);
        let named: BTreeSet<&PathBuf> = self.files.iter().filter(|file| !is_cases(file)).collect();
        anyhow::ensure!(
            !named.is_empty(),
            "these are files of cases only: name rule files"
        );
        Ok(Some(named.into_iter().cloned().collect()))
    }

    fn load(&self) -> anyhow::Result<lockgate_config::Loaded> {
        lockgate_config::load(&self.config.sources())
            .map_err(|refused| anyhow::anyhow!("the configuration has faults:\n{refused}"))
    }
}
