//! Configurations in a folder of their own.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::fs;
use std::path::PathBuf;

use lockgate_config::{Loaded, Refused, Sources, load};
use tempfile::TempDir;

/// A folder with files.
pub(crate) struct Folder {
    dir: TempDir,
}

impl Folder {
    /// Writes each `(name, text)`.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self {
            dir: TempDir::new().expect("a temporary folder"),
        };
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    /// Writes one file, and the folders on the way.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let file = self.path(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("folders");
        fs::write(file, bytes).expect("a file");
    }

    /// The path of a file of the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Loads `gateway.toml` with overlays and variables.
    pub(crate) fn load_with(
        &self,
        overlays: &[&str],
        env: &[(&str, &str)],
    ) -> Result<Loaded, Refused> {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        load(&Sources {
            base: self.path("gateway.toml"),
            overlays: overlays.iter().map(|name| self.path(name)).collect(),
            env: env.iter().map(text).collect(),
        })
    }

    /// Loads `gateway.toml` alone.
    pub(crate) fn load(&self) -> Result<Loaded, Refused> {
        self.load_with(&[], &[])
    }

    /// A text without the path of the folder.
    pub(crate) fn strip(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.dir.path().display()), "")
    }

    /// The faults as they are shown, without the path of the folder. None when there are none.
    pub(crate) fn faults(&self, loaded: Result<Loaded, Refused>) -> Vec<String> {
        match loaded {
            Ok(_) => Vec::new(),
            Err(refused) => refused
                .faults
                .iter()
                .map(|fault| self.strip(&fault.to_string()))
                .collect(),
        }
    }
}
