//! The text files of the checkout.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// A text file: where it is, with `/` and from the top, and what is in it.
pub(super) struct File {
    /// Such as `xtask/src/main.rs`.
    pub(super) path: String,
    /// The whole text.
    pub(super) text: String,
}

impl File {
    /// True if the path ends with a dot and `extension`.
    pub(super) fn is(&self, extension: &str) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, end)| end == extension)
    }
}

/// What a person writes here, by its ending.
const ENDINGS: [&str; 14] = [
    "c", "conf", "css", "html", "js", "json", "md", "rs", "sh", "toml", "txt", "vcl", "wit", "yml",
];

/// Folders that tools fill.
const MADE: [&str; 4] = ["target", "dist", "node_modules", "corpus"];

/// A larger file is data.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// All text files under `root`, in the order of their paths.
///
/// # Errors
/// When a folder or a file cannot be read.
pub(super) fn all(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn collect(folder: &Path, path: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let own = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}/{name}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let hidden = name.starts_with('.') && ![".ci", ".cargo", ".github"].contains(&&*name);
            if !hidden && !MADE.contains(&&*name) {
                collect(&entry.path(), &own, files)?;
            }
            continue;
        }
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let wanted = ENDINGS.contains(&ending) || path == ".ci";
        if kind.is_file() && wanted && entry.metadata()?.len() <= FILE_BYTES_MAX {
            let bytes = match fs::read(entry.path()) {
                // Somebody's temporary file, gone by now.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                bytes => bytes.with_context(|| own.clone())?,
            };
            files.push(File {
                path: own,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            });
        }
    }
    Ok(())
}
