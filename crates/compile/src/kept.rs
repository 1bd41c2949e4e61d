//! Images of programs, kept while the process lives, and in a folder where there is one: compiling a
//! Core Rule Set takes seconds, for which neither a reload that does not change it nor a start
//! should wait.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use lockgate_config::types::Crs;
use lockgate_seclang::Source;
use sha2::{Digest as _, Sha256};

use crate::Fault;

/// How many images are kept: those in force and those that were before.
const KEPT_MAX: usize = 8;
/// How the name of an image ends in a folder.
const EXTENSION: &str = ".crs";
/// Bytes of the digest behind an image.
const SUM_BYTES: usize = 32;

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
        hash.update(this_build().to_le_bytes());
        hash.update([u8::from(crs.inspect_responses)]);
        let own: Vec<&Path> = [&crs.before, &crs.after]
            .into_iter()
            .filter_map(|file| file.as_ref()?.parent())
            .collect();
        let mut read = BTreeSet::new();
        // In their order: the same directives before and after the set are other rules.
        for source in sources {
            match source {
                Source::Text { text, .. } => add(&mut hash, text.as_bytes()),
                Source::File(path) => {
                    add(&mut hash, short(path, &own).as_os_str().as_encoded_bytes());
                    read.insert(path.clone());
                }
            }
        }
        read.extend(beside(&crs.path.join("rules"), &["data"])?);
        // Directives of the site may name files next to them.
        for own in [&crs.before, &crs.after].into_iter().flatten() {
            if let Some(folder) = own.parent() {
                read.extend(beside(folder, &[])?);
            }
        }
        let mut named: Vec<(&Path, &PathBuf)> =
            read.iter().map(|path| (short(path, &own), path)).collect();
        named.sort();
        for (name, path) in named {
            let bytes = std::fs::read(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            add(&mut hash, name.as_os_str().as_encoded_bytes());
            add(&mut hash, &bytes);
            files.push(path.clone());
        }
        Ok(Self(hash.finalize().into()))
    }
}

/// How a file counts: without the folder of the site's own directives, so that rules that are checked in another
/// folder are not compiled again in their own.
fn short<'a>(path: &'a Path, own: &[&Path]) -> &'a Path {
    let short = own.iter().find_map(|folder| path.strip_prefix(folder).ok());
    short.unwrap_or(path)
}

/// The files of a folder with one of these extensions; all of them where none is named.
fn beside(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, String> {
    let told = |error: io::Error| format!("cannot read {}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_meant = extensions.is_empty()
            || extension.is_some_and(|extension| extensions.contains(&extension));
        if is_meant && path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// The image with this digest: the one that is kept, in the process or in `folder`, or what `make`
/// makes. A folder that cannot be written costs the next start time, nothing else.
///
/// # Errors
/// Those of `make`.
pub(crate) fn get_or_make(
    digest: &Digest,
    folder: Option<&Path>,
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
    let image = match folder.and_then(|folder| read(folder, digest)) {
        Some(image) => Arc::new(image),
        None => {
            let image = Arc::new(make()?);
            if let Some(folder) = folder {
                // It is made again at the next start.
                let _ = write(folder, digest, &image);
            }
            image
        }
    };
    let mut kept = kept();
    if kept.len() >= KEPT_MAX {
        kept.remove(0);
    }
    kept.push((digest.clone(), image.clone()));
    Ok(image)
}

/// What tells this build from another, whose compiler may make another image of the same rules.
fn this_build() -> u64 {
    let stamp = || {
        let meta = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
        let since = meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH);
        Some(meta.len() ^ u64::try_from(since.ok()?.as_nanos()).ok()?)
    };
    stamp().unwrap_or_default()
}

fn entry(folder: &Path, digest: &Digest) -> PathBuf {
    let name: String = digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(name + EXTENSION)
}

/// An image of the folder: one that nobody else can have written, whole.
fn read(folder: &Path, digest: &Digest) -> Option<Vec<u8>> {
    let path = entry(folder, digest);
    if !is_ours(&path) || !is_ours(folder) {
        return None;
    }
    let mut image = std::fs::read(&path).ok()?;
    // Behind the image stands its own digest: a machine may have stopped in the middle.
    let sum = image.split_off(image.len().checked_sub(SUM_BYTES)?);
    (Sha256::digest(&image).as_slice() == sum).then_some(image)
}

/// Neither another user nor a group of users can have written it.
fn is_ours(path: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    std::fs::metadata(path).is_ok_and(|meta| meta.uid() == own && meta.mode() & 0o022 == 0)
}

fn write(folder: &Path, digest: &Digest, image: &[u8]) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let path = entry(folder, digest);
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(image)?;
    file.write_all(&Sha256::digest(image))?;
    std::fs::rename(&unfinished, &path)?;
    forget_old(folder)
}

/// Leaves the newest images in the folder.
fn forget_old(folder: &Path) -> io::Result<()> {
    let mut images = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(EXTENSION) {
            images.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    images.sort();
    let old = images.len().saturating_sub(KEPT_MAX);
    images
        .iter()
        .take(old)
        .try_for_each(|(_, path)| std::fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn digest(number: u8) -> Digest {
        Digest([number; 32])
    }

    #[test]
    fn an_image_is_read_as_it_was_written_and_only_if_it_is_ours_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("store");
        write(&folder, &digest(1), b"image").unwrap();
        assert_eq!(read(&folder, &digest(1)).as_deref(), Some(&b"image"[..]));
        assert_eq!(read(&folder, &digest(2)), None);
        let path = entry(&folder, &digest(1));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(read(&folder, &digest(1)), None);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(read(&folder, &digest(1)), None, "{cut}");
        }
    }

    #[test]
    fn only_the_newest_are_left() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..20 {
            write(folder.path(), &digest(number), b"image").unwrap();
        }
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, KEPT_MAX);
    }
}
