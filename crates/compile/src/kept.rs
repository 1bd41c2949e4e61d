//! Images of programs, kept while the process lives, and in a folder where there is one: compiling a
//! Core Rule Set takes seconds, for which neither a reload that does not change it nor a start
//! should wait.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

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
    /// Reads all sources, and the files that they name: `named`.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub(crate) fn of(
        crs: &Crs,
        sources: &[Source],
        named: &BTreeSet<PathBuf>,
    ) -> Result<Self, String> {
        let mut hash = Sha256::new();
        hash.update(this_build());
        hash.update([u8::from(crs.inspect_responses)]);
        let own: Vec<&Path> = [&crs.before, &crs.after]
            .into_iter()
            .filter_map(|file| file.as_ref()?.parent())
            .collect();
        // In their order: the same directives before and after the set are other rules.
        for source in sources {
            match source {
                Source::Text { text, .. } => add(&mut hash, text.as_bytes()),
                Source::File(path) => {
                    add(&mut hash, short(path, &own).as_os_str().as_encoded_bytes());
                }
            }
        }
        let mut named: Vec<(&Path, &PathBuf)> =
            named.iter().map(|path| (short(path, &own), path)).collect();
        named.sort();
        for (name, path) in named.iter().filter(|(_, path)| path.is_file()) {
            let bytes = lockgate_seclang::read(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            add(&mut hash, name.as_os_str().as_encoded_bytes());
            add(&mut hash, &bytes);
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

fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// The image with this digest: the one that is kept, in the process or in `folder`, or what `make`
/// makes. It is kept where the files are still those of the digest after they were read (`still`). A
/// folder that cannot be written costs the next start time, nothing else.
///
/// # Errors
/// Those of `make`.
pub(crate) fn get_or_make(
    digest: &Digest,
    folder: Option<&Path>,
    make: impl FnOnce() -> Result<Vec<u8>, Vec<Fault>>,
    still: impl FnOnce() -> bool,
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
            if !still() {
                return Ok(image);
            }
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

/// What tells this build from another, whose compiler may make another image of the same rules: the
/// SHA-256 of the program that runs. Where that cannot be read nothing is taken over from other processes.
fn this_build() -> [u8; 32] {
    static BUILD: LazyLock<[u8; 32]> = LazyLock::new(|| {
        let program = || -> io::Result<[u8; 32]> {
            // What runs, also where another build lies in its place by now.
            let link = Path::new("/proc/self/exe");
            let own = std::env::current_exe();
            let mut file = File::open(link).or_else(|_| File::open(own?))?;
            let mut hash = Sha256::new();
            io::copy(&mut file, &mut hash)?;
            Ok(hash.finalize().into())
        };
        program().unwrap_or_else(|_| {
            let mut hash = Sha256::new();
            hash.update(std::process::id().to_le_bytes());
            hash.update(format!("{:?}", std::time::SystemTime::now()));
            hash.finalize().into()
        })
    });
    *BUILD
}

fn entry(folder: &Path, digest: &Digest) -> PathBuf {
    let name: String = digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(name + EXTENSION)
}

/// An image of the folder: one that nobody else can have written, whole.
fn read(folder: &Path, digest: &Digest) -> Option<Vec<u8>> {
    let path = entry(folder, digest);
    if !lockgate_own_files::is_own(&path) {
        return None;
    }
    let mut image = std::fs::read(&path).ok()?;
    // Behind the image stands its own digest: a machine may have stopped in the middle.
    let sum = image.split_off(image.len().checked_sub(SUM_BYTES)?);
    (Sha256::digest(&image).as_slice() == sum).then_some(image)
}

fn write(folder: &Path, digest: &Digest, image: &[u8]) -> io::Result<()> {
    let sum = Sha256::digest(image);
    lockgate_own_files::put(&entry(folder, digest), &[image, &sum])?;
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
