//! The store: a folder with versions, the audit log, and which version is in force.
//!
//! ```text
//! lock               held while a process has the store open
//! objects/ab/cdef…   files by the SHA-256 of their bytes
//! versions/12.json   a version: who, when, why, and its files by digest
//! current            the number of the version in force
//! pending.json       a swap that has begun (swap.rs)
//! audit.jsonl        the audit log
//! ```

mod manifest;
mod objects;
mod prune;
mod record;
mod swap;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::audit::{Action, AuditLog, Entry, Fault, Head, Lines, Outcome};
use crate::disk::{Disk, PRIVATE};
use crate::error::StoreError;
use crate::path::RulePath;
use crate::snapshot::Snapshot;

use manifest::Manifest;
pub use manifest::VersionInfo;
pub use record::{Attempt, check_message};
pub use swap::{Recovered, Swap};

/// Longest message of a version, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 1000;
/// Most versions of a store.
const VERSIONS_MAX: usize = 10_000;

/// Versions of one folder of rules. One process has it open at a time.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    rules: PathBuf,
    disk: Disk,
    versions: BTreeMap<u64, VersionInfo>,
    /// The highest number that was ever given, readable or not.
    last: u64,
    current: Option<u64>,
    /// What was in force at some time.
    published: BTreeSet<u64>,
    audit: AuditLog,
    damaged: Vec<String>,
    _lock: File,
}

impl Store {
    /// Opens the store in `folder` for the folder `rules`, or begins one, and brings to an end what a crash has
    /// left half-way. `now_ms`: the clock, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`StoreError::InUse`], what cannot be read or written, an audit log that nothing can follow.
    pub fn open(folder: &Path, rules: &Path, now_ms: u64) -> Result<(Self, Recovered), StoreError> {
        Self::open_on(Disk::default(), folder, rules, now_ms)
    }

    fn open_on(
        disk: Disk,
        folder: &Path,
        rules: &Path,
        now_ms: u64,
    ) -> Result<(Self, Recovered), StoreError> {
        disk.folder(&folder.join("versions"), PRIVATE)?;
        let lock = lock(folder)?;
        let mut published = BTreeSet::new();
        let (audit, torn_bytes) = AuditLog::open(&disk, &folder.join("audit.jsonl"), |entry| {
            published.extend(put_in_force(&entry));
        })?;
        let listed = manifest::list(&folder.join("versions"))?;
        let mut store = Self {
            folder: folder.to_owned(),
            rules: rules.to_owned(),
            disk,
            current: None,
            versions: listed.versions,
            last: listed.last,
            published,
            audit,
            damaged: listed.damaged,
            _lock: lock,
        };
        store.current = store.read_current();
        let mut recovered = store.recover(now_ms)?;
        recovered.torn_bytes = torn_bytes;
        Ok((store, recovered))
    }

    /// The folder of rules that the versions are of.
    #[must_use]
    pub fn rules(&self) -> &Path {
        &self.rules
    }

    /// All versions that can be read, by number.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &VersionInfo> {
        self.versions.values()
    }

    /// A version.
    ///
    /// # Errors
    /// [`StoreError::NoVersion`].
    pub fn version(&self, number: u64) -> Result<&VersionInfo, StoreError> {
        self.versions
            .get(&number)
            .ok_or(StoreError::NoVersion(number))
    }

    /// The version in force; `None` until the first one is recorded.
    #[must_use]
    pub fn current(&self) -> Option<&VersionInfo> {
        self.versions.get(&self.current?)
    }

    /// Whether a version is in force or was at some time; one that was not is a draft.
    #[must_use]
    pub fn was_in_force(&self, number: u64) -> bool {
        self.published.contains(&number)
    }

    /// Versions that cannot be read, and why.
    #[must_use]
    pub fn damaged(&self) -> &[String] {
        &self.damaged
    }

    /// The last entry of the audit log.
    #[must_use]
    pub fn audit_head(&self) -> &Head {
        self.audit.head()
    }

    /// Where the audit log's chain was broken when the store was opened.
    #[must_use]
    pub fn audit_fault(&self) -> Option<&Fault> {
        self.audit.fault()
    }

    /// Lines of the audit log behind the first `after`.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn audit_lines(&self, after: u64, most: usize) -> Result<Lines, StoreError> {
        self.audit.lines(after, most)
    }

    /// The files of a version: path, bytes, SHA-256.
    ///
    /// # Errors
    /// [`StoreError::NoVersion`], [`StoreError::Damaged`].
    pub fn files(&self, number: u64) -> Result<Vec<(RulePath, u64, String)>, StoreError> {
        let files = self.manifest(number)?.files;
        Ok(files
            .into_iter()
            .map(|file| (file.path, file.bytes, file.sha256))
            .collect())
    }

    /// The bytes of a version's file; `None` where it has no such file.
    ///
    /// # Errors
    /// [`StoreError::NoVersion`], [`StoreError::Damaged`].
    pub fn file(&self, number: u64, path: &RulePath) -> Result<Option<Vec<u8>>, StoreError> {
        let files = self.manifest(number)?.files;
        let found = files.into_iter().find(|file| file.path == *path);
        found.map(|file| self.object(&file.sha256)).transpose()
    }

    /// A whole version.
    ///
    /// # Errors
    /// [`StoreError::NoVersion`], [`StoreError::Damaged`].
    pub fn snapshot(&self, number: u64) -> Result<Snapshot, StoreError> {
        let mut files = Vec::new();
        for file in self.manifest(number)?.files {
            files.push((file.path, self.object(&file.sha256)?));
        }
        Ok(Snapshot::from_files(files)?)
    }

    fn manifest(&self, number: u64) -> Result<Manifest, StoreError> {
        let info = self.version(number)?;
        let manifest = manifest::read(&self.manifest_file(number)).map_err(StoreError::Damaged)?;
        if manifest.info != *info {
            return Err(StoreError::Damaged(format!(
                "version {number} was changed meanwhile"
            )));
        }
        Ok(manifest)
    }

    fn manifest_file(&self, number: u64) -> PathBuf {
        self.folder.join("versions").join(format!("{number}.json"))
    }

    fn read_current(&self) -> Option<u64> {
        let text = fs::read_to_string(self.folder.join("current")).ok()?;
        let number = text.trim().parse().ok()?;
        self.versions.contains_key(&number).then_some(number)
    }

    fn set_current(&mut self, number: u64) -> Result<(), StoreError> {
        self.current = Some(number);
        self.published.insert(number);
        let file = self.folder.join("current");
        self.disk
            .put(&file, format!("{number}\n").as_bytes(), PRIVATE)
    }
}

/// The version that an entry put in force.
fn put_in_force(entry: &Entry) -> Option<u64> {
    let puts = matches!(
        entry.action,
        Action::Publish | Action::Rollback | Action::Files
    );
    entry
        .version
        .filter(|_| puts && entry.result == Outcome::Done)
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let file = folder.join("lock");
    let lock = File::create(&file).map_err(StoreError::io("cannot open", &file))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::io("cannot lock", &file)(error)),
    }
}
