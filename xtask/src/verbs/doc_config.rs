//! `doc-config`: writes the configuration reference from the types.

use super::{Verb, only_flags};
use crate::{cargo, checkout, supervise};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::process::Stdio;

pub(super) const VERB: Verb = Verb {
    name: "doc-config",
    arguments: "[--check]",
    about: "write docs/configuration.md from the types of gateway.toml",
    details: "  --check  write nothing, fail if the page is not what would be written\n",
    run,
};

const PAGE: &str = "docs/configuration.md";

fn run(args: &[String]) -> Result<()> {
    let check = only_flags(args, &["--check"])?.contains(&"--check");
    let wanted = page()?;
    let file = checkout::root().join(PAGE);
    if check {
        let there = fs::read_to_string(&file).unwrap_or_default();
        ensure!(
            there == wanted,
            "{PAGE} is not up to date: run `cargo xtask doc-config`"
        );
        return Ok(());
    }
    fs::write(&file, wanted).with_context(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE} written");
    Ok(())
}

/// What the configuration crate's example prints.
fn page() -> Result<String> {
    let arguments = [
        "run",
        "--quiet",
        "--package",
        "lockgate-config",
        "--example",
        "reference",
    ];
    let mut command = cargo::command(&arguments);
    let mut child = supervise::spawn(command.stdout(Stdio::piped()))?;
    let output = child.stdout().context("standard output is piped")?;
    let text = std::io::read_to_string(output).context("the reference is not UTF-8")?;
    let status = child.wait()?;
    ensure!(
        status.success(),
        "the example `reference` of lockgate-config failed ({status})"
    );
    ensure!(
        !text.is_empty(),
        "the example `reference` of lockgate-config printed nothing"
    );
    Ok(text)
}
