//! Where things are: the checkout, what was built, and the folder that the benchmark works in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The folders of a run.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    root: PathBuf,
    folder: PathBuf,
}

impl Work {
    /// Makes `target/bench/`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn new() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .context("the package lies in no checkout")?
            .to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |target| root.join(target));
        let folder = target.join("bench");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self { root, folder })
    }

    /// The top folder of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file of this package, such as `peers/nginx.conf`.
    pub(crate) fn own(&self, path: &str) -> PathBuf {
        self.root.join("bench").join(path)
    }

    /// A file of `dist/`.
    ///
    /// # Errors
    /// When it was not built.
    pub(crate) fn dist(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join("dist").join(name);
        ensure!(
            path.is_file(),
            "dist/{name} is missing: run `cargo xtask build`"
        );
        Ok(path)
    }

    /// The work folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A folder in the work folder, made when it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn subfolder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// The same, emptied.
    ///
    /// # Errors
    /// When it cannot be emptied or made.
    pub(crate) fn fresh_subfolder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
        }
        self.subfolder(name)
    }
}

/// Cuts a growing log to nothing; whoever appends to it goes on at its start.
pub(crate) fn cut(log: &Path) {
    // A server that writes no log has no such file.
    if let Ok(file) = fs::OpenOptions::new().write(true).open(log) {
        let _ = file.set_len(0);
    }
}
