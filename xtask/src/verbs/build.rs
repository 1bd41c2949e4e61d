//! `build`: everything that serves, into `dist/`.

use super::{Verb, only_flags};
use crate::steps::Steps;
use crate::toolchain::{self, TARGET};
use crate::{cargo, checkout, supervise};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

pub(super) const VERB: Verb = Verb {
    name: "build",
    arguments: "[--quick] [--quiet]",
    about: "build policy.wasm, image.wasm, lockgate and the demo shop into dist/",
    details: "\
  --quick  neither look at the target first nor precompile the components afterwards
  --quiet  cargo says nothing but warnings and errors
",
    run,
};

/// The packages that run in the sandbox, and the files they become in `dist/`.
const COMPONENTS: [(&str, &str, &str); 2] = [
    ("lockgate-policy", "lockgate_policy.wasm", "policy.wasm"),
    ("lockgate-image", "lockgate_image.wasm", "image.wasm"),
];

/// The packages with the programs, and the programs: the same name in `dist/`.
const PROGRAMS: [(&str, &str); 2] = [("lockgate", "lockgate"), ("lockgate-shop", "lockgate-shop")];

fn run(args: &[String]) -> Result<()> {
    let flags = only_flags(args, &["--quick", "--quiet"])?;
    let options = Options {
        quick: flags.contains(&"--quick"),
        quiet: flags.contains(&"--quiet"),
    };
    all(&options, &mut Steps::new(options.steps()))
}

/// How to build.
#[derive(Clone, Copy, Default)]
pub(super) struct Options {
    /// Leave out the look at the target and the precompiling.
    pub(super) quick: bool,
    /// Cargo is asked to be quiet.
    pub(super) quiet: bool,
}

impl Options {
    /// How many steps [`all`] has.
    pub(super) fn steps(self) -> usize {
        if self.quick { 3 } else { 5 }
    }
}

/// Builds everything for `dist/`.
///
/// # Errors
/// The first step that fails.
pub(super) fn all(options: &Options, steps: &mut Steps) -> Result<()> {
    if !options.quick {
        steps.run(&format!("target {TARGET}"), toolchain::ensure_target)?;
    }
    steps.run("components", || components(options.quiet))?;
    steps.run("host and demo shop", || {
        let packages: Vec<&str> = PROGRAMS
            .iter()
            .flat_map(|(package, _)| ["-p", package])
            .collect();
        let mut arguments = vec!["build", "--release"];
        arguments.extend(packages);
        cargo_build(&arguments, options.quiet)
    })?;
    steps.run("dist/", collect)?;
    if !options.quick {
        steps.run("precompiled components", precompile);
    }
    Ok(())
}

/// Compiles the components for the Wasm target.
///
/// # Errors
/// When cargo fails.
pub(super) fn components(quiet: bool) -> Result<()> {
    let mut arguments = vec!["build", "--release", "--target", TARGET];
    arguments.extend(component_packages());
    cargo_build(&arguments, quiet)
}

/// Compiles the components that only tests use, those in `tests/components/`. Apart from the
/// others, whose features and so whose bytes they shall not change.
///
/// # Errors
/// When cargo fails.
pub(super) fn test_components() -> Result<()> {
    let packages = cargo::packages_in("tests/components")?;
    if packages.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["build", "--release", "--target", TARGET];
    arguments.extend(packages.iter().flat_map(|package| ["-p", package.as_str()]));
    cargo_build(&arguments, false)
}

/// `-p` and a name for each component.
pub(super) fn component_packages() -> impl Iterator<Item = &'static str> {
    COMPONENTS
        .iter()
        .flat_map(|(package, _, _)| ["-p", package])
}

fn cargo_build(arguments: &[&str], quiet: bool) -> Result<()> {
    let mut command = cargo::command(arguments);
    // Flags from the environment would replace those of `.cargo/config.toml`, without which the
    // components have no vector instructions; and `dist/` is to be the same for everybody.
    command
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if quiet {
        command.arg("--quiet");
    }
    supervise::run(&mut command, "cargo build")
}

/// Copies what cargo made to `dist/`. Each file appears whole or not at all, and a program that
/// runs keeps its old file.
///
/// # Errors
/// When a file is missing or cannot be written.
pub(super) fn collect() -> Result<()> {
    let target = cargo::target_directory()?;
    let dist = checkout::dist();
    fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;
    for (package, file, name) in COMPONENTS {
        place(
            package,
            &target.join(TARGET).join("release").join(file),
            &dist.join(name),
        )?;
    }
    for (package, program) in PROGRAMS {
        place(
            package,
            &target.join("release").join(program),
            &dist.join(program),
        )?;
    }
    Ok(())
}

fn place(package: &str, from: &Path, to: &Path) -> Result<()> {
    if !from.is_file() {
        bail!("the package {package} did not make {}", from.display());
    }
    let temporary = to.with_extension(format!("tmp-{}", std::process::id()));
    fs::copy(from, &temporary)
        .and_then(|_| fs::rename(&temporary, to))
        .with_context(|| format!("cannot write {}", to.display()))
}

/// Fills the host's cache of compiled components, so that the first start is as quick as every
/// later one. A host without it still works: it compiles when it starts.
pub(super) fn precompile() {
    let lockgate = checkout::dist().join("lockgate");
    let known = Command::new(&lockgate)
        .args(["precompile", "--help"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !known {
        eprintln!("      left out: this host has no `precompile`");
        return;
    }
    let mut command = supervise::command(&lockgate);
    command
        .arg("precompile")
        .arg("--components")
        .arg(checkout::dist());
    if let Err(error) = supervise::run(&mut command, "lockgate precompile") {
        eprintln!("      {error:#}: the host will compile when it starts");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_a_missing_one_is_named() {
        let folder = std::env::temp_dir().join(format!("xtask-place-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("from"), folder.join("to.wasm"));
        let error = place("lockgate-policy", &from, &to)
            .unwrap_err()
            .to_string();
        assert!(error.contains("lockgate-policy"), "{error}");
        fs::write(&to, "old").unwrap();
        fs::write(&from, "new").unwrap();
        place("lockgate-policy", &from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "new");
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            2,
            "no temporary file is left"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
