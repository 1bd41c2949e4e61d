//! Changes under traffic: what is asked for and what is noticed goes one by one through here.
//!
//! The [`Reloader`] owns what the current generation was made of. Whoever wants to change something hands it a
//! piece of [`Work`]; a changed file and SIGHUP are such pieces too. So no two changes meet, and a change of the
//! rules' files is never seen half-done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lockgate_config::Loaded;
use lockgate_config::types::GatewayConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::gate::Gate;
use crate::net::{Certificates, Tls};
use crate::reload::{Looks, Watch};
use crate::secrets;
use crate::start::{Current, Next, Options, Starter};
use crate::versions::Versions;

/// Something to do with the reloader, off the I/O threads.
pub type Work = Box<dyn FnOnce(&mut Reloader) + Send>;

/// Why a configuration is not put in force, and the files that were read: a change of one is worth another look.
pub type ReloadError = (anyhow::Error, Vec<PathBuf>);

/// Makes the next generations of a gate.
pub struct Reloader {
    options: Options,
    starter: Starter,
    gate: Arc<Gate>,
    tls: Arc<Tls>,
    current: Current,
    versions: Option<Arc<Versions>>,
    /// The files of a configuration that was refused: its mending must be seen.
    refused: Vec<PathBuf>,
    /// How files looked when they were read for what is in force.
    looks: Option<Looks>,
}

/// A configuration that can be put in force without a failure.
pub struct Ready {
    next: Next,
    certificates: Certificates,
}

impl Reloader {
    /// For a gate that runs with `current`.
    #[must_use]
    pub fn new(
        options: Options,
        starter: Starter,
        gate: Arc<Gate>,
        tls: Arc<Tls>,
        current: Current,
        versions: Option<Arc<Versions>>,
    ) -> Self {
        Self {
            options,
            starter,
            gate,
            tls,
            current,
            versions,
            refused: Vec::new(),
            looks: None,
        }
    }

    /// Where everything is.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Loads, checks and compiles what lies in the files, and changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn ready(&self) -> Result<Ready, ReloadError> {
        let loaded = self.options.load()?;
        let mut files = watched_files(&loaded);
        let sets = loaded.rules.values().filter_map(|rules| rules.crs.clone());
        let sets: Vec<_> = sets.collect();
        let certificates = self.tls.check(&loaded.config.sites);
        let ready = certificates.and_then(|certificates| {
            Ok(Ready {
                next: self.starter.next(&self.gate, &self.current, loaded)?,
                certificates,
            })
        });
        ready.map_err(|error| {
            files.extend(sets.iter().flat_map(lockgate_compile::crs_files));
            (error, files)
        })
    }

    /// How the files of what is in force look, and those of the folder of rules.
    pub(crate) fn look(&self, versions: &Versions) -> Looks {
        let rules = &versions.config().rules;
        let folder = versions.read_folder();
        let own = folder.iter().flat_map(|folder| {
            let files = folder.files();
            files.map(|(path, _)| path.below(rules)).collect::<Vec<_>>()
        });
        Looks::at(self.files().into_iter().chain(own))
    }

    /// The files were read right after they looked so: the watch need not report them.
    pub(crate) fn known(&mut self, looks: Looks) {
        self.looks = Some(looks);
    }

    /// Puts a configuration in force. `begun`: when its change was noticed or asked for. The digest of its bundle.
    pub fn put(&mut self, ready: Ready, begun: Instant) -> String {
        let loaded = &ready.next.current.loaded;
        for key in needs_restart(&self.current.loaded.config, &loaded.config) {
            tracing::warn!(key, "this change needs a restart");
        }
        if let Some(versions) = &self.versions {
            versions.set_tokens(&loaded.config);
        }
        self.gate.replace(ready.next.generation);
        self.tls.put(ready.certificates);
        self.current = ready.next.current;
        self.refused.clear();
        self.gate.metrics().reloads.inc();
        let bundle = self.gate.generation().bundle_digest.clone();
        tracing::info!(
            bundle,
            reload_ms = milliseconds(begun.elapsed()),
            "configuration in force"
        );
        bundle
    }

    /// Puts what lies in the files in force, and has a changed folder of rules recorded as a version.
    ///
    /// # Errors
    /// Everything that is wrong; the old configuration stays.
    pub fn reload(&mut self) -> Result<(), anyhow::Error> {
        let begun = Instant::now();
        let versions = self.versions.clone();
        let folder = versions.as_ref().map(|versions| versions.read_folder());
        match self.ready() {
            Ok(ready) => {
                self.put(ready, begun);
                if let (Some(versions), Some(folder)) = (versions, folder) {
                    versions.record_folder(folder);
                }
                Ok(())
            }
            Err((error, files)) => {
                self.refused = files;
                self.gate.metrics().reloads_refused.inc();
                tracing::error!("changed configuration refused, the old one stays: {error:#}");
                Err(error)
            }
        }
    }

    /// The files whose change is worth a look.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = watched_files(&self.current.loaded);
        files.extend(self.refused.iter().cloned());
        files
    }

    /// Does all work that comes, and looks for changed files and SIGHUP, for as long as it is polled. `read_at`:
    /// the files were read then or later.
    pub async fn run(mut self, mut asked: mpsc::Receiver<Work>, read_at: SystemTime) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            tracing::error!("SIGHUP cannot be watched");
            return;
        };
        let mut watch = Watch::since(self.files(), read_at);
        loop {
            let work: Work = tokio::select! {
                () = watch.changed() => following(),
                _ = hangup.recv() => {
                    self.gate.records().reopen();
                    tracing::info!("records reopened");
                    following()
                }
                Some(work) = asked.recv() => work,
            };
            let task = tokio::task::spawn_blocking(move || {
                // One that panics is over; the next one finds the configuration as it was.
                let done = catch_unwind(AssertUnwindSafe(|| work(&mut self)));
                if done.is_err() {
                    tracing::error!("a reload panicked; the configuration stays");
                }
                self
            });
            self = match task.await {
                Ok(reloader) => reloader,
                Err(_) => {
                    tracing::error!("the task of a reload ended; the configuration stays");
                    return;
                }
            };
            watch.set_files(self.files());
            if let Some(looks) = self.looks.take() {
                watch.know(&looks);
            }
        }
    }
}

/// Puts what lies in the files in force. What is refused is logged, and the old configuration stays.
fn following() -> Work {
    Box::new(|reloader| {
        let _ = reloader.reload();
    })
}

/// A time in whole milliseconds.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What only a restart changes.
fn needs_restart(was: &GatewayConfig, now: &GatewayConfig) -> Vec<&'static str> {
    let address = |config: &GatewayConfig| config.admin.as_ref().map(|admin| admin.address);
    let (policy_was, policy) = (&was.policy, &now.policy);
    [
        ("listeners", was.listeners != now.listeners),
        ("admin.address", address(was) != address(now)),
        ("rule_versions", was.rule_versions != now.rule_versions),
        ("server.threads", was.server.threads != now.server.threads),
        (
            "cache.bytes_max",
            was.cache.bytes_max != now.cache.bytes_max,
        ),
        ("image", was.image != now.image),
        ("record.path", was.record.path != now.record.path),
        (
            "record.buffer_bytes_max",
            was.record.buffer_bytes_max != now.record.buffer_bytes_max,
        ),
        (
            "policy.memory_bytes_max",
            policy_was.memory_bytes_max != policy.memory_bytes_max,
        ),
        (
            "policy.inspection_threads",
            policy_was.inspection_threads != policy.inspection_threads,
        ),
        (
            "policy.inspection_queue_max",
            policy_was.inspection_queue_max != policy.inspection_queue_max,
        ),
        (
            "policy.unseen_signatures_per_s",
            policy_was.unseen_signatures_per_s != policy.unseen_signatures_per_s,
        ),
        (
            "policy.unseen_signatures_per_client_per_s",
            policy_was.unseen_signatures_per_client_per_s
                != policy.unseen_signatures_per_client_per_s,
        ),
        (
            "policy.remembered_tokens_bytes_max",
            policy_was.remembered_tokens_bytes_max != policy.remembered_tokens_bytes_max,
        ),
    ]
    .into_iter()
    .filter_map(|(key, differs)| differs.then_some(key))
    .collect()
}

fn watched_files(loaded: &Loaded) -> Vec<PathBuf> {
    let mut files = loaded.files.clone();
    files.extend(secrets::files(&loaded.config));
    // Also where they could not be compiled: their mending must be seen. A folder changes with the
    // names in it.
    for crs in loaded.rules.values().filter_map(|rules| rules.crs.as_ref()) {
        files.extend(crs.before.iter().chain(&crs.after).cloned());
        files.extend([crs.path.clone(), crs.path.join("rules")]);
    }
    let geo = &loaded.config.geo;
    files.extend(
        geo.country_database
            .iter()
            .chain(&geo.asn_database)
            .cloned(),
    );
    for site in loaded.config.sites.values() {
        files.extend(site.certificate.clone());
        files.extend(site.private_key.clone());
    }
    files
}
