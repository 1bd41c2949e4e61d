//! The ingredients of the standard library from Debian's packages `rust-src` and `wasi-libc`.
//!
//! A private apt configuration: its own lists, cache and sources, so that the machine's own apt
//! state stays as it is and nothing is installed. The archive's address is the one that the
//! machine's apt already uses.

use super::std_build::{self, fresh_folder};
use super::{TARGET, Toolchain};
use crate::{checkout, supervise};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the two packages of a recent Rust release are.
const SUITES: [&str; 2] = ["trixie-backports", "sid"];

/// Downloads the two packages, builds the library and installs it.
pub(super) fn install(toolchain: &Toolchain, scratch: &Path) -> Result<()> {
    for tool in ["apt-get", "apt-cache", "dpkg"] {
        ensure!(checkout::on_path(tool).is_some(), "there is no {tool}");
    }
    let folder = fresh_folder(&scratch.join("lockgate-setup-apt"))?;
    let apt = Apt::prepare(&folder)?;
    let version = apt.version_of("rust-src", &toolchain.release)?;
    let unpacked = folder.join("unpacked");
    for package in [format!("rust-src={version}"), "wasi-libc/sid".to_owned()] {
        apt.unpack(&package, &unpacked)?;
    }
    let library = unpacked.join(format!("usr/src/rustc-{}/library", toolchain.release));
    let wasi_libc = unpacked.join("usr/lib").join(TARGET);
    std_build::install(toolchain, &library, &wasi_libc, scratch)?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// apt with everything that it writes inside one folder.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Makes the folders and fetches the lists from the first archive that has our suites.
    fn prepare(folder: &Path) -> Result<Self> {
        for name in ["lists/partial", "cache/archives/partial", "downloads"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let apt = Self {
            folder: folder.to_path_buf(),
        };
        let archives = machine_archives()?;
        ensure!(!archives.is_empty(), "apt's sources name no Debian archive");
        for archive in &archives {
            let sources: String = SUITES
                .iter()
                .map(|suite| format!("deb {archive} {suite} main\n"))
                .collect();
            fs::write(folder.join("sources.list"), sources)?;
            eprintln!(
                "      fetching the package lists of Debian {}",
                SUITES.join(" and ")
            );
            let mut update = supervise::command("apt-get");
            apt.configure(&mut update)
                .args(["-q", "update"])
                .stdout(Stdio::null());
            if supervise::run(&mut update, "apt-get update").is_ok() {
                return Ok(apt);
            }
            ensure!(!supervise::interrupted(), "stopped by a signal");
        }
        bail!(
            "the machine's Debian archive does not have the suites {}",
            SUITES.join(" and ")
        )
    }

    fn configure<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (option, place) in [
            ("Dir::State::Lists", "lists"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc::SourceList", "sources.list"),
        ] {
            command
                .arg("-o")
                .arg(format!("{option}={}", self.folder.join(place).display()));
        }
        command
            .args(["-o", "Dir::Etc::SourceParts=-"])
            // The folder is ours; the unprivileged download user may not enter it.
            .args(["-o", "APT::Sandbox::User=root"])
            .args([
                "-o",
                "Acquire::Retries=1",
                "-o",
                "Acquire::http::Timeout=20",
                "-o",
                "Acquire::https::Timeout=20",
                "-o",
                "APT::Update::Error-Mode=any",
            ])
            .env("LC_ALL", "C")
            .current_dir(self.folder.join("downloads"))
    }

    /// The version of `package` for the Rust release, such as `1.95.0+dfsg1-2~bpo13+1`.
    fn version_of(&self, package: &str, release: &str) -> Result<String> {
        let mut command = Command::new("apt-cache");
        let output = self
            .configure(&mut command)
            .args(["madison", package])
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        pick_version(&text, release)
            .map(str::to_owned)
            .with_context(|| format!("Debian has no {package} {release}"))
    }

    /// Downloads `package` and unpacks it into `into`, without installing it.
    fn unpack(&self, package: &str, into: &Path) -> Result<()> {
        let downloads = fresh_folder(&self.folder.join("downloads"))?;
        let mut download = supervise::command("apt-get");
        self.configure(&mut download)
            .args(["-q", "download", package])
            .stdout(Stdio::null());
        supervise::run(&mut download, "apt-get download")?;
        for entry in fs::read_dir(&downloads)? {
            let mut command = supervise::command("dpkg");
            command.arg("-x").arg(entry?.path()).arg(into);
            supervise::run(&mut command, "dpkg")?;
        }
        Ok(())
    }
}

/// The archives of the machine's own apt sources that may be Debian's, the likeliest first.
fn machine_archives() -> Result<Vec<String>> {
    let output = Command::new("apt-get")
        .args([
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
        ])
        .stderr(Stdio::null())
        .output()
        .context("cannot start apt-get")?;
    Ok(likely_archives(&String::from_utf8_lossy(&output.stdout)))
}

fn likely_archives(addresses: &str) -> Vec<String> {
    let mut archives: Vec<String> = Vec::new();
    for address in addresses.lines().map(str::trim) {
        let known = archives.iter().any(|archive| archive == address);
        if address.trim_end_matches('/').ends_with("/debian") && !known {
            archives.push(address.to_owned());
        }
    }
    archives
}

/// The first version in `apt-cache madison`'s table that is of the Rust release.
fn pick_version<'a>(table: &'a str, release: &str) -> Option<&'a str> {
    table
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim)
        .find(|version| {
            version
                .strip_prefix(release)
                .is_some_and(|rest| rest.starts_with('+'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_release() {
        let table = "  rust-src | 1.96.0+dfsg1-1 | deb sid\n  \
                     rust-src | 1.95.0+dfsg1-2~bpo13+1 | deb trixie-backports\n";
        assert_eq!(
            pick_version(table, "1.95.0"),
            Some("1.95.0+dfsg1-2~bpo13+1")
        );
        assert_eq!(pick_version(table, "1.95"), None);
        assert_eq!(pick_version("", "1.95.0"), None);
    }

    #[test]
    fn only_debian_archives_count_and_each_once() {
        let addresses = "http://a.test/debian/\nhttp://a.test/debian/\n\
                         http://a.test/debian-security/\nhttp://b.test/other\n";
        assert_eq!(likely_archives(addresses), ["http://a.test/debian/"]);
    }
}
