//! A PostgreSQL server of a test: a folder and a port of its own, encrypted where a client asks.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::certificates::Certificate;
use crate::process::Process;
use crate::wait::until;

/// The role of the tests and its password, which is asked for over TCP.
const ROLE: &str = "reporting";
/// Its password.
pub const PASSWORD: &str = "correct horse";

/// Where Debian has the programs that are not on PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A running server, ended when dropped.
pub struct Postgres {
    process: Process,
    programs: PathBuf,
    port: u16,
    /// What clients have to trust.
    pub certificate: Certificate,
    dir: TempDir,
}

impl Postgres {
    /// Starts a server; `None` where the machine has none, said on standard error.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("SKIPPED: there is no PostgreSQL with initdb, on PATH or below {DEBIAN}");
            return None;
        };
        let dir = tempfile::Builder::new()
            .prefix("lockgate-postgres-")
            .tempdir()
            .expect("a folder");
        let certificate = Certificate::new("localhost");
        let files = [
            ("password", PASSWORD),
            ("cert.pem", &certificate.certificate),
            ("key.pem", &certificate.private_key),
        ];
        for (name, text) in files {
            let file = dir.path().join(name);
            std::fs::write(&file, text).expect("a file");
            owned(&file, 0o600);
        }
        owned(dir.path(), 0o700);
        let made = as_user(&programs.join("initdb"))
            .args(["-U", ROLE, "-E", "UTF8", "--no-sync"])
            .args([
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--pwfile=password",
            ])
            .args(["-D", "data"])
            .current_dir(dir.path())
            .output()
            .expect("initdb starts");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut command = as_user(&programs.join("postgres"));
        command
            .args(["-D", "data", "-k"])
            .arg(dir.path())
            .args(["-p", &port.to_string()])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "ssl=on",
            ])
            .args([
                "-c",
                "ssl_cert_file=../cert.pem",
                "-c",
                "ssl_key_file=../key.pem",
            ])
            .current_dir(dir.path());
        let process = Process::start("postgres", &mut command);
        until("postgres", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        let server = Self {
            process,
            programs,
            port,
            certificate,
            dir,
        };
        until("an answer of postgres", || server.asked("SELECT 1").ok());
        Some(server)
    }

    /// The URL of its database, without the password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgresql://{ROLE}@localhost:{}/postgres", self.port)
    }

    /// Runs statements.
    ///
    /// # Panics
    /// Where one fails.
    pub fn run(&self, sql: &str) {
        self.asked(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Ends it: no client reaches it any more.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn stop(&mut self) {
        // "Fast": clients are sent away.
        self.process.signal(Signal::INT);
        self.process.wait_end();
    }

    fn asked(&self, sql: &str) -> Result<(), String> {
        let asked = Command::new(self.programs.join("psql"))
            .args([
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                ROLE,
                "-d",
                "postgres",
                "-h",
            ])
            .arg(self.dir.path())
            .args(["-p", &self.port.to_string(), "-c", sql])
            .output()
            .map_err(|error| error.to_string())?;
        if asked.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&asked.stderr).into_owned())
        }
    }
}

/// The folder with `initdb` and `postgres`: one of PATH, or that of Debian's newest version.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    debian.sort();
    let mut folders = std::env::split_paths(&path).chain(debian.into_iter().rev());
    folders.find(|folder| {
        let has = |name: &&str| folder.join(name).is_file();
        ["initdb", "postgres", "psql"].iter().all(has)
    })
}

/// The server refuses to run as root; then it is `nobody` who runs it.
fn user() -> Option<(u32, u32)> {
    let nobody = (65_534, 65_534);
    rustix::process::geteuid().is_root().then_some(nobody)
}

fn as_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = user() {
        command.uid(user).gid(group);
    }
    command
}

fn owned(path: &Path, mode: u32) {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("permissions");
    if let Some((user, group)) = user() {
        chown(path, Some(user), Some(group)).expect("an owner");
    }
}
