//! `hello_vs_wasmtime`, `hello_vs_spin`: the same component in three hosts.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::app::{self, App};
use super::{Bench, hosts, ratio};
use crate::fetch::fetch;
use crate::report::Measured;
use crate::rounds::{alternate, warm_up};
use crate::work::Work;

const PACKAGE: &str = "lockgate-bench-hello";
const FILE: &str = "wasm32-wasip2/release/lockgate_bench_hello.wasm";

/// What it answers.
const BODY: &[u8] = b"Hello from a component!\n";

/// Builds the component and lays it and its manifest into a folder.
///
/// # Errors
/// When it does not build.
pub(super) fn prepare(work: &Work) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--target", "wasm32-wasip2"])
        .args(["-p", PACKAGE])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .current_dir(work.root())
        .stdin(Stdio::null())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "{PACKAGE} does not build");
    let target = work.folder().parent();
    let built = target.context("the work folder has no parent")?.join(FILE);
    let folder = work.subfolder("app-hello")?;
    fs::copy(&built, folder.join("hello.wasm")).with_context(|| built.display().to_string())?;
    app::lay_manifest(work, "hello.toml", &folder)?;
    app::precompile(work, &options(work, "hello", hosts::PORT)?)
}

/// The component alone under `lockgate up`.
///
/// # Errors
/// When it was not prepared.
pub(super) fn options(work: &Work, name: &'static str, port: u16) -> Result<app::Options> {
    Ok(app::Options {
        name,
        manifest: manifest(work)?,
        port,
        arguments: Vec::new(),
        environment: Vec::new(),
    })
}

/// Its manifest.
///
/// # Errors
/// When it was not prepared.
pub(super) fn manifest(work: &Work) -> Result<PathBuf> {
    let path = work.folder().join("app-hello/spin.toml");
    ensure!(path.is_file(), "{PACKAGE} was not built");
    Ok(path)
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let work = &bench.work;
    let ours = App::start(work, &options(work, "hello", hosts::PORT)?)?;
    let manifest = manifest(work)?;
    let wasmtime = hosts::wasmtime(work, &manifest.with_file_name("hello.wasm"))?;
    let spin = hosts::spin(work, &manifest)
        .inspect_err(|error| eprintln!("  without Spin: {error:#}"))
        .ok();
    let mut contenders = vec![
        ours.contender(bench, "lockgate up")?,
        wasmtime.contender(bench, "wasmtime serve")?,
    ];
    if let Some(spin) = &spin {
        contenders.push(spin.contender(bench, "spin up")?);
    }
    for contender in &contenders {
        let answer = fetch(contender.address, bench.requests.get(0))?;
        ensure!(
            answer.status == 200 && answer.body == BODY,
            "{} does not say hello:\n{}",
            contender.name,
            answer.head
        );
        warm_up(contender)?;
    }
    let series = alternate(&contenders, &bench.plan)?;
    let [ours, wasmtime_series, rest @ ..] = series.as_slice() else {
        anyhow::bail!("no rounds");
    };
    let mut vs_wasmtime = ratio(ours, wasmtime_series, &series);
    vs_wasmtime.detail["wasmtime_arguments"] = json!(without_folders(&wasmtime.arguments));
    let mut measured = vec![vs_wasmtime];
    if let (Some(spin_series), Some(spin)) = (rest.first(), &spin) {
        let mut vs_spin = ratio(ours, spin_series, &[]);
        vs_spin.detail = json!({
            "series": "see hello_vs_wasmtime: measured in the same rounds",
            "spin_arguments": without_folders(&spin.arguments),
        });
        measured.push(vs_spin);
    }
    Ok(measured)
}

/// Arguments as results name them: files without the folders of this machine.
fn without_folders(arguments: &[String]) -> Vec<&str> {
    arguments
        .iter()
        .map(|argument| argument.rsplit('/').next().unwrap_or_default())
        .collect()
}
