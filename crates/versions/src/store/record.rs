//! Writing down: new versions, and who tried what.

use super::manifest::FileInfo;
use super::{MESSAGE_BYTES_MAX, Manifest, Store, VERSIONS_MAX, VersionInfo};
use crate::audit::{Action, Entry, Head, Outcome};
use crate::disk::PRIVATE;
use crate::error::StoreError;
use crate::snapshot::Snapshot;

/// Who changes the folder without the admin API.
pub(super) const FILES_AUTHOR: &str = "files";

/// Something that somebody did or tried, for the audit log.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Who: the name of a token.
    pub actor: String,
    /// The token's role.
    pub role: String,
    /// What.
    pub action: Action,
    /// The version, where there is one.
    pub version: Option<u64>,
    /// The digest of the files, where they are known.
    pub digest: Option<String>,
    /// What the actor says of it.
    pub message: String,
    /// Why it is refused; empty where it is done.
    pub reason: String,
}

impl Attempt {
    fn entry(self, result: Outcome) -> Entry {
        Entry {
            seq: 0,
            time: time(self.time_ms),
            actor: self.actor,
            role: self.role,
            action: self.action,
            version: self.version,
            digest: self.digest,
            message: self.message,
            result,
            reason: self.reason,
            previous: String::new(),
        }
    }
}

/// Whether a text can be a version's message.
///
/// # Errors
/// [`StoreError::Message`].
pub fn check_message(message: &str) -> Result<(), StoreError> {
    let fits = message.len() <= MESSAGE_BYTES_MAX;
    let plain = message.chars().all(|c| !c.is_control() || c == '\n');
    if fits && plain {
        Ok(())
    } else {
        Err(StoreError::Message(MESSAGE_BYTES_MAX))
    }
}

impl Store {
    /// Stores a version. It is a draft until it is put in force.
    ///
    /// # Errors
    /// [`StoreError::Message`], [`StoreError::Full`], what cannot be written.
    pub fn add(
        &mut self,
        snapshot: &Snapshot,
        author: &str,
        message: &str,
        now_ms: u64,
    ) -> Result<VersionInfo, StoreError> {
        check_message(message)?;
        if self.versions.len() >= VERSIONS_MAX {
            return Err(StoreError::Full(VERSIONS_MAX));
        }
        let mut files = Vec::with_capacity(snapshot.len());
        for (path, bytes) in snapshot.files() {
            files.push(FileInfo {
                path: path.clone(),
                bytes: bytes.len() as u64,
                sha256: self.keep(bytes)?,
            });
        }
        let manifest = Manifest {
            info: VersionInfo {
                version: self.last.saturating_add(1),
                time: time(now_ms),
                author: author.to_owned(),
                message: message.to_owned(),
                digest: snapshot.digest(),
                parent: self.current,
            },
            files,
        };
        let json = serde_json::to_vec(&manifest)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        let info = manifest.info;
        self.disk
            .put(&self.manifest_file(info.version), &json, PRIVATE)?;
        self.last = info.version;
        self.versions.insert(info.version, info.clone());
        Ok(info)
    }

    /// Writes down that something was refused.
    ///
    /// # Errors
    /// Where the audit log cannot be written.
    pub fn note_refused(&mut self, attempt: Attempt) -> Result<Head, StoreError> {
        self.audit
            .append(&self.disk, attempt.entry(Outcome::Refused))
    }

    /// Writes down that something was done. What puts a version in force is written down by
    /// [`Store::commit`].
    ///
    /// # Errors
    /// Where the audit log cannot be written.
    pub fn note_done(&mut self, attempt: Attempt) -> Result<Head, StoreError> {
        self.audit.append(&self.disk, attempt.entry(Outcome::Done))
    }

    /// Records what lies in the folder as the version in force, where it is another one: somebody changed it by
    /// hand. The new version, or `None` where the folder is as it was.
    ///
    /// # Errors
    /// A folder that is no version, what cannot be written.
    pub fn record_folder(
        &mut self,
        folder: &Snapshot,
        now_ms: u64,
    ) -> Result<Option<VersionInfo>, StoreError> {
        let digest = folder.digest();
        if self
            .current()
            .is_some_and(|current| current.digest == digest)
        {
            return Ok(None);
        }
        let message = match self.current {
            None => "what lay in the folder",
            Some(_) => "changed in the folder",
        };
        let info = self.add(folder, FILES_AUTHOR, message, now_ms)?;
        self.note_done(Attempt {
            time_ms: now_ms,
            actor: FILES_AUTHOR.to_owned(),
            role: String::new(),
            action: Action::Files,
            version: Some(info.version),
            digest: Some(info.digest.clone()),
            message: message.to_owned(),
            reason: String::new(),
        })?;
        self.set_current(info.version)?;
        Ok(Some(info))
    }
}

/// A time as the log and versions have it.
fn time(unix_ms: u64) -> String {
    let mut text = Vec::new();
    lockgate_record::rfc3339_ms(unix_ms, &mut text);
    String::from_utf8(text).unwrap_or_default()
}
