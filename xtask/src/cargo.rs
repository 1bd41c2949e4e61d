//! Asking and running cargo.

use crate::{checkout, supervise};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The cargo that runs us, else the one on `PATH`.
pub(crate) fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A supervised cargo in the top folder, for [`supervise::run`] or [`supervise::spawn`].
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = supervise::command(program());
    command.args(arguments).current_dir(checkout::root());
    without_our_own_package(&mut command);
    command
}

/// Takes away what cargo told us about *our* package: build scripts that watch these
/// variables (ring's does) would otherwise run again after every plain `cargo build`.
pub(crate) fn without_our_own_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || [
                    "CARGO_MANIFEST_DIR",
                    "CARGO_MANIFEST_PATH",
                    "CARGO_CRATE_NAME",
                ]
                .contains(&name)
        });
        if own {
            command.env_remove(name);
        }
    }
}

/// What `cargo metadata` says, of all packages when `with_dependencies`.
///
/// # Errors
/// When cargo fails; its own words have then gone to standard error.
pub(crate) fn metadata(with_dependencies: bool) -> Result<Value> {
    let mut command = Command::new(program());
    command
        .current_dir(checkout::root())
        .args(["metadata", "--format-version=1"]);
    if !with_dependencies {
        command.arg("--no-deps");
    }
    without_our_own_package(&mut command);
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo metadata failed ({})", output.status);
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")
}

/// The target directory, wherever the environment or the configuration puts it.
///
/// # Errors
/// As [`metadata`].
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = metadata(false)?;
    let path = metadata["target_directory"]
        .as_str()
        .context("cargo names no target directory")?;
    Ok(PathBuf::from(path))
}

/// The names of the workspace's packages in a folder of the checkout, such as `tests/components`.
///
/// # Errors
/// As [`metadata`].
pub(crate) fn packages_in(folder: &str) -> Result<Vec<String>> {
    let metadata = metadata(false)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo names no packages")?;
    let folder = checkout::root().join(folder);
    let inside = packages.iter().filter(|package| {
        let manifest = package["manifest_path"].as_str();
        manifest.is_some_and(|manifest| Path::new(manifest).starts_with(&folder))
    });
    Ok(inside
        .filter_map(|package| package["name"].as_str())
        .map(str::to_owned)
        .collect())
}
