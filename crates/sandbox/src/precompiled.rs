//! Precompiled components, kept by content hash.
//!
//! Compiling `policy.wasm` takes seconds, loading its compiled form under a millisecond. The key
//! is the SHA-256 of the component's bytes, wasmtime's compatibility hash of this engine, and
//! this build's version, so that neither another component, nor another engine, nor another
//! processor ever loads a form that was not made for it.

use std::hash::Hash as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// A component and the digest of the bytes that it came from.
pub struct Loaded {
    /// The component, compiled.
    pub component: Component,
    /// Lower-case hexadecimal SHA-256 of the `.wasm` file.
    pub digest: String,
    /// It came out of the store; nothing was compiled.
    pub precompiled: bool,
}

/// Loads the component at `path`, compiling it only where `store` has no compiled form.
/// A store that cannot be written costs the next start time, nothing else.
///
/// # Errors
/// Where the file cannot be read or is no component.
pub fn load(engine: &Engine, path: &Path, store: &Path) -> anyhow::Result<Loaded> {
    let unreadable = || format!("cannot read {}", path.display());
    let digest = hex(&digest_of(path).with_context(unreadable)?);
    let entry = store.join(format!("{digest}-{}.cwasm", engine_key(engine)));
    if let Some(component) = read_entry(engine, &entry) {
        return Ok(Loaded {
            component,
            digest,
            precompiled: true,
        });
    }
    let bytes = std::fs::read(path).with_context(unreadable)?;
    // Under the name of what is compiled, should the file have changed in between.
    let digest = hex(&Sha256::digest(&bytes));
    let entry = store.join(format!("{digest}-{}.cwasm", engine_key(engine)));
    let compiled = engine
        .precompile_component(&bytes)
        .map_err(anyhow::Error::from)
        .with_context(|| format!("{} is no component that this host runs", path.display()))?;
    if let Err(error) = lockgate_own_files::put(&entry, &[&compiled]) {
        tracing::warn!(store = %store.display(), %error, "precompiled component not kept");
    }
    let component = deserialize(engine, &compiled)?;
    Ok(Loaded {
        component,
        digest,
        precompiled: false,
    })
}

/// A piece at a time: a start that finds the compiled form needs none of the file, and memory that
/// was in use once is slow to be given back.
fn digest_of(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&piece[..read]);
    }
}

fn read_entry(engine: &Engine, entry: &Path) -> Option<Component> {
    if !lockgate_own_files::is_own(entry) {
        return None;
    }
    #[allow(
        unsafe_code,
        reason = "loading what this host compiled itself, see `is_own`"
    )]
    // SAFETY: the file was written by `put` of the same user (checked above, together
    // with its directory) from `precompile_component` of the same engine (in the name).
    let component = unsafe { Component::deserialize_file(engine, entry) };
    match component {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(entry = %entry.display(), %error, "precompiled component not usable");
            None
        }
    }
}

fn deserialize(engine: &Engine, compiled: &[u8]) -> anyhow::Result<Component> {
    #[allow(
        unsafe_code,
        reason = "the bytes come from `precompile_component`, a line above"
    )]
    // SAFETY: as the reason says.
    let component = unsafe { Component::deserialize(engine, compiled) };
    component.map_err(anyhow::Error::from)
}

fn engine_key(engine: &Engine) -> String {
    let mut hasher = KeyHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.update(env!("CARGO_PKG_VERSION"));
    hex(&hasher.0.finalize())[..16].to_owned()
}

/// Feeds `std::hash::Hash` into SHA-256, so that the key is the same in every process.
struct KeyHasher(Sha256);

impl std::hash::Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
            .clone()
            .finalize()
            .first_chunk()
            .map_or(0, |head| u64::from_le_bytes(*head))
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// Where compiled forms are kept unless told otherwise: `$XDG_CACHE_HOME` or `~/.cache`, folder
/// `lockgate/components`.
#[must_use]
pub fn default_store() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("lockgate").join("components")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
