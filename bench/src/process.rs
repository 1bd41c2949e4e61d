//! Servers as child processes, each on cores of its own, stopped when they are dropped.
//!
//! They stay in our process group: Ctrl-C, or `xtask` stopping us, reaches them as well.

use std::fmt::Display;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::cpu::Processes;

/// The core of what is measured.
pub(crate) const SERVER_CORE: usize = 0;

/// The core of load, origins and this program.
pub(crate) const LOAD_CORE: usize = 1;

/// A component may have to be compiled first.
const READY_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    child: Child,
    log: PathBuf,
    /// Processes that belong to it though they are no children of `child`.
    helpers: Vec<Server>,
}

impl Server {
    /// Starts `program` on `cores` (one, or a list as taskset(1) takes it), its output going to
    /// `<work>/<name>.log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(
        name: &str,
        work: &Path,
        cores: impl Display,
        command: &Launch,
    ) -> Result<Self> {
        let log = work.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let child = Command::new("taskset")
            .args(["-c", &cores.to_string()])
            .arg(&command.program)
            .args(&command.arguments)
            .envs(
                command
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir(work)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
            helpers: Vec::new(),
        })
    }

    /// Accounts `helper` to this server, and stops it first.
    pub(crate) fn add_helper(&mut self, helper: Self) {
        self.helpers.push(helper);
    }

    /// Waits until it accepts connections.
    ///
    /// # Errors
    /// When it ends or takes too long; the end of its log is shown.
    pub(crate) fn wait_for(&mut self, address: SocketAddr) -> Result<()> {
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            self.still_runs()?;
            if begun.elapsed() > READY_LIMIT {
                bail!(
                    "{} does not listen on {address}:\n{}",
                    self.name,
                    self.log_end()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// # Errors
    /// When it has ended; the end of its log is shown.
    pub(crate) fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}):\n{}", self.name, self.log_end()),
        }
    }

    /// All its processes.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub(crate) fn processes(&self) -> Result<Processes> {
        let mut roots = vec![self.child.id()];
        roots.extend(self.helpers.iter().map(|helper| helper.child.id()));
        Processes::descending_from(&roots)
    }

    /// What it wrote to its standard output and error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.helpers.clear();
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else {
            return;
        };
        // It may have ended already.
        let _ = kill_process(pid, Signal::TERM);
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begun.elapsed() > STOP_LIMIT {
                eprintln!("{} does not stop: killed", self.name);
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What to start.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Launch {
    /// `program` without arguments.
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// With these arguments behind those it has.
    pub(crate) fn args<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With a path behind the arguments it has.
    pub(crate) fn path(self, flag: &str, path: &Path) -> Self {
        self.args([flag.to_owned(), path.display().to_string()])
    }

    /// With an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }
}

/// The first file called `program` on `PATH` or in the folders of system programs.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Output of a short command, both streams, trimmed; empty when it cannot run.
pub(crate) fn output_of(program: &Path, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
    else {
        return String::new();
    };
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).trim().to_owned()
}
