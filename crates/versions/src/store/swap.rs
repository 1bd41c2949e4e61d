//! Putting a version in the folder's place, so that a crash leaves the old files or the new ones.
//!
//! 1. `pending.json` says from which version to which; both are whole in the store.
//! 2. The folder's files are replaced one by one ([`Store::swap`]).
//! 3. The audit log has the entry: **that** is when it is done ([`Store::commit`]).
//! 4. `current` follows, and `pending.json` goes.
//!
//! A store that is opened with a `pending.json` looks for the entry: with it the rest is done, without it the old
//! files come back. A file that somebody has edited meanwhile is neither old nor new and stays as it is.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::FILES_AUTHOR;
use super::{Attempt, Store, put_in_force};
use crate::audit::{Action, Head};
use crate::disk::{PRIVATE, READABLE, read, temporary};
use crate::error::StoreError;
use crate::path::RulePath;
use crate::snapshot::Snapshot;

/// How deep folders are looked at that a file takes the place of: as deep as paths of a version go.
const FOLDERS_DEEP_MAX: usize = 8;

/// A swap that has begun: the folder has the new files, and nobody was told. It ends with [`Store::commit`] or
/// [`Store::undo`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "a swap ends with commit or undo"]
pub struct Swap {
    from: u64,
    to: u64,
    /// The entries of the audit log when it began.
    after: u64,
}

/// What was done when a store was opened.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The version whose swap was brought to its end.
    pub finished: Option<u64>,
    /// The version whose swap was undone.
    pub undone: Option<u64>,
    /// Files that were left as they are, because somebody has edited them since.
    pub left: Vec<String>,
    /// Bytes of an unfinished line that were taken from the audit log's end.
    pub torn_bytes: u64,
}

impl Store {
    /// Puts the files of version `to` in the folder's place. What lies there is kept as a version, if it is none.
    ///
    /// # Errors
    /// What cannot be read or written; the folder is as it was then, or will be when the store is opened next.
    pub fn swap(&mut self, to: u64, now_ms: u64) -> Result<Swap, StoreError> {
        self.recover(now_ms)?;
        let new = self.snapshot(to)?;
        let old = Snapshot::read(&self.rules)?;
        let from = match self.version_of(&old.digest()) {
            Some(version) => version,
            None => {
                let message = "lay in the folder and was replaced";
                self.add(&old, FILES_AUTHOR, message, now_ms)?.version
            }
        };
        let swap = Swap {
            from,
            to,
            after: self.audit.head().seq,
        };
        let json =
            serde_json::to_vec(&swap).map_err(|error| StoreError::Damaged(error.to_string()))?;
        self.disk.put(&self.pending_file(), &json, PRIVATE)?;
        if let Err(error) = self.place(&old, &new) {
            // The reason why it failed is worth more than that of a second failure.
            let _ = self.undo(swap);
            return Err(error);
        }
        Ok(swap)
    }

    /// Ends a swap: the version is in force. `attempt` is what the audit log says of it.
    ///
    /// # Errors
    /// Where the audit log cannot be written: the swap is undone then.
    pub fn commit(&mut self, swap: Swap, attempt: Attempt) -> Result<Head, StoreError> {
        let head = match self.note_done(attempt) {
            Ok(head) => head,
            Err(error) => {
                self.undo(swap)?;
                return Err(error);
            }
        };
        // It is done. Whoever opens the store next does what fails here.
        let _ = self
            .set_current(swap.to)
            .and_then(|()| self.disk.remove(&self.pending_file()));
        Ok(head)
    }

    /// Ends a swap: the old files come back. Files that were left because somebody has edited them since are
    /// named.
    ///
    /// # Errors
    /// What cannot be read or written; it is tried again when the store is opened, or with the next swap.
    pub fn undo(&mut self, swap: Swap) -> Result<Vec<String>, StoreError> {
        let (old, new) = (self.snapshot(swap.from)?, self.snapshot(swap.to)?);
        let mut left = Vec::new();
        let mut ours = BTreeSet::new();
        for path in union(&old, &new) {
            remove_leftover(&path.below(&self.rules));
            let now = self.now(path)?;
            if now.as_deref() == new.file(path) {
                ours.insert(path.clone());
            } else if now.as_deref() != old.file(path) {
                left.push(path.to_string());
            }
        }
        self.place_some(&new, &old, |path| ours.contains(path), Some(&mut left))?;
        self.disk.remove(&self.pending_file())?;
        Ok(left)
    }

    /// Brings to an end what a crash has left half-way.
    pub(super) fn recover(&mut self, now_ms: u64) -> Result<Recovered, StoreError> {
        let file = self.pending_file();
        let json = match fs::read(&file) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Recovered::default());
            }
            Err(error) => return Err(StoreError::io("cannot read", &file)(error)),
        };
        let swap: Swap = serde_json::from_slice(&json)
            .map_err(|error| StoreError::Damaged(format!("{}: {error}", file.display())))?;
        let mut recovered = Recovered::default();
        if self.is_committed(&swap)? {
            self.set_current(swap.to)?;
            self.disk.remove(&file)?;
            recovered.finished = Some(swap.to);
            return Ok(recovered);
        }
        let to = swap.to;
        recovered.left = self.undo(swap)?;
        recovered.undone = Some(to);
        let mut reason =
            "the gateway ended before it was in force: the files before it are back".to_owned();
        if !recovered.left.is_empty() {
            reason.push_str("; edited meanwhile and left: ");
            reason.push_str(&recovered.left.join(", "));
        }
        self.note_done(Attempt {
            time_ms: now_ms,
            actor: "gateway".to_owned(),
            role: String::new(),
            action: Action::Recover,
            version: Some(to),
            digest: None,
            message: String::new(),
            reason,
        })?;
        Ok(recovered)
    }

    /// The versions of a swap that has begun and was not ended.
    pub(super) fn pending(&self) -> Result<Option<[u64; 2]>, StoreError> {
        let file = self.pending_file();
        let Some(json) = read(&file)? else {
            return Ok(None);
        };
        let swap: Swap = serde_json::from_slice(&json)
            .map_err(|error| StoreError::Damaged(format!("{}: {error}", file.display())))?;
        Ok(Some([swap.from, swap.to]))
    }

    /// Whether the audit log has the entry of a swap.
    fn is_committed(&self, swap: &Swap) -> Result<bool, StoreError> {
        // By their numbers: a log that somebody has cut has fewer lines than its last entry says.
        self.audit
            .any(|entry| entry.seq > swap.after && put_in_force(entry) == Some(swap.to))
    }

    /// The version with these files: the one in force, or the latest.
    fn version_of(&self, digest: &str) -> Option<u64> {
        let has = |info: &&super::VersionInfo| info.digest == digest;
        let current = self.current().filter(has);
        let found = current.or_else(|| self.versions().rev().find(has))?;
        Some(found.version)
    }

    fn place(&self, old: &Snapshot, new: &Snapshot) -> Result<(), StoreError> {
        self.place_some(old, new, |_| true, None)
    }

    /// Turns the files of `old` into those of `new`, where `may` says so. Lists come before the rules that name
    /// them and what is no longer needed goes last, so that a reader meets rules whose files are there. A file
    /// that somebody saves meanwhile stays: its name is put into `left`, or without that ends it.
    fn place_some(
        &self,
        old: &Snapshot,
        new: &Snapshot,
        may: impl Fn(&RulePath) -> bool,
        mut left: Option<&mut Vec<String>>,
    ) -> Result<(), StoreError> {
        let mut told = |path: &RulePath, done: Result<(), StoreError>| match (done, &mut left) {
            (Err(StoreError::Edited(_)), Some(left)) => {
                left.push(path.to_string());
                Ok(())
            }
            (done, _) => done,
        };
        let gone = || {
            old.files()
                .map(|(path, _)| path)
                .filter(|path| new.file(path).is_none() && may(path))
        };
        let blocks = |path: &RulePath| {
            new.files()
                .any(|(other, _)| path.stands_in_the_way_of(other))
        };
        for path in gone().filter(|path| blocks(path)) {
            told(
                path,
                self.take_away(path, old.file(path).unwrap_or_default()),
            )?;
        }
        let is_rules = |path: &RulePath| path.as_str().ends_with(".toml");
        for rules in [false, true] {
            for (path, bytes) in new.files() {
                let known = old.file(path);
                if is_rules(path) == rules && known != Some(bytes) && may(path) {
                    told(path, self.put(path, bytes, known))?;
                }
            }
        }
        for path in gone().filter(|path| !blocks(path)) {
            told(
                path,
                self.take_away(path, old.file(path).unwrap_or_default()),
            )?;
        }
        Ok(())
    }

    fn put(&self, path: &RulePath, bytes: &[u8], known: Option<&[u8]>) -> Result<(), StoreError> {
        let file = path.below(&self.rules);
        if let Some(folder) = file.parent() {
            self.disk.folder(folder, READABLE)?;
        }
        if file.is_dir() {
            remove_empty(&file, FOLDERS_DEEP_MAX);
        }
        self.disk.replace(&file, bytes, READABLE, known)
    }

    /// Removes a file, and the folders that it leaves empty.
    fn take_away(&self, path: &RulePath, known: &[u8]) -> Result<(), StoreError> {
        let file = path.below(&self.rules);
        self.disk.take(&file, known)?;
        let mut folder = file.parent();
        while let Some(empty) = folder.filter(|folder| *folder != self.rules) {
            // One that holds something stays.
            if fs::remove_dir(empty).is_err() {
                break;
            }
            folder = empty.parent();
        }
        Ok(())
    }

    /// A file of the folder as it is; `None` where there is none.
    fn now(&self, path: &RulePath) -> Result<Option<Vec<u8>>, StoreError> {
        read(&path.below(&self.rules))
    }

    fn pending_file(&self) -> PathBuf {
        self.folder.join("pending.json")
    }
}

/// Every path of the two, once.
fn union<'a>(old: &'a Snapshot, new: &'a Snapshot) -> BTreeSet<&'a RulePath> {
    old.files()
        .chain(new.files())
        .map(|(path, _)| path)
        .collect()
}

/// What a crash has left of a file that was being written. Hidden, so it harms nobody if it stays.
fn remove_leftover(file: &Path) {
    let _ = fs::remove_file(temporary(file));
}

/// Removes a folder that holds nothing but empty folders: a crash, or what was taken away by hand, has left it where
/// a file belongs. One that holds something stays, and the file is not put there.
fn remove_empty(folder: &Path, deep: usize) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        if deep > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path(), deep.saturating_sub(1));
        }
    }
    let _ = fs::remove_dir(folder);
}
