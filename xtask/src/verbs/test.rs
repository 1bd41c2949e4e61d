//! `test`: everything that must hold, with the seconds of each step and one closing line.

mod counts;
mod programs;

use super::{Verb, build, flags, licences, tidy, up};
use crate::steps::Steps;
use crate::toolchain::{self, TARGET};
use crate::verbs::AlreadySaid;
use crate::{cargo, checkout, supervise};
use anyhow::{Result, bail};
use counts::Counts;
use std::process::{Command, ExitStatus, Stdio};

pub(super) const VERB: Verb = Verb {
    name: "test",
    arguments: "[FILTER ...]",
    about: "run everything: formatting, lints, licences, all tests, the demo",
    details: "\
Without a filter: formatting, tidiness, licences, clippy with warnings as errors, the
components, all tests in the profile that `dist/` is built with, the end-to-end tests once more
with the composed gateway (`lockgate up --portable`, and `spin up` where `spin` is on PATH), and the
demo's own check.
With filters: what the tests need is built, and the tests whose names contain a filter run.

The last line is `N passed, N failed, N skipped`: the sums of the test programs' result lines,
a failed or left-out step counted as one. A tool that is missing is a failed step where CI=true
and a skipped one elsewhere.
",
    run,
};

fn run(args: &[String]) -> Result<()> {
    let (_, filters) = flags(args, &[])?;
    let mut suite = Suite {
        steps: Steps::new(0),
        counts: Counts::default(),
        notes: Vec::new(),
    };
    let done = if filters.is_empty() {
        everything(&mut suite)
    } else {
        some(&mut suite, &filters)
    };
    if let Err(error) = done {
        // A build that fails has been counted; a signal ends us without a summary.
        if supervise::interrupted() {
            return Err(error);
        }
    }
    suite.close()
}

/// The whole suite. Steps that need nothing of each other all run, whatever failed before.
fn everything(suite: &mut Suite) -> Result<()> {
    suite.steps = Steps::new(16);
    suite.needed(&format!("target {TARGET}"), || {
        toolchain::ensure_target().map(drop)
    })?;
    suite.step("formatting", || {
        with_tool(&["fmt", "--all", "--check"], "rustfmt")
    });
    suite.step("tidiness", || {
        tidy::check().map(drop).map_err(Trouble::from)
    });
    suite.step("licences", || {
        licences::check().map(drop).map_err(Trouble::from)
    });
    // The release profile: clippy then shares the build scripts' work with the build.
    suite.step("clippy", || {
        with_tool(
            &[
                "clippy",
                "--release",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
            "clippy",
        )
    });
    suite.step("clippy of the components for Wasm", || {
        let mut arguments = vec!["clippy", "--release", "--target", TARGET];
        arguments.extend(build::component_packages());
        arguments.extend(build::shell_packages());
        arguments.extend(["--", "-D", "warnings"]);
        with_tool(&arguments, "clippy")
    });
    suite.needed("components", || build::components(false))?;
    suite.needed("components of the tests", build::test_components)?;
    // Host, shop and tests in one go and so with one set of features: wasmtime compiles once.
    suite.needed("host, demo shop and tests", || {
        let arguments = [
            "build",
            "--release",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--examples",
        ];
        supervise::run(&mut cargo::command(&arguments), "cargo build")
    })?;
    suite.needed("dist/", build::collect)?;
    suite.needed("composed for Spin", build::compose)?;
    suite.step("precompiled components", || {
        build::precompile();
        Ok(())
    });
    suite.tests(&[])?;
    suite.other_ways()?;
    suite.step("demo", || {
        up::ports_free().map_err(|error| Trouble::Missing(format!("{error:#}")))?;
        up::check_demo().map_err(Trouble::from)
    });
    Ok(())
}

/// Only the tests whose names contain one of `filters`.
fn some(suite: &mut Suite, filters: &[&str]) -> Result<()> {
    suite.steps = Steps::new(build::Options::default().steps() + 2);
    if let Err(error) = build::all(&build::Options::default(), &mut suite.steps) {
        suite.failed("build", &error);
        return Err(error);
    }
    suite.needed("components of the tests", build::test_components)?;
    suite.tests(filters)
}

/// Why a step did not succeed.
enum Trouble {
    /// It ran and found a fault, or it could not run and must.
    Failed(anyhow::Error),
    /// What it needs is not there.
    Missing(String),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// The steps that have run and what came of them.
struct Suite {
    steps: Steps,
    counts: Counts,
    notes: Vec<String>,
}

impl Suite {
    /// Runs a step that others do not depend on.
    fn step(&mut self, name: &str, step: impl FnOnce() -> Result<(), Trouble>) {
        if supervise::interrupted() {
            return;
        }
        match self.steps.run(name, step) {
            Ok(()) => {}
            Err(Trouble::Failed(error)) => self.failed(name, &error),
            Err(Trouble::Missing(what)) if checkout::in_ci() => {
                self.failed(name, &anyhow::anyhow!("{what}, and CI needs it"));
            }
            Err(Trouble::Missing(what)) => {
                eprintln!("SKIPPED {name}: {what}");
                self.counts.step_skipped();
                self.notes.push(format!("skipped: {name}: {what}"));
            }
        }
    }

    /// Runs a step without which the rest makes no sense.
    fn needed(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        let done = self.steps.run(name, step);
        if let Err(error) = &done {
            self.failed(name, error);
        }
        done
    }

    fn tests(&mut self, filters: &[&str]) -> Result<()> {
        self.programs("tests", || programs::run(filters))
    }

    /// The end-to-end tests with the gate run in the other ways (`tests/ways.toml`).
    fn other_ways(&mut self) -> Result<()> {
        self.programs("tests, portable", || programs::run_end_to_end("portable"))?;
        if spin_on_path() {
            return self.programs("tests, spin", || programs::run_end_to_end("spin"));
        }
        // Never a failure: no toolchain brings Spin along.
        let why = "there is no `spin` on PATH: nothing was run under Spin";
        eprintln!("SKIPPED tests, spin: {why}");
        self.counts.step_skipped();
        self.notes.push(format!("skipped: tests, spin: {why}"));
        Ok(())
    }

    fn programs(
        &mut self,
        name: &str,
        run: impl FnOnce() -> Result<(ExitStatus, Counts)>,
    ) -> Result<()> {
        let (ended, counts) = self.steps.run(name, run)?;
        let ran_without_a_word = !ended.success() && !counts.any_failed();
        self.counts.add(&counts);
        if ran_without_a_word {
            self.failed(name, &anyhow::anyhow!("cargo test ended with {ended}"));
        }
        Ok(())
    }

    fn failed(&mut self, name: &str, error: &anyhow::Error) {
        eprintln!("FAILED {name}: {error:#}");
        self.counts.step_failed();
        self.notes.push(format!("failed: {name}"));
    }

    /// Prints the table of steps, what went wrong, and the closing line.
    fn close(self) -> Result<()> {
        println!("\n{}", self.steps.table());
        for note in &self.notes {
            println!("{note}");
        }
        println!("{}", self.counts);
        if self.counts.any_failed() {
            bail!(AlreadySaid);
        }
        Ok(())
    }
}

/// Whether `spin` is on `PATH`.
fn spin_on_path() -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join("spin").is_file())
    })
}

/// Runs a cargo subcommand that is a rustup component of its own.
fn with_tool(arguments: &[&str], component: &str) -> Result<(), Trouble> {
    let there = Command::new(cargo::program())
        .args([arguments[0], "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        let advice = format!("there is no {component} (`rustup component add {component}`)");
        return Err(Trouble::Missing(advice));
    }
    let what = format!("cargo {}", arguments[0]);
    supervise::run(&mut cargo::command(arguments), &what).map_err(Trouble::from)
}
