//! What can go wrong with a store.

use std::io;
use std::path::{Path, PathBuf};

use crate::snapshot::SnapshotError;

/// Why a store does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// Something cannot be read or written.
    #[error("{what} {}: {error}", file.display())]
    Io {
        /// What was tried: `cannot write`.
        what: &'static str,
        /// The file or folder.
        file: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// The folder or the pushed files are no version.
    #[error("{0}")]
    Snapshot(#[from] SnapshotError),
    /// There is no version with this number.
    #[error("there is no version {0}")]
    NoVersion(u64),
    /// A kept file is not what its name says, or is no longer there.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Somebody has saved a file while it was being replaced.
    #[error("{} was changed by hand at the same moment; that change stays", .0.display())]
    Edited(PathBuf),
    /// There is no room for another version.
    #[error("the store holds {0} versions, which is the most")]
    Full(usize),
    /// The message is too long or holds control characters.
    #[error("a message has at most {0} bytes and no control characters")]
    Message(usize),
    /// The audit log's last line cannot be read, so that nothing can follow it.
    #[error("the audit log is broken at its end; move {} away and start again: {reason}", file.display())]
    Audit {
        /// The log.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The audit log has no room for another entry.
    #[error("the audit log is full; move {} away and start again", .0.display())]
    AuditFull(PathBuf),
}

impl StoreError {
    /// Makes an error of a failed operation on `file`.
    pub(crate) fn io(what: &'static str, file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |error| Self::Io { what, file, error }
    }
}
