//! Looking at other files in place of those of a folder: rules that are not in force yet are loaded as they would
//! be from their own folder.

use std::path::{Component, Path, PathBuf};

/// A folder, and the one whose files are read in its place. What the files name outside of the folder is what they
/// would name from their own place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// The folder that the configuration names.
    pub folder: PathBuf,
    /// The one with the files to read.
    pub files: PathBuf,
}

impl Instead {
    /// The file to read for one that the configuration names.
    #[must_use]
    pub fn place(&self, file: &Path) -> PathBuf {
        match self.within(file) {
            Some(rest) => self.files.join(rest).components().collect(),
            None => file.to_owned(),
        }
    }

    /// Whether a file is one of those that are read in place of the folder's.
    pub(crate) fn is_inside(&self, file: &Path) -> bool {
        let mut parts = file.components();
        file.starts_with(&self.files) && !parts.any(|part| part == Component::ParentDir)
    }

    /// The folder that relative paths in a file of `folder` start from.
    pub(crate) fn own(&self, folder: &Path) -> PathBuf {
        match folder.strip_prefix(&self.files) {
            Ok(rest) => self.folder.join(rest).components().collect(),
            Err(_) => folder.to_owned(),
        }
    }

    /// The way from the folder to a file within it, however the file is named.
    fn within(&self, file: &Path) -> Option<PathBuf> {
        let is_plain = |path: &Path| {
            path.components()
                .all(|part| matches!(part, Component::Normal(_)))
        };
        if let Ok(rest) = file.strip_prefix(&self.folder)
            && is_plain(rest)
        {
            return Some(rest.to_owned());
        }
        let parent = match file.parent()? {
            here if here == Path::new("") => Path::new("."),
            parent => parent,
        };
        let parent = parent.canonicalize().ok()?;
        let rest = parent.strip_prefix(self.folder.canonicalize().ok()?).ok()?;
        Some(rest.join(file.file_name()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_folder_are_read_elsewhere_however_they_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(path("rules/sub")).unwrap();
        std::fs::create_dir_all(path("other")).unwrap();
        std::os::unix::fs::symlink(path("rules"), path("link")).unwrap();
        let instead = Instead {
            folder: path("rules"),
            files: path("new"),
        };
        for (named, read) in [
            ("rules/a.toml", "new/a.toml"),
            ("rules/sub/b.txt", "new/sub/b.txt"),
            ("rules/not-there-yet/c.txt", "new/not-there-yet/c.txt"),
            ("other/../rules/a.toml", "new/a.toml"),
            ("link/sub/b.txt", "new/sub/b.txt"),
            ("rules", "new"),
            ("rules/../crs/rules", "rules/../crs/rules"),
            ("rules2/a.toml", "rules2/a.toml"),
        ] {
            assert_eq!(instead.place(&path(named)), path(read), "{named}");
        }
        assert_eq!(instead.own(&path("new/sub")), path("rules/sub"));
        assert_eq!(instead.own(&path("other")), path("other"));
    }
}
