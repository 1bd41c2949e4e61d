//! Writing what was imported: whole or not at all, since a gateway may read it at any time.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lockgate_config::RulesFile;

use crate::cli::config::print;

/// Writes rules to a file, or to standard output, once they have been loaded and compiled as a
/// gateway does.
///
/// # Errors
/// Rules that do not load, which is an error of the import and no user's; then nothing is written.
pub(super) fn rules(text: &str, out: Option<&Path>) -> anyhow::Result<()> {
    let folder = out.and_then(Path::parent).map(Path::to_owned);
    let tried = Unfinished::write(
        &folder.unwrap_or_else(std::env::temp_dir),
        "rules.toml",
        text,
    )?;
    loads(&tried.0).context("the import made rules that do not load, nothing is written")?;
    match out {
        Some(out) => tried.becomes(out),
        None => print(text),
    }
}

/// Writes a text to a file. The file keeps its permissions.
///
/// # Errors
/// Where it cannot be written; then the old file is as it was.
pub(super) fn replace(file: &Path, text: &str) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    Unfinished::write(folder, "list.txt", text)?.becomes(file)
}

/// The text of a file; nothing where there is none.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn old(file: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn loads(file: &Path) -> anyhow::Result<()> {
    let loaded = lockgate_config::load_rules(&[file.to_owned()])?;
    let files: Vec<(&Path, &RulesFile)> = loaded
        .iter()
        .map(|(file, rules)| (file.as_path(), rules))
        .collect();
    let compiled = lockgate_compile::compile_rules(&files);
    compiled.map(drop).map_err(anyhow::Error::msg)
}

/// A file beside the one that it becomes, removed unless it does.
struct Unfinished(PathBuf);

impl Unfinished {
    fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<Self> {
        let file = folder.join(format!(".{}-{name}", std::process::id()));
        let unfinished = Self(file);
        let written = File::create(&unfinished.0).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.with_context(|| format!("cannot write {}", unfinished.0.display()))?;
        Ok(unfinished)
    }

    fn becomes(self, file: &Path) -> anyhow::Result<()> {
        let permissions = fs::metadata(file).map(|old| old.permissions());
        let kept = permissions.map_or(Ok(()), |old| fs::set_permissions(&self.0, old));
        kept.and_then(|()| fs::rename(&self.0, file))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Fails where it has become another file already.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const RULE: &str = "[[rules]]\nname = \"a\"\npriority = 1\naction = \"block\"\n\
                        when = 'path == \"/a\"'\n";

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn rules_are_written_only_where_they_load() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.toml");
        rules(RULE, Some(&out)).unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), RULE);
        let broken = RULE.replace("path ==", "path =");
        let error = rules(&broken, Some(&out)).unwrap_err();
        assert!(format!("{error:#}").contains("do not load"), "{error:#}");
        assert_eq!(fs::read_to_string(&out).unwrap(), RULE);
        assert_eq!(names(folder.path()), ["out.toml"]);
    }

    #[test]
    fn a_list_is_replaced_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("list.txt");
        assert_eq!(old(&out).unwrap(), None);
        replace(&out, "a\n").unwrap();
        fs::set_permissions(&out, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&out, "b\n").unwrap();
        assert_eq!(old(&out).unwrap().as_deref(), Some("b\n"));
        let mode = fs::metadata(&out).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(names(folder.path()), ["list.txt"]);
        assert!(replace(&folder.path().join("none/list.txt"), "c\n").is_err());
    }
}
