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
    about: "build the components, their forms for Spin, lockgate and the demo shop into dist/",
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

/// A shell for Spin and what it becomes in `dist/`.
struct Shell {
    package: &'static str,
    /// What cargo makes of it.
    file: &'static str,
    /// The files of `dist/` that are plugged in.
    plugs: &'static [&'static str],
    name: &'static str,
}

/// The components for Spin.
const SHELLS: [Shell; 4] = [
    Shell {
        package: "lockgate-spin-gateway",
        file: "lockgate_spin_gateway.wasm",
        plugs: &["policy.wasm"],
        name: "gateway.wasm",
    },
    Shell {
        package: "lockgate-image-http",
        file: "lockgate_image_http.wasm",
        plugs: &["image.wasm"],
        name: "image-http.wasm",
    },
    Shell {
        package: "lockgate-spin-waf",
        file: "lockgate_spin_waf.wasm",
        plugs: &["policy.wasm", "waf/package.wasm"],
        name: "waf.wasm",
    },
    Shell {
        package: "lockgate-example-app",
        file: "lockgate_example_app.wasm",
        plugs: &[],
        name: "example-app.wasm",
    },
];

/// The configurations whose policy is built: the file and the folder in `dist/`.
const POLICIES: [(&str, &str); 2] = [
    ("gateway.toml", "spin"),
    ("examples/spin-waf/gateway.toml", "waf"),
];

/// The package whose program composes components.
const COMPOSER: &str = "lockgate-compose";

/// The packages with the programs, and the programs: the same name in `dist/`.
const PROGRAMS: [(&str, &str); 3] = [
    ("lockgate", "lockgate"),
    ("lockgate-shop", "lockgate-shop"),
    (COMPOSER, COMPOSER),
];

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
        if self.quick { 4 } else { 6 }
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
        let packages = PROGRAMS.iter().map(|(package, _)| *package);
        let mut arguments = vec!["build", "--release"];
        arguments.extend(packages.flat_map(|package| ["-p", package]));
        cargo_build(&arguments, options.quiet)
    })?;
    steps.run("dist/", collect)?;
    steps.run("composed for Spin", compose)?;
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
    cargo_build(&arguments, quiet)?;
    // Apart from the others, whose features and so whose bytes they shall not change.
    let mut arguments = vec!["build", "--release", "--target", TARGET];
    arguments.extend(shell_packages());
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

/// `-p` and a name for each shell for Spin.
pub(super) fn shell_packages() -> impl Iterator<Item = &'static str> {
    SHELLS.iter().flat_map(|shell| ["-p", shell.package])
}

/// Builds the policies for Spin and plugs the components of `dist/` into their shells.
///
/// # Errors
/// When a part is missing or does not fit.
pub(super) fn compose() -> Result<()> {
    let target = cargo::target_directory()?;
    let dist = checkout::dist();
    for (config, folder) in POLICIES {
        let mut command = supervise::command(dist.join("lockgate"));
        command
            .args(["policy", "build", "--config"])
            .arg(checkout::root().join(config))
            .arg("--component")
            .arg(dist.join("policy.wasm"))
            .arg("--out")
            .arg(dist.join(folder));
        supervise::run(&mut command, "lockgate policy build")?;
    }
    let composer = target.join("release").join(COMPOSER);
    let waf = dist.join("waf");
    let mut command = supervise::command(&composer);
    command
        .arg("data")
        .arg("--out")
        .arg(waf.join("package.wasm"));
    command.args([waf.join("shell.json"), waf.join("policy.bundle")]);
    supervise::run(&mut command, COMPOSER)?;
    for shell in &SHELLS {
        let made = target.join(TARGET).join("release").join(shell.file);
        if shell.plugs.is_empty() {
            place(shell.package, &made, &dist.join(shell.name))?;
            continue;
        }
        if !made.is_file() {
            bail!(
                "the package {} did not make {}",
                shell.package,
                made.display()
            );
        }
        let mut command = supervise::command(&composer);
        command.arg("plug").arg("--into").arg(made);
        command.arg("--out").arg(dist.join(shell.name));
        command.args(shell.plugs.iter().map(|plug| dist.join(plug)));
        supervise::run(&mut command, COMPOSER)?;
    }
    Ok(())
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
    // Those for Spin run on another engine.
    for (_, _, name) in COMPONENTS {
        command.arg("--file").arg(name);
    }
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
