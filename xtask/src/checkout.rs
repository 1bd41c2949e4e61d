//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The top folder of the checkout.
///
/// Cargo says it when it runs us. What was compiled in is the second choice: a target
/// directory may be shared by several checkouts.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .parent()
        .map_or(manifest.clone(), Path::to_path_buf)
}

/// Where `build` leaves what it made: `dist/`.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// True where a missing tool is a failure and not a skip: `CI=true`, as CI services set it.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// The first file called `program` on `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
