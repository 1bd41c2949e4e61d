//! A folder of this process.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A folder of this process, gone when it ends.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let name = format!("lockgate-{}-{}", std::process::id(), uuid::Uuid::new_v4());
        let folder = std::env::temp_dir().join(name);
        make_private(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is only in the way of nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
