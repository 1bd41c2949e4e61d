//! What is written down of a version.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::path::RulePath;
use crate::snapshot::{FILES_MAX, digest_of};

/// Largest file of a version, in bytes: its files with the longest paths.
const MANIFEST_BYTES_MAX: u64 = FILES_MAX as u64 * 700 + 8192;

/// A version, without its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionInfo {
    /// Its number, from 1.
    pub version: u64,
    /// When it was stored: RFC 3339, UTC.
    pub time: String,
    /// Who stored it: the name of a token, or `files` for a change of the folder by hand.
    pub author: String,
    /// Why, in the author's words.
    pub message: String,
    /// The digest of its content: the same files, the same digest.
    pub digest: String,
    /// The version that was in force when it was stored.
    pub parent: Option<u64>,
}

/// A version with its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    #[serde(flatten)]
    pub(super) info: VersionInfo,
    /// In order of path.
    pub(super) files: Vec<FileInfo>,
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileInfo {
    pub(super) path: RulePath,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// All versions of a folder.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) versions: BTreeMap<u64, VersionInfo>,
    /// The highest number, of a version that can be read or of one that cannot.
    pub(super) last: u64,
    /// What cannot be read, and why.
    pub(super) damaged: Vec<String>,
}

/// Reads all versions of a folder. What is no version's file is passed over.
pub(super) fn list(folder: &Path) -> Result<Listed, StoreError> {
    let failed = |error| StoreError::io("cannot read", folder)(error);
    let mut listed = Listed::default();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".json"))
            .and_then(|number| number.parse::<u64>().ok());
        let Some(number) = number else {
            continue;
        };
        listed.last = listed.last.max(number);
        match read(&folder.join(&name)) {
            Ok(manifest) if manifest.info.version == number => {
                listed.versions.insert(number, manifest.info);
            }
            Ok(other) => {
                let found = other.info.version;
                listed
                    .damaged
                    .push(format!("version {number} says that it is version {found}"));
            }
            Err(reason) => listed.damaged.push(reason),
        }
    }
    Ok(listed)
}

/// Reads a version; the error says what is wrong with it.
pub(super) fn read(file: &Path) -> Result<Manifest, String> {
    let wrong = |reason: String| format!("{}: {reason}", file.display());
    let bytes = fs::metadata(file)
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if bytes > MANIFEST_BYTES_MAX {
        return Err(wrong(format!("larger than {MANIFEST_BYTES_MAX} bytes")));
    }
    let bytes = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let listed = manifest
        .files
        .iter()
        .map(|file| (&file.path, file.sha256.clone()));
    if digest_of(listed) != manifest.info.digest {
        return Err(wrong("its files are not those of its digest".to_owned()));
    }
    Ok(manifest)
}
