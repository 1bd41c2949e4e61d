//! Names what makes the pixels: a digest of the sources of `image.wasm` and of the versions of all
//! that they build on. Two builds that may make other bytes of the same picture have two names.

#![allow(
    clippy::disallowed_methods,
    reason = "this runs when the component is built, not in it"
)]

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// From this crate's folder. `Cargo.lock` has the versions.
const MADE_OF: [&str; 7] = [
    "../image/src",
    "../image-options/src",
    "../jpeg/src",
    "../webp/src",
    "../av1/src",
    "../../wit/image.wit",
    "../../Cargo.lock",
];

fn main() -> io::Result<()> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hash = Sha256::new();
    for name in MADE_OF {
        println!("cargo::rerun-if-changed={name}");
        add(&mut hash, &here.join(name), name)?;
    }
    let digest: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo::rustc-env=LOCKGATE_CODECS={digest}");
    Ok(())
}

/// Adds a file, or the files of a folder in the order of their names.
fn add(hash: &mut Sha256, path: &Path, name: &str) -> io::Result<()> {
    if !path.is_dir() {
        let bytes = std::fs::read(path)?;
        for part in [name.as_bytes(), &bytes] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        return Ok(());
    }
    let entries: io::Result<Vec<_>> = std::fs::read_dir(path)?.collect();
    let mut names: Vec<_> = entries?.iter().map(std::fs::DirEntry::file_name).collect();
    names.sort();
    for entry in names {
        let name = format!("{name}/{}", entry.to_string_lossy());
        add(hash, &path.join(entry), &name)?;
    }
    Ok(())
}
