//! Files by the SHA-256 of their bytes: each content is kept once.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;

use super::Store;
use crate::disk::PRIVATE;
use crate::error::StoreError;
use crate::hash::{is_digest, sha256_hex};
use crate::snapshot::BYTES_MAX;

impl Store {
    /// Keeps a file's bytes.
    pub(super) fn keep(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let digest = sha256_hex(bytes);
        let file = self.object_file(&digest)?;
        // Only what is whole counts as there.
        if self.object(&digest).is_ok() {
            return Ok(digest);
        }
        if let Some(folder) = file.parent() {
            self.disk.folder(folder, PRIVATE)?;
        }
        self.disk.put(&file, bytes, PRIVATE)?;
        Ok(digest)
    }

    /// The bytes with this digest.
    pub(super) fn object(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let file = self.object_file(digest)?;
        let wrong = |reason: String| StoreError::Damaged(format!("{}: {reason}", file.display()));
        let mut bytes = Vec::new();
        File::open(&file)
            .and_then(|opened| {
                opened
                    .take(BYTES_MAX.saturating_add(1))
                    .read_to_end(&mut bytes)
            })
            .map_err(|error| wrong(error.to_string()))?;
        if sha256_hex(&bytes) != digest {
            return Err(wrong("its bytes are not those of its digest".to_owned()));
        }
        Ok(bytes)
    }

    fn object_file(&self, digest: &str) -> Result<PathBuf, StoreError> {
        let parts = digest.split_at_checked(2).filter(|_| is_digest(digest));
        let (start, rest) =
            parts.ok_or_else(|| StoreError::Damaged(format!("{digest:?} is no digest")))?;
        Ok(self.folder.join("objects").join(start).join(rest))
    }

    /// How much is kept, in bytes; for people, so what cannot be read counts nothing.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let folders = fs::read_dir(self.folder.join("objects"))
            .into_iter()
            .flatten()
            .flatten();
        let files =
            folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
        files
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum()
    }
}
