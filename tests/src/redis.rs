//! A Redis server of a test, on a port of its own, that keeps nothing.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;
use crate::wait::until;

/// A running server, ended when dropped.
pub struct Redis {
    _process: Process,
    /// Where it listens.
    pub address: SocketAddr,
    _dir: TempDir,
}

impl Redis {
    /// Starts a server; `None` where the machine has no `redis-server`, said on standard error.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn start() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let mut folders = std::env::split_paths(&path);
        if !folders.any(|folder| folder.join("redis-server").is_file()) {
            eprintln!("SKIPPED: there is no redis-server on PATH");
            return None;
        }
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        Some(Self::start_at(address))
    }

    /// Starts a server at an address that another one had.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn start_at(address: SocketAddr) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("lockgate-redis-")
            .tempdir()
            .expect("a folder");
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--port"])
            .arg(address.port().to_string())
            .current_dir(dir.path());
        let process = Process::start("redis-server", &mut command);
        until("redis-server", || TcpStream::connect(address).ok());
        Self {
            _process: process,
            address,
            _dir: dir,
        }
    }
}
