//! `lockgate rules diff`: what differs between two versions, or between a version and a folder.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_versions::{RulePath, Snapshot, sha256_hex};
use serde_json::{Value, json};
use similar::TextDiff;

use super::remote::{Gateway, Remote};
use super::versions::{file, files};
use crate::cli::config::print;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The old side: a version's number, `current`, or a folder
    a: String,
    /// The new side, likewise
    b: String,
    /// As JSON: an object for each file that differs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

/// One side: the digests of its files, and where their bytes are.
struct Side<'a> {
    name: &'a str,
    digests: BTreeMap<RulePath, String>,
    bytes: Bytes,
}

enum Bytes {
    Version(u64),
    Folder(Snapshot),
}

/// A file that differs.
struct Differing {
    path: RulePath,
    change: &'static str,
    text: String,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let gateway = args.remote.gateway()?;
    let (a, b) = (side(&args.a, &gateway)?, side(&args.b, &gateway)?);
    let found = differing(&gateway, &a, &b)?;
    if args.json {
        let files: Vec<Value> = found
            .iter()
            .map(|file| json!({ "path": file.path, "change": file.change, "diff": file.text }))
            .collect();
        return print(&format!("{}\n", serde_json::to_string_pretty(&files)?));
    }
    print(
        &found
            .iter()
            .map(|file| file.text.as_str())
            .collect::<String>(),
    )
}

fn side<'a>(name: &'a str, gateway: &Gateway) -> anyhow::Result<Side<'a>> {
    if Path::new(name).is_dir() {
        let snapshot = Snapshot::read(Path::new(name))?;
        let digests = snapshot
            .files()
            .map(|(path, bytes)| (path.clone(), sha256_hex(bytes)));
        return Ok(Side {
            name,
            digests: digests.collect(),
            bytes: Bytes::Folder(snapshot),
        });
    }
    let number = gateway.number(name)?;
    let version = gateway.get(&format!("/rules/versions/{number}"))?;
    let digests = files(&version)?
        .into_iter()
        .map(|(path, _, sha256)| (path, sha256));
    Ok(Side {
        name,
        digests: digests.collect(),
        bytes: Bytes::Version(number),
    })
}

impl Side<'_> {
    /// A file's bytes; nothing where there is no such file.
    fn file(&self, gateway: &Gateway, path: &RulePath) -> anyhow::Result<Vec<u8>> {
        if !self.digests.contains_key(path) {
            return Ok(Vec::new());
        }
        match &self.bytes {
            Bytes::Version(number) => file(gateway, *number, path.as_str()),
            Bytes::Folder(snapshot) => Ok(snapshot.file(path).unwrap_or_default().to_vec()),
        }
    }

    /// How a diff names a file of this side.
    fn named(&self, path: &RulePath) -> String {
        if self.digests.contains_key(path) {
            format!("{}/{path}", self.name)
        } else {
            "/dev/null".to_owned()
        }
    }
}

fn differing(gateway: &Gateway, a: &Side<'_>, b: &Side<'_>) -> anyhow::Result<Vec<Differing>> {
    let mut paths: Vec<&RulePath> = a.digests.keys().chain(b.digests.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut found = Vec::new();
    for path in paths {
        let change = match (a.digests.get(path), b.digests.get(path)) {
            (old, new) if old == new => continue,
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let (old, new) = (a.file(gateway, path)?, b.file(gateway, path)?);
        found.push(Differing {
            path: path.clone(),
            change,
            text: unified((&a.named(path), &old), (&b.named(path), &new)),
        });
    }
    Ok(found)
}

/// A unified diff; of what is no text, one line.
fn unified((a, old): (&str, &[u8]), (b, new): (&str, &[u8])) -> String {
    let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else {
        return format!("Binary files {a} and {b} differ\n");
    };
    let diff = TextDiff::from_lines(old, new);
    let lines = diff.unified_diff().header(a, b).to_string();
    if lines.is_empty() {
        // An empty file that came or went has no lines to show.
        return format!("--- {a}\n+++ {b}\n");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_diff_is_unified() {
        let text = unified(("1/a.toml", b"one\ntwo\n"), ("2/a.toml", b"one\nthree\n"));
        assert_eq!(
            text,
            "--- 1/a.toml\n+++ 2/a.toml\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"
        );
        assert_eq!(
            unified(("/dev/null", b""), ("2/a", b"")),
            "--- /dev/null\n+++ 2/a\n"
        );
        assert!(unified(("1/a", b"\xff"), ("2/a", b"x")).starts_with("Binary files"));
    }
}
