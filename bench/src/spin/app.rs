//! `lockgate up` as a contender.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::gate::wait_until_ready;
use crate::groups::Bench;
use crate::peers::local;
use crate::process::{Launch, SERVER_CORE, Server};
use crate::rounds::Contender;
use crate::work::Work;

/// How an app is run.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Names its state, records and log.
    pub(super) name: &'static str,
    /// The manifest.
    pub(super) manifest: PathBuf,
    /// Listens there.
    pub(super) port: u16,
    /// Further arguments.
    pub(super) arguments: Vec<String>,
    /// Further environment.
    pub(super) environment: Vec<(String, String)>,
}

/// A running app.
#[derive(Debug)]
pub(super) struct App {
    /// Its process.
    pub(super) server: Server,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// When it was started.
    pub(super) begun: Instant,
    record: PathBuf,
}

impl App {
    /// Starts it and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn start(work: &Work, options: &Options) -> Result<Self> {
        let mut app = Self::launch(work, options)?;
        wait_until_ready(&mut app.server)?;
        Ok(app)
    }

    /// Starts it and does not wait. It has an I/O thread, no state, and its records in a file.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub(super) fn launch(work: &Work, options: &Options) -> Result<Self> {
        let state = work.fresh_subfolder(&format!("state-{}", options.name))?;
        let record = state.join("record.jsonl");
        let address = local(options.port);
        let mut launch = Launch::new(work.dist("lockgate")?)
            .args(["up".to_owned(), options.manifest.display().to_string()])
            .args(["--listen".to_owned(), address.to_string()])
            .args(["--threads", "1"])
            .path("--state-dir", &state)
            .path("--records", &record)
            .path("--store", &work.subfolder("store")?)
            .args(options.arguments.clone());
        for (name, value) in &options.environment {
            launch = launch.env(name, value.clone());
        }
        let begun = Instant::now();
        let name = format!("up-{}", options.name);
        let server = Server::start(&name, work.folder(), SERVER_CORE, &launch)?;
        Ok(Self {
            server,
            address,
            begun,
            record,
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
        bench.server(name, self.address, &self.server, Some(self.record.clone()))
    }
}

/// Compiles the components of an app on all cores, before a start that is measured or has but one.
///
/// # Errors
/// When the app is not right.
pub(super) fn precompile(work: &Work, options: &Options) -> Result<()> {
    let state = work.fresh_subfolder(&format!("state-{}", options.name))?;
    let mut command = Command::new(work.dist("lockgate")?);
    command
        .arg("up")
        .arg(&options.manifest)
        .args(["--check", "--listen", "127.0.0.1:0"])
        .arg("--state-dir")
        .arg(state)
        .arg("--store")
        .arg(work.subfolder("store")?)
        .args(&options.arguments)
        .envs(options.environment.iter().cloned());
    run(&mut command, &format!("the app {}", options.name))
}

/// Runs a short command.
///
/// # Errors
/// What it said, where it fails.
pub(super) fn run(command: &mut Command, what: &str) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{what}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// Lays a manifest of `bench/spin/` into a folder, where the files that it names come to lie
/// beside it.
///
/// # Errors
/// When it cannot be copied.
pub(super) fn lay_manifest(work: &Work, manifest: &str, folder: &Path) -> Result<PathBuf> {
    let to = folder.join("spin.toml");
    let from = work.own(&format!("spin/{manifest}"));
    fs::copy(&from, &to).with_context(|| from.display().to_string())?;
    Ok(to)
}
