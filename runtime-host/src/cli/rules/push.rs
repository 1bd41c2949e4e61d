//! `lockgate rules push`: a folder as a new version.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockgate_versions::Snapshot;
use serde_json::{Value, json};

use super::remote::{Gateway, Remote, text};
use crate::cli::config::print;

/// The file that remembers which version a folder was made from. It is hidden, and no part of a version.
const BASE_FILE: &str = ".lockgate-base";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder with rule files, their cases, lists and directives: all of a version
    folder: PathBuf,
    /// Why
    #[arg(short, long, default_value = "")]
    message: String,
    /// Store it and do not put it in force: `lockgate rules publish` does
    #[arg(long)]
    draft: bool,
    /// The version that the folder was made from; unless given, the one that was pushed from it or got into it last
    #[arg(long, value_name = "N")]
    base: Option<String>,
    /// Put it in force whatever is in force now
    #[arg(long)]
    force: bool,
    /// The answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let snapshot = Snapshot::read(&args.folder)?;
    anyhow::ensure!(
        !snapshot.is_empty(),
        "{} holds no files",
        args.folder.display()
    );
    let gateway = args.remote.gateway()?;
    let base = if args.draft || args.force {
        None
    } else {
        base(args, &gateway)?
    };
    let files: Vec<Value> = snapshot
        .files()
        .map(|(path, bytes)| json!({ "path": path, "base64": STANDARD.encode(bytes) }))
        .collect();
    let target = if args.draft {
        "/rules/drafts"
    } else {
        "/rules/versions"
    };
    let body =
        json!({ "message": args.message, "base": base, "force": args.force, "files": files });
    let answer = gateway.post(target, &body)?;
    if !args.draft {
        remember(&args.folder, text(&answer["digest"]));
    }
    told(&answer, args.json)
}

/// The digest of the version that the folder was made from.
fn base(args: &Args, gateway: &Gateway) -> anyhow::Result<Option<String>> {
    if let Some(name) = &args.base {
        let number = gateway.number(name)?;
        let version = gateway.get(&format!("/rules/versions/{number}"))?;
        return Ok(Some(text(&version["digest"]).to_owned()));
    }
    if let Ok(remembered) = std::fs::read_to_string(args.folder.join(BASE_FILE)) {
        return Ok(Some(remembered.trim().to_owned()));
    }
    let current = gateway.current()?.map(|version| version.number);
    anyhow::ensure!(
        current.is_none(),
        "version {0} is in force, and {1} does not say which version it was made from; look at \
         `lockgate rules diff {0} {1}`, then push with --base {0}",
        current.unwrap_or_default(),
        args.folder.display()
    );
    Ok(None)
}

/// Remembers which version a folder holds. A folder that cannot be written to is asked for its base next time.
pub(super) fn remember(folder: &Path, digest: &str) {
    let file = folder.join(BASE_FILE);
    let written = std::fs::write(&file, format!("{digest}\n"));
    if let Err(error) = written.with_context(|| format!("cannot write {}", file.display())) {
        eprintln!("note: {error:#}; the next push needs --base");
    }
}

/// Says what came of a change.
pub(super) fn told(answer: &Value, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return print(&format!("{}\n", serde_json::to_string_pretty(answer)?));
    }
    let version = &answer["version"];
    let said = if answer["unchanged"] == true {
        format!("version {version} is in force already, with the same files\n")
    } else if answer["in_force"] == true {
        format!(
            "version {version} is in force: bundle {}, {} ms\n",
            text(&answer["bundle"]),
            answer["took_ms"]
        )
    } else {
        format!(
            "version {version} is stored: `lockgate rules publish {version}` puts it in force\n"
        )
    };
    print(&said)
}
