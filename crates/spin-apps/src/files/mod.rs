//! Files that a component may read: folders as they are, and copies of what patterns mean.
//!
//! A folder at a path of its own is shown as it is. What patterns name is copied to a folder of
//! the app when it starts, as Spin does, because a component is shown folders only.

pub mod glob;

use std::path::{Component as Part, Path, PathBuf};

use anyhow::Context as _;

use super::manifest::{Component, Mount};

/// The most files that patterns may mean.
const FILES_MAX: usize = 100_000;

/// A folder that a component sees.
#[derive(Debug, Clone)]
pub(super) struct Mounted {
    /// The folder.
    pub folder: PathBuf,
    /// Its path for the component.
    pub path: String,
}

/// Prepares the files of a component; copies go below `scratch`.
///
/// # Errors
/// What is not there, or cannot be copied.
pub(super) fn prepare(
    component: &Component,
    folder: &Path,
    scratch: &Path,
) -> anyhow::Result<Vec<Mounted>> {
    let mut mounted = Vec::new();
    let mut copies = Copies {
        folder,
        to: scratch.join(&component.id),
        excluded: component
            .exclude_files
            .iter()
            .map(|pattern| pattern.value.clone())
            .collect(),
        count: 0,
    };
    for mount in &component.files {
        let told = |error: anyhow::Error| anyhow::anyhow!("{}", mount.fault(format!("{error:#}")));
        match &mount.value {
            Mount::Pattern(pattern) => copies.pattern(pattern).map_err(told)?,
            Mount::Place {
                source,
                destination,
            } => {
                let from = folder.join(source);
                let meta = std::fs::metadata(&from)
                    .with_context(|| format!("cannot read {source:?}"))
                    .map_err(told)?;
                let at = destination.trim_end_matches('/');
                if meta.is_dir() && !at.is_empty() && copies.excluded.is_empty() {
                    mounted.push(Mounted {
                        folder: from,
                        path: at.to_owned(),
                    });
                } else {
                    copies.tree(&from, source, at).map_err(told)?;
                }
            }
        }
    }
    if copies.count > 0 {
        mounted.push(Mounted {
            folder: copies.to,
            path: "/".to_owned(),
        });
    }
    Ok(mounted)
}

struct Copies<'a> {
    folder: &'a Path,
    to: PathBuf,
    excluded: Vec<String>,
    count: usize,
}

impl Copies<'_> {
    fn pattern(&mut self, pattern: &str) -> anyhow::Result<()> {
        let base = glob::base(pattern);
        anyhow::ensure!(
            stays_below(Path::new(pattern)),
            "a pattern is relative and stays below the manifest's folder"
        );
        if base.trim_matches('/') == pattern.trim_start_matches("./").trim_matches('/') {
            // A plain file or folder.
            return self.tree(&self.folder.join(&base), &base, &base);
        }
        let before = self.count;
        for path in walk(&self.folder.join(&base), &base)? {
            if glob::matches(pattern, &path) && !self.is_excluded(&path) {
                self.copy(&self.folder.join(&path), &path)?;
            }
        }
        anyhow::ensure!(self.count > before, "no file matches {pattern:?}");
        Ok(())
    }

    /// A file or all files of a folder, from `source` (as it was named) to `at`.
    fn tree(&mut self, from: &Path, source: &str, at: &str) -> anyhow::Result<()> {
        let meta = std::fs::metadata(from).with_context(|| format!("cannot read {source:?}"))?;
        if meta.is_file() {
            return self.copy(from, at);
        }
        for path in walk(from, "")? {
            if !self.is_excluded(&format!("{}/{path}", source.trim_end_matches('/'))) {
                self.copy(&from.join(&path), &format!("{at}/{path}"))?;
            }
        }
        Ok(())
    }

    fn is_excluded(&self, path: &str) -> bool {
        self.excluded
            .iter()
            .any(|pattern| glob::matches(pattern, path))
    }

    fn copy(&mut self, from: &Path, at: &str) -> anyhow::Result<()> {
        self.count += 1;
        anyhow::ensure!(self.count <= FILES_MAX, "more than {FILES_MAX} files");
        let at = Path::new(at.trim_start_matches('/'));
        anyhow::ensure!(stays_below(at), "{} leaves its folder", at.display());
        let to = self.to.join(at);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(from, &to)
            .map(|_| ())
            .with_context(|| format!("cannot copy {}", from.display()))
    }
}

fn stays_below(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Part::Normal(_) | Part::CurDir))
}

/// The paths of all files below a folder, each beginning with `prefix`.
fn walk(folder: &Path, prefix: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), prefix.to_owned())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read the folder {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                continue;
            };
            let path = if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}/{name}")
            };
            // Links are not followed into folders: they could lead in circles.
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), path));
            } else if entry.path().is_file() {
                found.push(path);
            }
            anyhow::ensure!(
                found.len() + folders.len() <= FILES_MAX,
                "more than {FILES_MAX} files in {}",
                folder.display()
            );
        }
    }
    found.sort();
    Ok(found)
}
