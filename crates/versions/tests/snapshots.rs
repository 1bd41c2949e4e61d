//! Folders and lists of files that are versions, and those that are not.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use lockgate_versions::{BYTES_MAX, FILES_MAX, RulePath, Snapshot, SnapshotError};

fn put(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn path(text: &str) -> RulePath {
    RulePath::new(text).unwrap()
}

#[test]
fn a_folder_is_read_without_hidden_files_and_copies() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "a.toml",
        "sub/b.txt",
        ".git/config",
        "a.toml~",
        ".a.toml.swp",
    ] {
        put(folder.path(), name, name);
    }
    let snapshot = Snapshot::read(folder.path()).unwrap();
    let paths: Vec<&str> = snapshot.files().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["a.toml", "sub/b.txt"]);
    assert_eq!(snapshot.file(&path("a.toml")), Some(b"a.toml".as_slice()));
}

#[test]
fn the_digest_is_of_paths_and_bytes() {
    let of = |files: &[(&str, &str)]| {
        let files = files
            .iter()
            .map(|(name, text)| (path(name), text.as_bytes().to_vec()));
        Snapshot::from_files(files).unwrap().digest()
    };
    let one = of(&[("a", "1"), ("b", "2")]);
    assert_eq!(
        one,
        of(&[("b", "2"), ("a", "1")]),
        "the order does not matter"
    );
    for other in [
        of(&[("a", "2"), ("b", "1")]),
        of(&[("a", "1"), ("c", "2")]),
        of(&[("a", "1")]),
        of(&[]),
    ] {
        assert_ne!(one, other);
    }
    // So that anybody can make it: `sha256sum` lines with one space.
    let line = format!("{} a\n", lockgate_versions::sha256_hex(b"1"));
    assert_eq!(
        of(&[("a", "1")]),
        lockgate_versions::sha256_hex(line.as_bytes())
    );
}

#[test]
fn links_and_devices_are_refused_by_name() {
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "secret", "secret");
    for (name, target) in [
        ("file.toml", outside.path().join("secret")),
        ("folder", outside.path().to_owned()),
        ("nowhere", outside.path().join("nothing")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        symlink(&target, folder.path().join(name)).unwrap();
        let error = Snapshot::read(folder.path()).unwrap_err();
        assert!(matches!(error, SnapshotError::Kind(_)), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(matches!(
        Snapshot::read(folder.path()),
        Err(SnapshotError::Kind(_))
    ));
}

#[test]
fn names_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder
            .path()
            .join(std::ffi::OsStr::from_bytes(b"\xff.toml")),
        "",
    )
    .unwrap();
    assert!(matches!(
        Snapshot::read(folder.path()),
        Err(SnapshotError::Path(_))
    ));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a\nb.toml"), "").unwrap();
    assert!(matches!(
        Snapshot::read(folder.path()),
        Err(SnapshotError::Path(_))
    ));
}

#[test]
fn too_many_files_and_bytes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..FILES_MAX {
        put(folder.path(), &format!("{number}.txt"), "");
    }
    assert_eq!(Snapshot::read(folder.path()).unwrap().len(), FILES_MAX);
    put(folder.path(), "one-more.txt", "");
    assert!(matches!(
        Snapshot::read(folder.path()),
        Err(SnapshotError::Files)
    ));

    let folder = tempfile::tempdir().unwrap();
    let sparse = fs::File::create(folder.path().join("big.txt")).unwrap();
    sparse.set_len(BYTES_MAX).unwrap();
    assert!(Snapshot::read(folder.path()).is_ok());
    put(folder.path(), "b.txt", "x");
    assert!(matches!(
        Snapshot::read(folder.path()),
        Err(SnapshotError::Bytes)
    ));
    // A file that is endless does not fill the memory.
    sparse.set_len(1 << 40).unwrap();
    assert!(matches!(
        Snapshot::read(folder.path()),
        Err(SnapshotError::Bytes)
    ));

    let many = (0..=FILES_MAX).map(|number| (path(&number.to_string()), Vec::new()));
    assert!(matches!(
        Snapshot::from_files(many),
        Err(SnapshotError::Files)
    ));
}

#[test]
fn a_list_that_fits_no_folder_is_refused() {
    let files = |names: &[&str]| {
        Snapshot::from_files(
            names
                .iter()
                .map(|name| (path(name), Vec::new()))
                .collect::<Vec<_>>(),
        )
    };
    assert!(matches!(files(&["a", "a"]), Err(SnapshotError::Twice(_))));
    assert!(matches!(
        files(&["a", "a/b"]),
        Err(SnapshotError::FileAndFolder(_))
    ));
    // Others sort between the two.
    assert!(matches!(
        files(&["a", "a.b", "a-b", "a/b/c"]),
        Err(SnapshotError::FileAndFolder(_))
    ));
    assert!(files(&["a", "ab/c", "a.b"]).is_ok());
}
