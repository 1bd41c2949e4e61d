//! Versions of the rules in a running gate: the store, who may change it, and the way to the reloader.
//!
//! The store is locked for moments only. Whatever changes the rules runs on the reloader, one after the other
//! ([`change`]); the lock is not held while rules are compiled.

pub mod change;
mod check;
mod tokens;

use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use lockgate_config::types::{GatewayConfig, RuleVersions};
use lockgate_versions::audit::Head;
use lockgate_versions::{Attempt, Recovered, Snapshot, SnapshotError, Store, StoreError};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::reloader::Work;
pub use tokens::{Holder, Tokens, digest_of, role_name};

/// Most changes that wait for the one before them.
const WAITING_MAX: usize = 4;

/// The versions of one gate.
pub struct Versions {
    config: RuleVersions,
    store: Mutex<Place>,
    tokens: ArcSwap<Tokens>,
    reloader: mpsc::Sender<Work>,
}

/// Whether the store is at hand.
enum Place {
    Open(Box<Store>),
    /// Another process has it, or it cannot be read: tried again when it is needed.
    Closed,
    /// This process is about to end and has given it away.
    Left,
}

impl Versions {
    /// Opens the store and brings to an end what a crash has left half-way; **before** the rules are loaded. A store
    /// that cannot be opened is tried again when it is needed: rules do not depend on it. The second value is what
    /// the reloader receives from.
    #[must_use]
    pub fn open(config: RuleVersions) -> (Arc<Self>, mpsc::Receiver<Work>) {
        let (reloader, asked) = mpsc::channel(WAITING_MAX);
        let versions = Arc::new(Self {
            config,
            store: Mutex::new(Place::Closed),
            tokens: ArcSwap::default(),
            reloader,
        });
        if let Err(error) = versions.with(|_| ()) {
            tracing::error!("versions of the rules are not at hand: {error}");
        }
        (versions, asked)
    }

    /// Which tokens are let in from now on.
    pub fn set_tokens(&self, config: &GatewayConfig) {
        self.tokens.store(Arc::new(Tokens::of(config)));
    }

    /// The tokens that are let in.
    #[must_use]
    pub fn tokens(&self) -> Arc<Tokens> {
        self.tokens.load_full()
    }

    /// Where everything is.
    #[must_use]
    pub fn config(&self) -> &RuleVersions {
        &self.config
    }

    /// Hands the reloader something to do; `false` where too much waits already, or the gate ends.
    #[must_use]
    pub fn ask(&self, work: Work) -> bool {
        self.reloader.try_send(work).is_ok()
    }

    /// Works with the store.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn with<T>(&self, work: impl FnOnce(&mut Store) -> T) -> Result<T, StoreError> {
        let mut place = self.store.lock();
        if let Place::Closed = *place {
            let (store, recovered) = Store::open(&self.config.path, &self.config.rules, now_ms())?;
            tell(&store, &recovered);
            *place = Place::Open(Box::new(store));
        }
        match &mut *place {
            Place::Open(store) => Ok(work(store)),
            Place::Closed | Place::Left => Err(StoreError::InUse(self.config.path.clone())),
        }
    }

    /// Gives the store to the process that comes after this one.
    pub fn leave(&self) {
        *self.store.lock() = Place::Left;
    }

    /// Takes versions away that are older than those that are kept.
    pub(super) fn prune(&self) {
        let keep_max = usize::try_from(self.config.keep_max).unwrap_or(usize::MAX);
        match self.with(|store| store.prune(keep_max, now_ms())).flatten() {
            Ok(None) => {}
            Ok(Some(head)) => log_head(&head, "gateway", "prune"),
            Err(error) => tracing::warn!("old versions are not taken away: {error}"),
        }
    }

    /// Writes down that something was refused.
    pub fn note_refused(&self, attempt: Attempt) {
        let (actor, action) = (attempt.actor.clone(), attempt.action);
        match self.with(|store| store.note_refused(attempt)) {
            Ok(Ok(head)) => log_head(&head, &actor, &action.to_string()),
            Ok(Err(error)) | Err(error) => {
                tracing::error!(actor, %action, "a refused change is not in the audit log: {error}");
            }
        }
    }

    /// What lies in the folder of rules.
    ///
    /// # Errors
    /// Why it is no version.
    pub fn read_folder(&self) -> Result<Snapshot, SnapshotError> {
        Snapshot::read(&self.config.rules)
    }

    /// Records what lay in the folder when it was loaded, where it is no version yet and still lies there.
    pub fn record_folder(&self, loaded: Result<Snapshot, SnapshotError>) {
        let recorded = loaded.and_then(|loaded| Ok((self.read_folder()?, loaded)));
        let recorded = match recorded {
            // Another change has come since: it will be noticed, and recorded then.
            Ok((now, loaded)) if now != loaded => return,
            Ok((now, _)) => self
                .with(|store| {
                    let recorded = store.record_folder(&now, now_ms())?;
                    Ok(recorded.map(|info| (info, store.audit_head().clone())))
                })
                .flatten(),
            Err(error) => Err(error.into()),
        };
        match recorded {
            Ok(None) => {}
            Ok(Some((info, head))) => {
                tracing::info!(
                    version = info.version,
                    digest = info.digest,
                    "rules recorded as a version"
                );
                log_head(&head, &info.author, "files");
                self.prune();
            }
            Err(error) => {
                tracing::warn!("the rules in force are not recorded as a version: {error}");
            }
        }
    }
}

/// The clock, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The head hash stands in the gateway's log as well: a log that was cut off shows against it.
fn log_head(head: &Head, actor: &str, action: &str) {
    tracing::info!(seq = head.seq, hash = head.hash, actor, action, "audit");
}

/// Says what was found when the store was opened.
fn tell(store: &Store, recovered: &Recovered) {
    if let Some(version) = recovered.undone {
        tracing::warn!(version, left = ?recovered.left, "a version that was being put in force when the gateway ended was undone");
    }
    if let Some(version) = recovered.finished {
        tracing::info!(
            version,
            "a version that had been put in force when the gateway ended stays"
        );
    }
    if recovered.torn_bytes > 0 {
        tracing::warn!(
            bytes = recovered.torn_bytes,
            "an unfinished line was taken from the audit log"
        );
    }
    for damaged in store.damaged() {
        tracing::error!("a version cannot be read: {damaged}");
    }
    if let Some(fault) = store.audit_fault() {
        tracing::error!("the audit log was tampered with: {fault}");
    }
    log_head(store.audit_head(), "gateway", "open");
}
