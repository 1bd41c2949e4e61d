//! `policy_us`: what the policy component costs of a hit. One program, built with the host's
//! feature `bench`, runs twice: as it is, and with the verdict of a request that it has seen
//! answered by a native function.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Bench, series_json, start_gate};
use crate::gate::{Options, PORT};
use crate::peers;
use crate::report::Measured;
use crate::rounds::{alternate, warm_up};
use crate::work::Work;

/// Turns the native function on.
const VARIABLE: &str = "LOCKGATE_BENCH_POLICY";

/// Builds the host with the feature, beside the one in `dist/`.
pub(super) fn program(work: &Work) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("building the host with the feature `bench`");
    let mut command = Command::new(cargo);
    for (name, _) in std::env::vars_os() {
        // What cargo says about our own package would make build scripts run again.
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let status = command
        .args([
            "build",
            "--release",
            "--quiet",
            // With `dist/`, so that everything else compiles with the same features and once.
            "-p",
            "lockgate",
            "-p",
            "lockgate-shop",
            "-p",
            "lockgate-compose",
            "--features",
            "lockgate/bench",
        ])
        .current_dir(work.root())
        .stdin(Stdio::null())
        .status()
        .context("cannot start cargo")?;
    ensure!(
        status.success(),
        "the host does not build with the feature `bench`"
    );
    let target = work
        .folder()
        .parent()
        .context("the work folder has no parent")?;
    let program = work.folder().join("lockgate-bench");
    fs::copy(target.join("release/lockgate"), &program)?;
    Ok(program)
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let program = bench.work.folder().join("lockgate-bench");
    ensure!(
        program.is_file(),
        "the host was not built with the feature `bench`"
    );
    let _shop = peers::shop(&bench.work)?;
    let options = |name: &str, port, environment| Options {
        program: Some(program.clone()),
        port,
        environment,
        ..Options::new(name)
    };
    let memo = vec![(VARIABLE.to_owned(), "memo".to_owned())];
    let with = start_gate(bench, &options("policy", PORT, Vec::new()))?;
    let without = start_gate(bench, &options("policy-native", PORT + 1, memo))?;
    let contenders = [
        bench.contender("with the component", &with)?,
        bench.contender("native instead", &without)?,
    ];
    for contender in &contenders {
        warm_up(contender)?;
        warm_up(contender)?;
    }
    let series = alternate(&contenders, &bench.plan)?;
    let [with, without] = series.as_slice() else {
        anyhow::bail!("no rounds");
    };
    Ok(vec![Measured {
        value: with.cpu_us() - without.cpu_us(),
        compared: None,
        unit: "µs",
        detail: series_json(&series),
    }])
}
