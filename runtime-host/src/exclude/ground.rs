//! The rules of one site to try changes on, and instances that hold them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lockgate_bundle::Bundle;
use lockgate_compile::{Compiled, Trial, compile, compile_trial, crs_of};
use lockgate_config::Loaded;
use lockgate_config::types::{Crs, CrsMode, RulesFile};
use lockgate_sandbox::Budget;
use lockgate_waf::Engine;
use lockgate_wire::explanation::Explanation;

use super::Refusal;
use crate::gate::Generation;
use crate::gate::findings::Kept;
use crate::policy::{Instance, Pool};

/// Nobody's request waits for these calls: they may take longer than an inspection.
const CPU_FACTOR: u32 = 8;

/// Fresh instances in place of such that failed, at most.
const REPLACED_MAX: u32 = 3;

/// The configuration in force, with one site only.
pub(super) struct Ground {
    pub(super) loaded: Loaded,
    pub(super) site: String,
    pool: Arc<Pool>,
    budget: Budget,
    /// The rules are others than those in force: what is compiled of them is not kept.
    is_trial: bool,
}

impl Ground {
    /// The rules in force of a site.
    ///
    /// # Errors
    /// Where there is no such site.
    pub(super) fn new(generation: &Generation, site: &str) -> Result<Self, Refusal> {
        let mut loaded = Loaded::clone(&generation.loaded);
        loaded.config.sites.retain(|name, _| name == site);
        if loaded.config.sites.is_empty() {
            return Err(Refusal::Site(site.to_owned()));
        }
        let policy = &generation.config.policy;
        Ok(Self {
            loaded,
            site: site.to_owned(),
            pool: generation.pool.clone(),
            budget: Budget {
                cpu: Duration::from_millis(policy.inspection_deadline_ms) * CPU_FACTOR,
                wall: Duration::from_millis(policy.wall_clock_ms_max) * CPU_FACTOR,
            },
            is_trial: false,
        })
    }

    /// The same with a Core Rule Set that blocks.
    pub(super) fn blocking(&self) -> Self {
        let mut loaded = self.loaded.clone();
        for rules in loaded.rules.values_mut() {
            if let Some(crs) = &mut rules.crs {
                crs.mode = CrsMode::Block;
            }
        }
        Self {
            loaded,
            site: self.site.clone(),
            pool: self.pool.clone(),
            budget: self.budget,
            is_trial: true,
        }
    }

    /// The Core Rule Set of the site, and the rule file that switches it on.
    pub(super) fn crs(&self) -> Option<(PathBuf, Crs)> {
        let site = self.loaded.config.sites.get(&self.site)?;
        let (file, crs) = crs_of(&self.loaded, site)?;
        Some((file.to_owned(), crs.clone()))
    }

    /// The site's rule file that has a rule.
    pub(super) fn file_of(&self, rule: &str, priority: u32) -> Option<(PathBuf, &RulesFile)> {
        let site = self.loaded.config.sites.get(&self.site)?;
        site.rules.iter().find_map(|file| {
            let rules = self.loaded.rules.get(file)?;
            let mut known = rules.rules.iter();
            let has = known.any(|known| known.name == rule && known.priority == priority);
            has.then(|| (file.clone(), rules))
        })
    }

    /// The rules as they are, in a fresh instance.
    ///
    /// # Errors
    /// Where they do not compile or load.
    pub(super) fn side(&self) -> anyhow::Result<Side> {
        match (self.is_trial, self.crs()) {
            (true, Some((file, _))) => {
                let trial = Trial {
                    file,
                    ..Trial::default()
                };
                self.with(&self.loaded, Some(&trial))
            }
            _ => self.with(&self.loaded, None),
        }
    }

    /// Other rules in a fresh instance.
    ///
    /// # Errors
    /// Where they do not compile or load.
    pub(super) fn with(&self, loaded: &Loaded, trial: Option<&Trial>) -> anyhow::Result<Side> {
        let compiled = match trial {
            Some(trial) => compile_trial(loaded, trial),
            None => compile(loaded),
        };
        let compiled = compiled.map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", faults.join("; "))
        })?;
        Side::new(self.pool.clone(), compiled, self.budget)
    }
}

/// Rules in a fresh instance, to ask what they say of requests.
pub(super) struct Side {
    pool: Arc<Pool>,
    bundle: Vec<u8>,
    instance: Instance,
    budget: Budget,
    replaced: u32,
}

impl Side {
    fn new(pool: Arc<Pool>, compiled: Compiled, budget: Budget) -> anyhow::Result<Self> {
        Ok(Self {
            instance: pool.instance_with(&compiled.bytes)?,
            pool,
            bundle: compiled.bytes,
            budget,
            replaced: 0,
        })
    }

    /// What the rules say of a request.
    ///
    /// # Errors
    /// Where the policy does not answer.
    pub(super) fn explain(&mut self, kept: &Kept) -> anyhow::Result<Explanation> {
        let called = self
            .instance
            .explain(&kept.input, &kept.id, kept.held(), self.budget);
        let bytes = match called {
            Ok(bytes) => bytes,
            Err(error) => {
                self.replaced = self.replaced.saturating_add(1);
                anyhow::ensure!(self.replaced <= REPLACED_MAX, "{error}");
                self.instance = self.pool.instance_with(&self.bundle)?;
                return Err(error.into());
            }
        };
        serde_json::from_slice(&bytes).context("the policy's explanation is not understood")
    }

    /// The program of the site, to be run here. The instance stays as it is.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn engine(&self) -> anyhow::Result<Engine> {
        let (_, images) = Bundle::with_images(self.bundle.clone())?;
        let image = images.first().context("the site has no program")?;
        Ok(Engine::load(image)?)
    }
}
