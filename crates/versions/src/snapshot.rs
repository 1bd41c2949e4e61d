//! A folder's files at one time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::hash::sha256_hex;
use crate::path::{PathError, RulePath, is_passed_over};

/// Most files of a version.
pub const FILES_MAX: usize = 1000;
/// Most bytes of all files of a version together.
pub const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most entries of folders that are looked at, those that are passed over included.
const ENTRIES_MAX: usize = 10_000;

/// Files by path, under the limits of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    files: BTreeMap<RulePath, Vec<u8>>,
    bytes: u64,
}

/// Why a folder or a list of files is no version.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A path that is none.
    #[error("{0}")]
    Path(#[from] PathError),
    /// A path that is there twice.
    #[error("{0:?} is there twice")]
    Twice(String),
    /// A file where another path needs a folder.
    #[error("{0:?} is a file and a folder at once")]
    FileAndFolder(String),
    /// Too many files.
    #[error("there are more than {FILES_MAX} files")]
    Files,
    /// Too many bytes.
    #[error("the files are larger than {BYTES_MAX} bytes together")]
    Bytes,
    /// Something that is neither a file nor a folder.
    #[error("{} is neither a file nor a folder; versions hold no links", .0.display())]
    Kind(PathBuf),
    /// What cannot be read.
    #[error("cannot read {}: {error}", file.display())]
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Snapshot {
    /// A snapshot of files from elsewhere.
    ///
    /// # Errors
    /// The limit or the rule that they break.
    pub fn from_files(
        files: impl IntoIterator<Item = (RulePath, Vec<u8>)>,
    ) -> Result<Self, SnapshotError> {
        let mut snapshot = Self::default();
        for (path, bytes) in files {
            snapshot.add(path, bytes)?;
        }
        // In order, what stands in the way of a path is among those directly before those below it.
        for path in snapshot.files.keys() {
            let mut above = path.as_str();
            while let Some((folder, _)) = above.rsplit_once('/') {
                above = folder;
                if RulePath::new(folder).is_ok_and(|folder| snapshot.files.contains_key(&folder)) {
                    return Err(SnapshotError::FileAndFolder(folder.to_owned()));
                }
            }
        }
        Ok(snapshot)
    }

    /// Reads a folder and those below it. Hidden names and editors' copies (`.a`, `a~`) are passed over.
    ///
    /// # Errors
    /// Links and other things that are no files, names that are no text, limits, what cannot be read.
    pub fn read(folder: &Path) -> Result<Self, SnapshotError> {
        let mut snapshot = Self::default();
        let mut entries_left = ENTRIES_MAX;
        let mut folders = vec![(folder.to_owned(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let unreadable = |error| SnapshotError::Unreadable {
                file: folder.clone(),
                error,
            };
            for entry in fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                entries_left = entries_left.checked_sub(1).ok_or(SnapshotError::Files)?;
                let place = entry.path();
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    return Err(PathError {
                        path: name.to_string_lossy().into_owned(),
                        reason: "it is not UTF-8",
                    }
                    .into());
                };
                if is_passed_over(name) {
                    continue;
                }
                let path = RulePath::new(&format!("{prefix}{name}"))?;
                let kind = entry.file_type().map_err(unreadable)?;
                if kind.is_dir() {
                    folders.push((place, format!("{path}/")));
                } else if kind.is_file() {
                    let bytes = snapshot.read_file(&place)?;
                    snapshot.add(path, bytes)?;
                } else {
                    return Err(SnapshotError::Kind(place));
                }
            }
        }
        Ok(snapshot)
    }

    /// A file's bytes, no more than there is room for. A link that has come in its place is not followed.
    fn read_file(&self, file: &Path) -> Result<Vec<u8>, SnapshotError> {
        let unreadable = |error| SnapshotError::Unreadable {
            file: file.to_owned(),
            error,
        };
        let room = BYTES_MAX.saturating_sub(self.bytes);
        let mut bytes = Vec::new();
        fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(file)
            .and_then(|opened| opened.take(room.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        Ok(bytes)
    }

    fn add(&mut self, path: RulePath, bytes: Vec<u8>) -> Result<(), SnapshotError> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > BYTES_MAX {
            return Err(SnapshotError::Bytes);
        }
        if self.files.len() >= FILES_MAX {
            return Err(SnapshotError::Files);
        }
        if self.files.contains_key(&path) {
            return Err(SnapshotError::Twice(path.into()));
        }
        self.files.insert(path, bytes);
        Ok(())
    }

    /// The files in order of path.
    pub fn files(&self) -> impl Iterator<Item = (&RulePath, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// The bytes of a file.
    #[must_use]
    pub fn file(&self, path: &RulePath) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What names the content: the SHA-256 over paths and digests, 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let listed = self.files().map(|(path, bytes)| (path, sha256_hex(bytes)));
        digest_of(listed)
    }
}

/// The digest of a version out of its files' paths and digests, in order of path: the SHA-256 of a line
/// `DIGEST PATH` for each, as `sha256sum` would print them with one space.
pub(crate) fn digest_of<'a>(files: impl Iterator<Item = (&'a RulePath, String)>) -> String {
    let mut listing = String::new();
    for (path, digest) in files {
        listing.push_str(&digest);
        listing.push(' ');
        // A path holds no line end, so that no two lists of files have the same lines.
        listing.push_str(path.as_str());
        listing.push('\n');
    }
    sha256_hex(listing.as_bytes())
}
