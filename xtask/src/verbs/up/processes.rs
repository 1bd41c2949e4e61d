//! The demo's three processes: two shops and Lockgate.

use super::ports::{ADMIN, SHOP_ONE, SHOP_TWO};
use crate::http::{self, Request};
use crate::supervise::{self, Child};
use crate::{cargo, checkout};
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The demo's configuration.
const CONFIGURATION: &str = "gateway.toml";

/// Where the processes log to.
pub(super) const LOGS: &str = ".lockgate/demo";

/// A first start may have to compile the components.
const READY_LIMIT: Duration = Duration::from_secs(90);

/// Lines of a log that an error shows.
const LOG_LINES_SHOWN: usize = 20;

/// What the whole demo runs; dropping it stops it.
pub(super) struct Demo {
    processes: Vec<Process>,
}

struct Process {
    name: &'static str,
    log: PathBuf,
    child: Child,
}

impl Demo {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// When a program is missing, ends, or is not ready in time; its last log lines are shown.
    pub(super) fn start() -> Result<Self> {
        let mut demo = Self {
            processes: Vec::new(),
        };
        let shop = checkout::dist().join("lockgate-shop");
        for (name, address, brand) in [
            ("shop-one", SHOP_ONE, "Harbour & Pine"),
            ("shop-two", SHOP_TWO, "Copper Kettle"),
        ] {
            demo.add(name, &shop, &["--listen", address, "--brand", brand])?;
        }
        demo.wait("the shops", || {
            [SHOP_ONE, SHOP_TWO].into_iter().all(accepts)
        })?;
        let lockgate = checkout::dist().join("lockgate");
        demo.add("lockgate", &lockgate, &["run", "--config", CONFIGURATION])?;
        demo.wait("Lockgate", ready)?;
        Ok(demo)
    }

    fn add(&mut self, name: &'static str, program: &Path, arguments: &[&str]) -> Result<()> {
        ensure!(
            program.is_file(),
            "{} is missing: run `cargo xtask build`",
            program.display()
        );
        let folder = checkout::root().join(LOGS);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let mut command = supervise::command(program);
        cargo::without_our_own_package(&mut command);
        command.args(arguments).current_dir(checkout::root());
        command.stdout(file.try_clone()?).stderr(file);
        let child = supervise::spawn(&mut command)?;
        self.processes.push(Process { name, log, child });
        Ok(())
    }

    fn wait(&mut self, what: &str, ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !ready() {
            self.still_runs()?;
            ensure!(!supervise::interrupted(), "stopped by a signal");
            if start.elapsed() > READY_LIMIT {
                let last = self.processes.last().map(|process| tail(&process.log));
                bail!(
                    "{what} not ready after {} s; the log ends with:\n{}",
                    READY_LIMIT.as_secs(),
                    last.unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!(
            "      {what}: ready after {:.1} s",
            start.elapsed().as_secs_f64()
        );
        Ok(())
    }

    /// Checks that nothing has ended by itself.
    ///
    /// # Errors
    /// Names what has, with the end of its log.
    pub(super) fn still_runs(&mut self) -> Result<()> {
        for process in &mut self.processes {
            if let Some(status) = process.child.ended()? {
                bail!(
                    "{} ended ({status}); its log ends with:\n{}",
                    process.name,
                    tail(&process.log)
                );
            }
        }
        Ok(())
    }

    /// A development token for the demo's customer.
    ///
    /// # Errors
    /// When `lockgate token` fails.
    pub(super) fn token(&self) -> Result<String> {
        let output = Command::new(checkout::dist().join("lockgate"))
            .args(TOKEN_ARGUMENTS)
            .current_dir(checkout::root())
            .stdin(Stdio::null())
            .output()
            .context("cannot start lockgate")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "lockgate token failed: {}",
            said.trim()
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Stops everything, Lockgate first so that its last requests still find the shops.
    pub(super) fn stop(&mut self) {
        while let Some(mut process) = self.processes.pop() {
            process.child.stop();
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What makes the token of the demo's customer.
pub(super) const TOKEN_ARGUMENTS: [&str; 9] = [
    "token",
    "--config",
    CONFIGURATION,
    "--sign-in",
    "customers",
    "--sub",
    "alice",
    "--scope",
    "orders",
];

fn accepts(address: &str) -> bool {
    address
        .parse()
        .is_ok_and(|address: SocketAddr| TcpStream::connect(address).is_ok())
}

fn ready() -> bool {
    let Ok(address) = ADMIN.parse() else {
        return false;
    };
    let request = Request {
        method: "GET",
        target: "/readyz",
        host: ADMIN,
        headers: &[],
    };
    http::send(address, &request).is_ok_and(|response| response.status == 200)
}

/// The last lines of a log, indented.
fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
    shown.iter().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_shown() {
        let log = std::env::temp_dir().join(format!("xtask-log-{}", std::process::id()));
        let lines: String = (1..=30).map(|number| format!("line {number}\n")).collect();
        fs::write(&log, lines).unwrap();
        let end = tail(&log);
        assert!(
            end.starts_with("  line 11\n") && end.ends_with("  line 30\n"),
            "{end}"
        );
        fs::remove_file(&log).unwrap();
        assert_eq!(tail(&log), "");
    }
}
