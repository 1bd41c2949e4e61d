//! Other hosts for components, tuned: `wasmtime serve` and `spin up`.
//!
//! Both drive instances as our host does (wasmtime's `ProxyHandler`), pool their memories and
//! have as many I/O threads as cores, here one. They get our host's numbers for the reuse of
//! instances, more than their own (128 and 16): with those they make an instance every 128
//! requests. Neither writes a record or an access log, and `wasmtime serve` interrupts no loop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::groups::Bench;
use crate::peers::local;
use crate::process::{Launch, SERVER_CORE, Server, find_program, output_of};
use crate::rounds::Contender;
use crate::work::Work;

/// Ours listens there, the others behind it.
pub(crate) const PORT: u16 = 19_140;
const WASMTIME_PORT: u16 = PORT + 1;
const SPIN_PORT: u16 = PORT + 2;

/// The version that is compared with, that of our host's library.
const WASMTIME_MAJOR: &str = "48";

/// What our host does unless a manifest says otherwise.
const REUSE: [&str; 4] = [
    "--max-instance-reuse-count",
    "1000",
    "--max-instance-concurrent-reuse-count",
    "64",
];

/// A host that is no Lockgate.
#[derive(Debug)]
pub(super) struct Host {
    server: Server,
    address: SocketAddr,
    /// Its tuning.
    pub(super) arguments: Vec<String>,
}

impl Host {
    fn start(
        work: &Work,
        name: &str,
        port: u16,
        launch: Launch,
        arguments: Vec<String>,
    ) -> Result<Self> {
        let launch = launch.args(arguments.clone());
        let mut server = Server::start(name, work.folder(), SERVER_CORE, &launch)?;
        let address = local(port);
        server.wait_for(address)?;
        Ok(Self {
            server,
            address,
            arguments,
        })
    }

    /// Sent the whole request set over the usual connections.
    ///
    /// # Errors
    /// When its processes cannot be found.
    pub(super) fn contender<'a>(
        &self,
        bench: &'a Bench,
        name: &'static str,
    ) -> Result<Contender<'a>> {
        bench.server(name, self.address, &self.server, None)
    }
}

/// `wasmtime serve` with this component. Its `-S cli` is what a component built with Rust's
/// standard library imports.
///
/// # Errors
/// When it is missing or does not start.
pub(super) fn wasmtime(work: &Work, component: &Path) -> Result<Host> {
    let program = find_wasmtime(work).context("wasmtime is missing")?;
    let launch = Launch::new(program)
        .args(["serve", "--addr"])
        .args([local(WASMTIME_PORT).to_string()]);
    let mut arguments = vec!["-Scli".to_owned(), "-Opooling-allocator".to_owned()];
    arguments.extend(REUSE.map(str::to_owned));
    arguments.push(component.display().to_string());
    Host::start(work, "wasmtime", WASMTIME_PORT, launch, arguments)
}

/// `spin up` with this manifest.
///
/// # Errors
/// When it is not on `PATH` or does not start.
pub(super) fn spin(work: &Work, manifest: &Path) -> Result<Host> {
    let program = find_program("spin").context("spin is not on PATH")?;
    let state = work.fresh_subfolder("spin-state")?;
    let launch = Launch::new(program)
        .args(["up"])
        .path("-f", manifest)
        .args(["--listen".to_owned(), local(SPIN_PORT).to_string()])
        .path("--state-dir", &state)
        .path("--log-dir", &state.join("logs"));
    let mut arguments = vec!["--quiet".to_owned()];
    arguments.extend(REUSE.map(str::to_owned));
    Host::start(work, "spin", SPIN_PORT, launch, arguments)
}

/// Looks for wasmtime of the right version, and installs it into the work folder when it is
/// missing.
///
/// # Errors
/// When cargo cannot install it.
pub(super) fn ensure_wasmtime(work: &Work) -> Result<PathBuf> {
    if let Some(found) = find_wasmtime(work) {
        return Ok(found);
    }
    let root = work.subfolder("wasmtime")?;
    eprintln!(
        "wasmtime {WASMTIME_MAJOR} is missing: cargo install wasmtime-cli into {} (some minutes)",
        root.display()
    );
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["install", "wasmtime-cli", "--locked", "--quiet"])
        .args(["--version", &format!("^{WASMTIME_MAJOR}")])
        .arg("--root")
        .arg(&root)
        // Not among our own: cargo takes a folder for the time being.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .current_dir(&root)
        .stdin(Stdio::null())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "wasmtime-cli does not install");
    find_wasmtime(work).context("wasmtime-cli was installed and is not there")
}

/// The one that was installed into the work folder, else the one on `PATH`, if it is of the right
/// version.
fn find_wasmtime(work: &Work) -> Option<PathBuf> {
    let own = Some(work.folder().join("wasmtime/bin/wasmtime"));
    let wanted = format!("wasmtime {WASMTIME_MAJOR}.");
    [own, find_program("wasmtime")]
        .into_iter()
        .flatten()
        .find(|path| path.is_file() && output_of(path, &["--version"]).starts_with(&wanted))
}

/// The version that is measured.
pub(crate) fn wasmtime_version(work: &Work) -> Option<String> {
    find_wasmtime(work).map(|path| output_of(&path, &["--version"]))
}
