//! Builds the target's standard library from its source, and puts it where rustup would.
//!
//! Afterwards a plain `cargo build --target wasm32-wasip2` works on stable Rust. The linker and
//! `wasm-component-ld` are part of every Rust toolchain; only the library is missing.

use super::{FOLDER_VARIABLE, TARGET, Toolchain};
use crate::{cargo, checkout, supervise};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The three files of wasi-libc that rustup ships with the target.
const WASI_LIBC: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];

/// Takes the two archives of the folder named in the environment.
pub(super) fn from_named_folder(toolchain: &Toolchain, scratch: &Path) -> Result<()> {
    let folder = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty());
    let folder = folder
        .map(PathBuf::from)
        .with_context(|| format!("{FOLDER_VARIABLE} is not set"))?;
    let folder = checkout::root().join(folder);
    let library = folder.join(format!("rust-library-{}.tar.xz", toolchain.release));
    let wasi_libc = folder.join(format!("wasi-libc-{TARGET}.tar.xz"));
    for archive in [&library, &wasi_libc] {
        ensure!(archive.is_file(), "{} is missing", archive.display());
    }
    let unpacked = fresh_folder(&scratch.join("lockgate-setup-std"))?;
    for archive in [&library, &wasi_libc] {
        unpack(archive, &unpacked)?;
    }
    install(
        toolchain,
        &unpacked.join("library"),
        &unpacked.join(TARGET),
        scratch,
    )?;
    fs::remove_dir_all(&unpacked)?;
    Ok(())
}

/// Builds `library` (the standard library's source) for the target and installs it together
/// with wasi-libc's files from `wasi_libc`.
///
/// # Errors
/// When the sysroot cannot be written, or the build fails.
pub(super) fn install(
    toolchain: &Toolchain,
    library: &Path,
    wasi_libc: &Path,
    scratch: &Path,
) -> Result<()> {
    let rustlib = toolchain.rustlib();
    let staging = fresh_folder(&rustlib.join(format!("{TARGET}.lockgate-staging")))
        .with_context(|| format!("cannot write to {}", rustlib.display()))?;
    let done = stage(toolchain, library, wasi_libc, scratch, &staging).and_then(|()| {
        // What stands there failed the proof: a broken or an older build.
        let place = rustlib.join(TARGET);
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        Ok(fs::rename(&staging, &place)?)
    });
    if done.is_err() {
        let _ = fs::remove_dir_all(&staging);
    }
    done
}

fn stage(
    toolchain: &Toolchain,
    library: &Path,
    wasi_libc: &Path,
    scratch: &Path,
    staging: &Path,
) -> Result<()> {
    let lib = staging.join("lib");
    let self_contained = lib.join("self-contained");
    fs::create_dir_all(&self_contained)?;
    for name in WASI_LIBC {
        let from = wasi_libc.join(name);
        fs::copy(&from, self_contained.join(name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let source = Source::place(toolchain, library)?;
    let project = build(toolchain, scratch)?;
    drop(source);
    let mut copied = 0;
    for entry in fs::read_dir(
        project
            .join("target")
            .join(TARGET)
            .join("release")
            .join("deps"),
    )? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.ends_with(".rlib") && !name.starts_with("liblockgate_empty") {
            fs::copy(&path, lib.join(name))?;
            copied += 1;
        }
    }
    ensure!(
        copied > 0,
        "the build of the standard library left no libraries"
    );
    fs::remove_dir_all(&project)?;
    Ok(())
}

/// Compiles an empty crate with `-Z build-std` and returns its folder.
///
/// The library's few dependencies come from the registry like ours: Debian's `vendor` folder
/// lacks a prebuilt object that `wit-bindgen` links.
fn build(toolchain: &Toolchain, scratch: &Path) -> Result<PathBuf> {
    let project = fresh_folder(&scratch.join("lockgate-setup-empty"))?;
    fs::create_dir_all(project.join("src"))?;
    // Its own workspace: the folder may lie inside the checkout.
    fs::write(
        project.join("Cargo.toml"),
        "[package]\nname = \"lockgate-empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    fs::write(project.join("src").join("lib.rs"), "")?;
    eprintln!("      building the standard library for {TARGET}: about half a minute");
    let mut command = supervise::command(cargo::program());
    cargo::without_our_own_package(&mut command);
    command
        .args(["build", "--release", "--target", TARGET])
        .args(["-Z", "build-std=std,panic_abort,panic_unwind,proc_macro"])
        .arg("--target-dir")
        .arg(project.join("target"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", &toolchain.rustc)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .current_dir(&project);
    supervise::run(&mut command, "the build of the standard library")?;
    Ok(project)
}

/// The standard library's source at the place in the sysroot where cargo looks for it. What we
/// put there goes away again: it is rustup's place (`rust-src`).
struct Source {
    place: PathBuf,
    ours: bool,
}

impl Source {
    fn place(toolchain: &Toolchain, library: &Path) -> Result<Self> {
        let place = toolchain.rustlib().join("src").join("rust").join("library");
        if place.join("Cargo.lock").is_file() {
            return Ok(Self { place, ours: false });
        }
        if place.exists() {
            bail!("{} is incomplete: remove it", place.display());
        }
        let source = Self { place, ours: true };
        copy_folder(library, &source.place)?;
        Ok(source)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_dir_all(&self.place);
            // The folders above, when nothing else is in them.
            for folder in self.place.ancestors().skip(1).take(2) {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// Unpacks `archive` (tar, xz) into `folder`.
fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    let mut command = supervise::command("tar");
    command.arg("-xJf").arg(archive).arg("-C").arg(folder);
    supervise::run(&mut command, "tar (which needs xz)")
}

/// Makes `folder`, empty.
///
/// # Errors
/// When it cannot be made or emptied.
pub(super) fn fresh_folder(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_path_buf())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        // Debian's package has links to folders of the same package.
        if fs::metadata(entry.path())?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_folder_is_empty_and_a_copy_is_whole() {
        let base = std::env::temp_dir().join(format!("xtask-copy-{}", std::process::id()));
        let from = fresh_folder(&base.join("from")).unwrap();
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("a/b/file"), "text").unwrap();
        copy_folder(&from, &base.join("to")).unwrap();
        assert_eq!(
            fs::read_to_string(base.join("to/a/b/file")).unwrap(),
            "text"
        );
        fresh_folder(&from).unwrap();
        assert_eq!(fs::read_dir(&from).unwrap().count(), 0);
        fs::remove_dir_all(&base).unwrap();
    }
}
