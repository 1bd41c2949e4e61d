//! `lockgate rules list` and `show`: what there is.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lockgate_versions::RulePath;
use serde_json::Value;

use super::counted;
use super::push::remember;
use super::remote::{Gateway, Remote, encoded, shown, text};
use crate::cli::config::print;

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Most versions that are shown, the newest first
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    /// The version: its number, or `current`
    version: String,
    /// Write one of its files to standard output
    #[arg(long, value_name = "PATH")]
    file: Option<String>,
    /// Write all of its files to this folder, which is made: the start of a change
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    out: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

pub(crate) fn list(args: &ListArgs) -> anyhow::Result<()> {
    let gateway = args.remote.gateway()?;
    let listed = gateway.get(&format!("/rules/versions?limit={}", args.limit))?;
    if args.json {
        return print(&format!("{}\n", serde_json::to_string_pretty(&listed)?));
    }
    print(&as_lines(&listed))
}

/// A line a version, then the audit log's head.
fn as_lines(listed: &Value) -> String {
    let mut text = String::new();
    // Formatting into a string does not fail.
    for version in listed["versions"].as_array().into_iter().flatten() {
        let _ = writeln!(text, "{}", line(version));
    }
    if listed["more"] == true {
        text.push_str("...\n");
    }
    for damaged in listed["damaged"].as_array().into_iter().flatten() {
        let _ = writeln!(text, "damaged: {}", shown(damaged));
    }
    let audit = &listed["audit"];
    let _ = writeln!(
        text,
        "\naudit: {} entries, head {}",
        audit["seq"],
        shown(&audit["hash"])
    );
    if audit["fault"].is_string() {
        let _ = writeln!(text, "audit: TAMPERED WITH: {}", shown(&audit["fault"]));
    }
    text
}

fn line(version: &Value) -> String {
    let state = match (version["in_force"] == true, version["draft"] == true) {
        (true, _) => "in force",
        (_, true) => "draft",
        _ => "",
    };
    let digest: String = shown(&version["digest"]).chars().take(12).collect();
    let number = version["version"].to_string();
    let (time, author) = (shown(&version["time"]), shown(&version["author"]));
    format!(
        "{number:>5}  {time}  {digest}  {state:8}  {author:12}  {}",
        shown(&version["message"])
    )
    .trim_end()
    .to_owned()
}

pub(crate) fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let gateway = args.remote.gateway()?;
    let number = gateway.number(&args.version)?;
    if let Some(path) = &args.file {
        let bytes = file(&gateway, number, path)?;
        return Ok(std::io::stdout().write_all(&bytes)?);
    }
    let version = gateway.get(&format!("/rules/versions/{number}"))?;
    if let Some(folder) = &args.out {
        let count = write_all(&gateway, number, &version, folder)?;
        remember(folder, text(&version["digest"]));
        return print(&format!(
            "version {number}: {} in {}\n",
            counted(count, "file"),
            folder.display()
        ));
    }
    if args.json {
        return print(&format!("{}\n", serde_json::to_string_pretty(&version)?));
    }
    let mut text = format!(
        "{}\ndigest {}\n\n",
        line(&version),
        shown(&version["digest"])
    );
    for (path, bytes, sha256) in files(&version)? {
        // Formatting into a string does not fail.
        let _ = writeln!(
            text,
            "{bytes:>9}  {}  {path}",
            sha256.get(..12).unwrap_or_default()
        );
    }
    print(&text)
}

/// The bytes of a version's file.
pub(super) fn file(gateway: &Gateway, number: u64, path: &str) -> anyhow::Result<Vec<u8>> {
    gateway.get_bytes(&format!("/rules/versions/{number}/files/{}", encoded(path)))
}

/// Path, size and digest of a version's files.
pub(super) fn files(version: &Value) -> anyhow::Result<Vec<(RulePath, u64, String)>> {
    let listed = version["files"]
        .as_array()
        .context("the gateway's answer lists no files")?;
    let file = |file: &Value| {
        let path = RulePath::new(text(&file["path"]))?;
        Ok((
            path,
            file["bytes"].as_u64().unwrap_or_default(),
            text(&file["sha256"]).to_owned(),
        ))
    };
    listed.iter().map(file).collect()
}

/// Writes a version's files to a folder that is empty or not there.
fn write_all(
    gateway: &Gateway,
    number: u64,
    version: &Value,
    folder: &Path,
) -> anyhow::Result<usize> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let is_empty = std::fs::read_dir(folder)?.next().is_none();
    anyhow::ensure!(is_empty, "{} is not empty", folder.display());
    let files = files(version)?;
    for (path, _, _) in &files {
        let to = path.below(folder);
        if let Some(above) = to.parent() {
            std::fs::create_dir_all(above)?;
        }
        let bytes = file(gateway, number, path.as_str())?;
        std::fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(files.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_says_what_is_in_force_and_what_is_a_draft() {
        let version = |number: u64, in_force: bool, draft: bool| {
            json!({
                "version": number, "time": "2026-11-21T04:24:29.007Z", "author": "alice", "message": "m\u{1b}[2J",
                "digest": "0123456789abcdef", "in_force": in_force, "draft": draft,
            })
        };
        let listed = json!({
            "versions": [version(12, false, true), version(11, true, false)],
            "more": true,
            "audit": { "seq": 4, "hash": "ab", "fault": "line 2: it was changed" },
        });
        assert_eq!(
            as_lines(&listed),
            "   12  2026-11-21T04:24:29.007Z  0123456789ab  draft     alice         m [2J\n   \
             11  2026-11-21T04:24:29.007Z  0123456789ab  in force  alice         m [2J\n\
             ...\n\naudit: 4 entries, head ab\naudit: TAMPERED WITH: line 2: it was changed\n"
        );
    }
}
