//! `lockgate-compose`: composes components; `cargo xtask build` runs it.
//!
//! ```text
//! lockgate-compose plug --into SHELL.wasm --out FILE.wasm PART.wasm...
//! lockgate-compose data --out FILE.wasm DOCUMENT BUNDLE
//! lockgate-compose preload --into POLICY.wasm --out FILE.wasm BUNDLE PROGRAMS
//! ```
//! `data` makes a component of a policy package, of two files that `lockgate policy build` wrote;
//! `preload` makes a policy that has the programs of a bundle in its memory.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use lockgate_compose::{Part, data, plug, preload, surface};
use lockgate_shell::Package;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1);
    let verb = args.next().unwrap_or_default();
    let (mut into, mut out, mut files) = (None, None, Vec::new());
    while let Some(argument) = args.next() {
        let slot = match argument.to_str() {
            Some("--into") => &mut into,
            Some("--out") => &mut out,
            _ => {
                files.push(PathBuf::from(argument));
                continue;
            }
        };
        *slot = Some(PathBuf::from(
            args.next().context("a flag without its file")?,
        ));
    }
    let out = out.context("name the file to write: --out FILE")?;
    let bytes = match verb.to_str() {
        Some("plug") => {
            let into = into.context("name the shell: --into FILE")?;
            plugged(&into, &files)?
        }
        Some("data") => match files.as_slice() {
            [document, bundle] => {
                let package = Package::new(&read(document)?, read(bundle)?)?;
                data(&package.to_bytes()?)?
            }
            _ => bail!("name two files: the shell's document and the policy bundle"),
        },
        Some("preload") => match files.as_slice() {
            [bundle, programs] => {
                let policy = into.context("name the policy: --into FILE")?;
                preload(&read(&policy)?, &read(bundle)?, &read(programs)?)?
            }
            _ => bail!("name two files: the policy bundle and its programs"),
        },
        _ => bail!("say what to do: `plug`, `data` or `preload`"),
    };
    let temporary = out.with_extension(format!("tmp-{}", std::process::id()));
    std::fs::write(&temporary, &bytes)
        .and_then(|()| std::fs::rename(&temporary, &out))
        .with_context(|| format!("cannot write {}", out.display()))
}

fn plugged(into: &Path, parts: &[PathBuf]) -> anyhow::Result<Vec<u8>> {
    ensure!(!parts.is_empty(), "name what is plugged in");
    let names: Vec<String> = parts.iter().map(|part| name(part)).collect();
    let bytes = parts.iter().map(|part| read(part));
    let bytes = bytes.collect::<anyhow::Result<Vec<_>>>()?;
    let plugs: Vec<Part<'_>> = names
        .iter()
        .zip(&bytes)
        .map(|(name, bytes)| Part { name, bytes })
        .collect();
    let socket = read(into)?;
    let made = plug(
        Part {
            name: &name(into),
            bytes: &socket,
        },
        &plugs,
    )?;
    // A shell that offers nothing would be of no use.
    let surface = surface(&made)?;
    ensure!(
        !surface.exports.is_empty(),
        "{} exports nothing",
        into.display()
    );
    Ok(made)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// A file's name as a package name: lower case words with `-` between them.
fn name(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |letter: char| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '-',
    };
    stem.chars().map(plain).collect()
}
