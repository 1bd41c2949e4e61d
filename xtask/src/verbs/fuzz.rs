//! `fuzz`: runs the coverage-guided targets in `fuzz/`, one after the other.

use super::Verb;
use crate::steps::Steps;
use crate::verbs::AlreadySaid;
use crate::{cargo, checkout, spelling, supervise};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) const VERB: Verb = Verb {
    name: "fuzz",
    arguments: "[TARGET ...] [--seconds N]",
    about: "fuzz what reads hostile bytes, with coverage as the guide",
    details: "\
Runs each named target, or all of them, for N seconds (60 without --seconds), with the seeds in
fuzz/seeds and what earlier runs have found in fuzz/corpus. What makes a target fail is kept in
fuzz/artifacts; `cargo xtask fuzz TARGET --seconds 0` tries all known inputs and makes up none.
fuzz/README.md says what each target holds to be true.

Needs cargo-fuzz (`cargo install cargo-fuzz --locked`) and a C++ compiler, not a nightly
toolchain. Builds into the folder `fuzz` of the target directory.
",
    run,
};

const SECONDS: u32 = 60;

fn run(args: &[String]) -> Result<()> {
    let known = targets()?;
    let (targets, seconds) = read(args, &known)?;
    ensure!(
        has_cargo_fuzz(),
        "there is no cargo-fuzz: `cargo install cargo-fuzz --locked`"
    );
    let folder = cargo::target_directory()?.join("fuzz");
    let mut steps = Steps::new(targets.len() + 1);
    // All of them, so that one target after the other finds its dependencies built.
    steps.run("build", || {
        let mut command = command("build", &folder);
        if let [target] = targets.as_slice() {
            command.arg(target);
        }
        supervise::run(&mut command, "cargo fuzz build")
    })?;
    let mut failed = Vec::new();
    for target in targets {
        let done = steps.run(target, || fuzz(target, seconds, &folder));
        if supervise::interrupted() {
            return done;
        }
        if let Err(error) = done {
            eprintln!("FAILED {target}: {error:#}");
            failed.push(target);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    println!("failed: {}; see fuzz/artifacts", failed.join(", "));
    bail!(AlreadySaid)
}

/// Targets (all where none is named) and seconds.
fn read<'k>(args: &[String], known: &'k [String]) -> Result<(Vec<&'k str>, u32)> {
    let mut seconds = SECONDS;
    let mut targets = Vec::new();
    let mut rest = args.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seconds" {
            let number = rest.next().context("--seconds needs a number")?;
            seconds = number
                .parse()
                .with_context(|| format!("--seconds: `{number}` is no number of seconds"))?;
        } else if let Some(target) = known.iter().find(|target| *target == argument) {
            targets.push(target.as_str());
        } else {
            let names = known.iter().map(String::as_str).chain(["--seconds"]);
            match spelling::nearest(argument, names) {
                Some(near) => bail!("there is no target `{argument}`; did you mean `{near}`?"),
                None => bail!("there is no target `{argument}`: {}", known.join(", ")),
            }
        }
    }
    if targets.is_empty() {
        targets = known.iter().map(String::as_str).collect();
    }
    Ok((targets, seconds))
}

/// The names of the files in `fuzz/fuzz_targets`, sorted.
fn targets() -> Result<Vec<String>> {
    let folder = fuzz_folder().join("fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "rs")
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn fuzz_folder() -> PathBuf {
    checkout::root().join("fuzz")
}

fn has_cargo_fuzz() -> bool {
    Command::new(cargo::program())
        .args(["fuzz", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A subcommand of cargo-fuzz. What rustc needs for sanitizers it gives to nightly toolchains,
/// and to those that are told that they are one.
fn command(subcommand: &str, folder: &Path) -> Command {
    let mut command = cargo::command(&["fuzz", subcommand, "--fuzz-dir", "fuzz"]);
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", folder);
    command
}

/// Runs one target; what it finds new goes to its folder in `fuzz/corpus`.
fn fuzz(target: &str, seconds: u32, folder: &Path) -> Result<()> {
    let own = fuzz_folder();
    let corpus = own.join("corpus").join(target);
    fs::create_dir_all(&corpus).with_context(|| corpus.display().to_string())?;
    let mut command = command("run", folder);
    command
        .arg(target)
        .arg(&corpus)
        .arg(own.join("seeds").join(target));
    command.args(["--", "-timeout=10", "-print_final_stats=1"]);
    command.arg(match seconds {
        0 => "-runs=0".to_owned(),
        seconds => format!("-max_total_time={seconds}"),
    });
    let dictionary = own.join("dict").join(format!("{target}.dict"));
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    supervise::run(&mut command, "the target")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(args: &[&str]) -> Vec<String> {
        args.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn targets_and_seconds_are_read_in_any_order() {
        let known = strings(&["image", "wire"]);
        let all = (vec!["image", "wire"], SECONDS);
        assert_eq!(read(&[], &known).unwrap(), all);
        let args = strings(&["--seconds", "5", "wire"]);
        assert_eq!(read(&args, &known).unwrap(), (vec!["wire"], 5));
        for (args, message) in [
            (
                &["wier"][..],
                "there is no target `wier`; did you mean `wire`?",
            ),
            (&["--seconds"], "--seconds needs a number"),
            (
                &["--seconds", "x"],
                "--seconds: `x` is no number of seconds",
            ),
            (
                &["--second", "1"],
                "there is no target `--second`; did you mean `--seconds`?",
            ),
        ] {
            let error = read(&strings(args), &known).unwrap_err().to_string();
            assert_eq!(error, message);
        }
    }

    #[test]
    fn every_target_has_seeds_and_is_in_the_manifest() {
        let text = fs::read_to_string(fuzz_folder().join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let bins = manifest["bin"].as_array().unwrap();
        let names: Vec<&str> = bins.iter().filter_map(|bin| bin["name"].as_str()).collect();
        let targets = targets().unwrap();
        assert_eq!(names, targets);
        for target in targets {
            let seeds = fuzz_folder().join("seeds").join(&target);
            assert!(fs::read_dir(seeds).unwrap().count() > 0, "{target}");
        }
    }
}
