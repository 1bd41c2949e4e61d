//! Images of programs, kept while the process lives: compiling a Core Rule Set takes seconds, and a
//! reload that does not change it should not wait for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use lockgate_config::types::Crs;
use lockgate_seclang::Source;
use sha2::{Digest as _, Sha256};

use crate::Fault;

/// How many images are kept: those in force and those that were before.
const KEPT_MAX: usize = 8;

/// The newest last.
type Kept = Vec<(Digest, Arc<Vec<u8>>)>;

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// SHA-256 over everything that a program is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// Reads all sources, and the files beside them that they may name. Adds every file to
    /// `files`.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub(crate) fn of(
        crs: &Crs,
        sources: &[Source],
        files: &mut Vec<PathBuf>,
    ) -> Result<Self, String> {
        let mut hash = Sha256::new();
        hash.update([u8::from(crs.inspect_responses)]);
        let mut read = BTreeSet::new();
        for source in sources {
            match source {
                Source::Text { text, .. } => add(&mut hash, text.as_bytes()),
                Source::File(path) => {
                    read.insert(path.clone());
                }
            }
        }
        read.extend(beside(&crs.path.join("rules"), &["data"])?);
        // Directives of the site may name files next to them.
        for own in [&crs.before, &crs.after].into_iter().flatten() {
            if let Some(folder) = own.parent() {
                read.extend(beside(folder, &["conf", "data"])?);
            }
        }
        for path in read {
            let bytes = std::fs::read(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            add(&mut hash, path.as_os_str().as_encoded_bytes());
            add(&mut hash, &bytes);
            files.push(path);
        }
        Ok(Self(hash.finalize().into()))
    }
}

/// The files of a folder with one of these extensions.
fn beside(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, String> {
    let told = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| extensions.contains(&extension)) {
            found.push(path);
        }
    }
    Ok(found)
}

fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// The image with this digest: the one that is kept, or what `make` makes.
///
/// # Errors
/// Those of `make`.
pub(crate) fn get_or_make(
    digest: &Digest,
    make: impl FnOnce() -> Result<Vec<u8>, Vec<Fault>>,
) -> Result<Arc<Vec<u8>>, Vec<Fault>> {
    let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let found = kept()
        .iter()
        .find(|(known, _)| known == digest)
        .map(|(_, image)| image.clone());
    if let Some(image) = found {
        return Ok(image);
    }
    let image = Arc::new(make()?);
    let mut kept = kept();
    if kept.len() >= KEPT_MAX {
        kept.remove(0);
    }
    kept.push((digest.clone(), image.clone()));
    Ok(image)
}
