//! `lockgate rules audit`: whether the audit log stands, and what is in it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lockgate_versions::audit::{Entry, Outcome, Verified, Verifier, verify};
use serde_json::{Value, json};

use super::remote::{Gateway, Remote, text};
use crate::cli::config::print;

/// Lines that are asked for at once.
const PAGE: usize = 1000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of versions, or its `audit.jsonl`, to read from the disk; without it, the gateway is asked
    #[arg(conflicts_with = "admin")]
    folder: Option<PathBuf>,
    /// A head hash that was noted before: it must be in the log
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
    /// Show so many of the last entries
    #[arg(long, default_value_t = 20)]
    last: usize,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let known = args.head.as_deref().unwrap_or_default();
    let mut entries = Vec::new();
    let mut keep = |entry: Entry| {
        entries.push(entry);
        // Twice as many as are shown, so that the front goes in one piece.
        if entries.len() >= args.last.saturating_mul(2).max(PAGE) {
            entries.drain(..entries.len().saturating_sub(args.last));
        }
    };
    let verified = match &args.folder {
        Some(folder) => of_folder(folder, known, &mut keep)?,
        None => of_gateway(&args.remote.gateway()?, known, &mut keep)?,
    };
    entries.drain(..entries.len().saturating_sub(args.last));
    let faults = faults(&verified, args.head.as_deref());
    if args.json {
        let head = &verified.head;
        let report = json!({ "head": head, "faults": faults, "last": entries });
        print(&format!("{}\n", serde_json::to_string_pretty(&report)?))?;
    } else {
        print(&as_lines(&entries))?;
    }
    anyhow::ensure!(
        faults.is_empty(),
        "the audit log does not stand\n{}",
        faults.join("\n")
    );
    if args.json {
        return Ok(());
    }
    let mut said = format!(
        "ok: {} entries, head {}\n",
        verified.head.seq, verified.head.hash
    );
    if let Some(at) = verified.known_at {
        let newer = verified.head.seq.saturating_sub(at);
        // Formatting into a string does not fail.
        let _ = writeln!(
            said,
            "the head that was noted is entry {at}; {newer} are newer"
        );
    }
    print(&said)
}

fn of_folder(folder: &Path, known: &str, keep: &mut impl FnMut(Entry)) -> anyhow::Result<Verified> {
    let file = if folder.is_dir() {
        folder.join("audit.jsonl")
    } else {
        folder.to_owned()
    };
    let cannot = || format!("cannot read {}", file.display());
    let log = File::open(&file).with_context(cannot)?;
    verify(BufReader::new(log), known, keep).with_context(cannot)
}

/// Follows the chain here: the gateway's word is not taken for it.
fn of_gateway(
    gateway: &Gateway,
    known: &str,
    keep: &mut impl FnMut(Entry),
) -> anyhow::Result<Verified> {
    let mut verifier = Verifier::default();
    let mut known_at = None;
    loop {
        let after = verifier.head().seq;
        let page = gateway.get(&format!("/rules/audit?after={after}&limit={PAGE}"))?;
        for line in page["lines"].as_array().into_iter().flatten() {
            match verifier.line(text(line)) {
                Ok(entry) => keep(entry),
                Err(fault) => return Ok(finished(&verifier, Some(fault), known_at)),
            }
            if verifier.head().hash == known {
                known_at = Some(verifier.head().seq);
            }
        }
        if page["more"] != Value::Bool(true) {
            return Ok(finished(&verifier, None, known_at));
        }
        anyhow::ensure!(
            verifier.head().seq > after,
            "the gateway's answer has no lines"
        );
    }
}

fn finished(
    verifier: &Verifier,
    fault: Option<lockgate_versions::audit::Fault>,
    known_at: Option<u64>,
) -> Verified {
    Verified {
        head: verifier.head().clone(),
        fault,
        known_at,
    }
}

/// What is wrong, for people.
fn faults(verified: &Verified, known: Option<&str>) -> Vec<String> {
    let mut faults = Vec::new();
    faults.extend(verified.fault.as_ref().map(ToString::to_string));
    if let (Some(known), None) = (known, verified.known_at) {
        faults.push(format!(
            "no entry has the hash {known}: the log was cut off at its end, or written anew"
        ));
    }
    faults
}

/// A line an entry, its reason below it.
fn as_lines(entries: &[Entry]) -> String {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    };
    let mut lines = String::new();
    for entry in entries {
        let version = entry
            .version
            .map_or_else(String::new, |version| format!("version {version}"));
        let result = match entry.result {
            Outcome::Done => "done",
            Outcome::Refused => "REFUSED",
        };
        // Formatting into a string does not fail.
        let _ = write!(
            lines,
            "{:>5}  {}  {:12}  {:8}  {version:12}  {result:7}  {}",
            entry.seq,
            plain(&entry.time),
            plain(&entry.actor),
            entry.action,
            plain(&entry.message)
        );
        lines.truncate(lines.trim_end().len());
        lines.push('\n');
        if !entry.reason.is_empty() {
            let _ = writeln!(lines, "       {}", plain(&entry.reason));
        }
    }
    lines
}
