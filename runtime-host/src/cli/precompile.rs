//! `lockgate precompile`: compile components ahead of the first start.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;

use super::config::print;
use lockgate_sandbox::{Sandbox, precompiled};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder whose `.wasm` files are compiled
    #[arg(long)]
    components: PathBuf,
    /// Only this file of the folder; may be given several times
    #[arg(long = "file", value_name = "NAME")]
    files: Vec<String>,
    /// Where compiled forms are kept; the user's cache folder unless given
    #[arg(long)]
    store: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let store = args
        .store
        .clone()
        .unwrap_or_else(precompiled::default_store);
    let mut files = components(&args.components)?;
    if !args.files.is_empty() {
        let wanted = |file: &PathBuf| {
            let name = file.file_name().unwrap_or_default();
            args.files.iter().any(|wanted| name == wanted.as_str())
        };
        files.retain(wanted);
    }
    anyhow::ensure!(
        !files.is_empty(),
        "{} has no such .wasm file",
        args.components.display()
    );
    let sandbox = Sandbox::new()?;
    let mut failed = 0;
    for file in &files {
        match precompile(&sandbox, file, &store) {
            Ok(line) => print(&format!("{line}\n"))?,
            Err(error) => {
                eprintln!("{error:#}");
                failed += 1;
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of {} components failed", files.len());
    Ok(())
}

/// The `.wasm` files of a folder, in order of name.
fn components(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = folder
        .read_dir()
        .with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .path();
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
            && path.is_file()
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn precompile(sandbox: &Sandbox, file: &Path, store: &Path) -> anyhow::Result<String> {
    let begun = Instant::now();
    let loaded = precompiled::load(sandbox.engine(), file, store)?;
    let took = begun.elapsed();
    let done = if loaded.precompiled {
        "was compiled already".to_owned()
    } else {
        // Loading keeps quiet where it cannot keep: here that is the whole purpose.
        let kept = precompiled::load(sandbox.engine(), file, store)?.precompiled;
        anyhow::ensure!(
            kept,
            "{}: its compiled form was not kept in {}; the folder must belong to you, and nobody \
             else may write to it",
            file.display(),
            store.display(),
        );
        format!("compiled in {:.1} s", took.as_secs_f64())
    };
    let digest = loaded.digest.get(..16).unwrap_or(&loaded.digest);
    Ok(format!("{}: {done} (sha256 {digest}...)", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component: the binary format's preamble.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn components_are_the_wasm_files_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.wasm", "a.wasm", "c.txt", "wasm"] {
            std::fs::write(folder.path().join(name), EMPTY).unwrap();
        }
        std::fs::create_dir(folder.path().join("d.wasm")).unwrap();
        let files = components(folder.path()).unwrap();
        assert_eq!(
            files,
            ["a.wasm", "b.wasm"].map(|name| folder.path().join(name))
        );
        assert!(components(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_component_is_compiled_once_and_a_store_that_does_not_keep_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wasm");
        std::fs::write(&file, EMPTY).unwrap();
        let sandbox = Sandbox::new().unwrap();
        let store = folder.path().join("store");
        let line = precompile(&sandbox, &file, &store).unwrap();
        assert!(line.contains("a.wasm: compiled in "), "{line}");
        let line = precompile(&sandbox, &file, &store).unwrap();
        assert!(line.contains("a.wasm: was compiled already"), "{line}");
        // A file stands where the folder should be.
        let error = precompile(&sandbox, &file, &file).unwrap_err().to_string();
        assert!(error.contains("was not kept"), "{error}");
        std::fs::write(&file, "no component").unwrap();
        let error = precompile(&sandbox, &file, &store).unwrap_err().to_string();
        assert!(error.contains("a.wasm"), "{error}");
    }
}
