//! Files that a process makes for its next start: compiled components, compiled rules. They are believed
//! without another look, so they are read only where nobody else can have written them, and are there whole
//! or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Whether a regular file is there that neither another user nor a group of users can have written or put
/// there: it and its folder are this user's own, and nobody else may write to them.
#[must_use]
pub fn is_own(file: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    let own = |path: &Path| {
        fs::metadata(path).is_ok_and(|meta| meta.uid() == user && meta.mode() & 0o022 == 0)
    };
    file.is_file() && own(file) && file.parent().is_some_and(own)
}

/// Writes a file, `parts` one behind the other, for this user alone; the folder too, where it is missing.
/// Whoever looks finds all of it or what was there before.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn put(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let unfinished = file.with_extension(format!("{}.tmp", std::process::id()));
    let mut opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    for part in parts {
        opened.write_all(part)?;
    }
    fs::rename(&unfinished, file)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_is_whole_and_this_users_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("a").join("store");
        let file = store.join("x.bin");
        put(&file, &[b"one ", b"two"]).unwrap();
        put(&file, &[b"three"]).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"three");
        assert_eq!(fs::read_dir(&store).unwrap().count(), 1);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&store).unwrap().mode() & 0o777, 0o700);
        assert!(is_own(&file));
    }

    #[test]
    fn what_others_can_write_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let file = store.join("x.bin");
        put(&file, &[b"x"]).unwrap();
        for (path, bad, good) in [
            (&file, 0o602, 0o600),
            (&file, 0o620, 0o600),
            (&store, 0o720, 0o700),
        ] {
            allow(path, bad);
            assert!(!is_own(&file), "{path:?} {bad:o}");
            allow(path, good);
            assert!(is_own(&file));
        }
        assert!(!is_own(&store.join("none")) && !is_own(&store));
    }
}
