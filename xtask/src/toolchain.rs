//! Makes the `wasm32-wasip2` target of the Rust toolchain in use available.
//!
//! Three ways, the first that works: it is there already; `rustup target add`; build its
//! standard library from source (`std_build`) out of a folder named in [`FOLDER_VARIABLE`], or
//! out of Debian's packages (`debian`). Each ends with the same proof: a small program compiles.
//! Nothing else in the project knows how the target came to be there.

mod debian;
mod std_build;

use crate::{cargo, checkout, supervise};
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The target of every component.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Names a folder with `rust-library-VERSION.tar.xz` and `wasi-libc-wasm32-wasip2.tar.xz`.
pub(crate) const FOLDER_VARIABLE: &str = "LOCKGATE_WASM_STD";

/// A download that takes longer than this is given up for the next way.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// The Rust toolchain that cargo will use.
pub(crate) struct Toolchain {
    /// The compiler's program.
    rustc: OsString,
    /// Its folder of libraries.
    sysroot: PathBuf,
    /// `1.95.0`.
    release: String,
}

impl Toolchain {
    /// Asks the compiler in use (`RUSTC`, else `rustc` on `PATH`) about itself.
    ///
    /// # Errors
    /// When there is no compiler that answers.
    fn in_use() -> Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let ask = |argument: &[&str]| -> Result<String> {
            let output = Command::new(&rustc)
                .args(argument)
                .current_dir(checkout::root())
                .stderr(Stdio::inherit())
                .output()
                .with_context(|| format!("cannot start {}", rustc.display()))?;
            ensure!(output.status.success(), "{} failed", rustc.display());
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?);
        let verbose = ask(&["-vV"])?;
        let release = verbose
            .lines()
            .find_map(|line| line.strip_prefix("release: "))
            .context("rustc does not say its release")?
            .to_owned();
        Ok(Self {
            rustc,
            sysroot,
            release,
        })
    }

    /// `lib/rustlib` of the sysroot.
    fn rustlib(&self) -> PathBuf {
        self.sysroot.join("lib").join("rustlib")
    }

    /// Compiles a small program for the target.
    ///
    /// # Errors
    /// What the compiler said.
    fn proves_the_target(&self, scratch: &Path) -> Result<()> {
        let folder = scratch.join(format!("lockgate-setup-check-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let source = folder.join("check.rs");
        fs::write(
            &source,
            "fn main() { println!(\"{}\", std::env::args().count()); }\n",
        )?;
        let output = Command::new(&self.rustc)
            .args(["--edition=2024", "--target", TARGET, "-o"])
            .arg(folder.join("check.wasm"))
            .arg(&source)
            .output()
            .context("cannot start rustc")?;
        fs::remove_dir_all(&folder)?;
        if !output.status.success() {
            bail!("{}", first_error(&String::from_utf8_lossy(&output.stderr)));
        }
        Ok(())
    }
}

/// Makes the target available and says how.
///
/// Safe to repeat, and at the same time: a lock in the target directory lets one run through.
///
/// # Errors
/// One sentence on what to do when no way works.
pub(crate) fn ensure_target() -> Result<&'static str> {
    warn_without_c_compiler();
    let toolchain = Toolchain::in_use()?;
    let scratch = cargo::target_directory()?;
    fs::create_dir_all(&scratch)?;
    if toolchain.proves_the_target(&scratch).is_ok() {
        return Ok("there already");
    }
    let lock = File::create(scratch.join("lockgate-setup.lock"))?;
    lock.lock()?;
    let mut tried = Vec::new();
    for (way, install) in WAYS {
        // The first look also stands for whoever held the lock before us.
        let installed =
            install(&toolchain, &scratch).and_then(|()| toolchain.proves_the_target(&scratch));
        match installed {
            Ok(()) => return Ok(way),
            Err(_) if supervise::interrupted() => bail!("stopped by a signal"),
            Err(reason) => {
                if *way != LOOK_AGAIN {
                    eprintln!("      {way}: {reason:#}");
                    tried.push(*way);
                }
            }
        }
    }
    bail!(
        "the Rust target {TARGET} is missing and could not be added (tried {}): run `rustup target add \
         {TARGET}` where rustup can download, or set {FOLDER_VARIABLE} to a folder with \
         rust-library-{}.tar.xz and wasi-libc-{TARGET}.tar.xz",
        tried.join(", "),
        toolchain.release,
    )
}

type Way = (&'static str, fn(&Toolchain, &Path) -> Result<()>);

const LOOK_AGAIN: &str = "there by now";

const WAYS: &[Way] = &[
    (LOOK_AGAIN, |_, _| Ok(())),
    ("rustup", with_rustup),
    (
        "the folder in LOCKGATE_WASM_STD",
        std_build::from_named_folder,
    ),
    ("Debian's packages", debian::install),
];

/// `rustup target add`, where the compiler in use is rustup's.
fn with_rustup(toolchain: &Toolchain, _: &Path) -> Result<()> {
    ensure!(checkout::on_path("rustup").is_some(), "there is no rustup");
    let which = Command::new("rustup")
        .args(["which", "rustc"])
        .current_dir(checkout::root())
        .stderr(Stdio::null())
        .output()?;
    let theirs = PathBuf::from(String::from_utf8_lossy(&which.stdout).trim());
    let same = match (theirs.canonicalize(), toolchain.sysroot.canonicalize()) {
        (Ok(theirs), Ok(sysroot)) => theirs.starts_with(sysroot),
        _ => false,
    };
    ensure!(same, "the compiler in use is not rustup's");
    let mut child = supervise::spawn(
        supervise::command("rustup")
            .args(["target", "add", TARGET])
            .current_dir(checkout::root()),
    )?;
    match child.wait_until(Some(Instant::now() + RUSTUP_LIMIT))? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("rustup could not ({status})"),
        None => bail!("rustup was not done after {} s", RUSTUP_LIMIT.as_secs()),
    }
}

/// Some crates compile C (SQLite, ring); cargo's own message about it is long.
fn warn_without_c_compiler() {
    let named = std::env::var_os("CC").is_some_and(|value| !value.is_empty());
    if !named && checkout::on_path("cc").is_none() {
        eprintln!(
            "warning: there is no C compiler (`cc`), which the host and the demo shop need: \
             install gcc or clang (Debian: `apt install build-essential`)"
        );
    }
}

/// The first line of a compiler's output that states an error, else the first line.
fn first_error(output: &str) -> &str {
    output
        .lines()
        .find(|line| line.starts_with("error"))
        .or_else(|| output.lines().next())
        .unwrap_or("the compiler failed and said nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_found_among_warnings() {
        assert_eq!(
            first_error("warning: a\nerror[E1]: b\n  c\n"),
            "error[E1]: b"
        );
        assert_eq!(first_error("ld: no\n"), "ld: no");
        assert!(!first_error("").is_empty());
    }
}
