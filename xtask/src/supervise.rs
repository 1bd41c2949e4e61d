//! Child processes that never outlive us.
//!
//! Each child runs in a process group of its own, under a few lines of POSIX shell
//! (`supervise.sh`) that read a pipe whose other end we hold. When we close it, or end in
//! whatever way, `kill -9` included, the kernel closes the pipe, the shell sees the end and
//! stops the whole group, grandchildren included. Nothing but the standard library is needed,
//! no `unsafe`, and it works the same on Linux and macOS; a parent-death signal would be Linux
//! only and would reach the child but not its children.
//!
//! Ctrl-C and SIGTERM set a flag that [`Child::wait`] and [`interrupted`] look at, so that we
//! end after our children and not before them.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SCRIPT: &str = include_str!("supervise.sh");
const POLL: Duration = Duration::from_millis(20);

/// A supervised child. Dropping it stops it and waits for that.
pub(crate) struct Child {
    shell: std::process::Child,
    lifeline: Option<ChildStdin>,
    ended: Option<ExitStatus>,
}

/// `program` under the supervisor: add arguments and environment as to any [`Command`], then
/// hand it to [`spawn`].
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "supervise"]).arg(program);
    command
}

/// Starts what [`command`] made.
///
/// # Errors
/// When no shell can be started, or signal handlers cannot be set.
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    signals()?;
    let mut shell = command
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .context("cannot start /bin/sh")?;
    let lifeline = shell.stdin.take();
    Ok(Child {
        shell,
        lifeline,
        ended: None,
    })
}

impl Child {
    /// The child's standard output, once, when the command piped it.
    pub(crate) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.shell.stdout.take()
    }

    /// The child's standard error, once, when the command piped it.
    pub(crate) fn stderr(&mut self) -> Option<std::process::ChildStderr> {
        self.shell.stderr.take()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the system cannot say.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.shell.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When we are told to stop meanwhile: the child is stopped first.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        self.wait_until(None)?
            .context("a wait without a limit ends with a status")
    }

    /// Waits for its end at most until `deadline`: `None` then, and the child still runs.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub(crate) fn wait_until(&mut self, deadline: Option<Instant>) -> Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if interrupted() {
                self.stop();
                bail!("stopped by a signal");
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks it to end without waiting, so that several can end at the same time.
    pub(crate) fn ask_to_stop(&mut self) {
        self.lifeline = None;
    }

    /// Stops it and everything that it started. SIGTERM, and SIGKILL when that does not help
    /// within ten seconds.
    pub(crate) fn stop(&mut self) {
        self.ask_to_stop();
        if self.ended.is_none() {
            self.ended = self.shell.wait().ok();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs `command` (made by [`command`]) to its end.
///
/// # Errors
/// When it cannot be started, fails (`what` is named), or we are told to stop.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = spawn(command)?.wait()?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// True once SIGINT or SIGTERM has come.
pub(crate) fn interrupted() -> bool {
    FLAG.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

fn signals() -> Result<()> {
    if FLAG.get().is_some() {
        return Ok(());
    }
    let flag = Arc::clone(FLAG.get_or_init(Arc::default));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second signal ends us at once: the closing pipes still stop the children.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};

    fn alive(pid: &str) -> bool {
        let shell = format!("kill -0 {pid} 2>/dev/null");
        Command::new("/bin/sh")
            .args(["-c", &shell])
            .status()
            .unwrap()
            .success()
    }

    fn gone_soon(pid: &str) -> bool {
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            !alive(pid)
        })
    }

    #[test]
    fn the_exit_status_passes_through() {
        let status = spawn(command("sh").args(["-c", "exit 7"]))
            .unwrap()
            .wait()
            .unwrap();
        assert_eq!(status.code(), Some(7));
        assert!(run(command("false").env("A", "b"), "false").is_err());
        assert!(run(&mut command("true"), "true").is_ok());
    }

    #[test]
    fn arguments_are_not_split() {
        let mut child = spawn(
            command("printf")
                .args(["%s|", "a b", "$HOME", ""])
                .stdout(Stdio::piped()),
        )
        .unwrap();
        let text = std::io::read_to_string(child.stdout().unwrap()).unwrap();
        assert_eq!(text, "a b|$HOME||");
    }

    #[test]
    fn a_stop_reaches_grandchildren() {
        let script = "sleep 300 & echo $!; wait";
        let mut child = spawn(command("sh").args(["-c", script]).stdout(Stdio::piped())).unwrap();
        let mut pid = String::new();
        BufReader::new(child.stdout().unwrap())
            .read_line(&mut pid)
            .unwrap();
        assert!(alive(pid.trim()));
        let start = Instant::now();
        child.stop();
        assert!(gone_soon(pid.trim()));
        assert!(
            start.elapsed() < Duration::from_secs(8),
            "SIGTERM was enough"
        );
    }

    /// Another process holds the pipe here, so that it can be killed without a chance to act.
    #[test]
    fn the_hard_death_of_the_starter_reaches_grandchildren() {
        let mut starter = Command::new("sleep")
            .arg("300")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut shell = command("sh")
            .args(["-c", "sleep 300 & echo $!; wait"])
            .stdin(starter.stdout.take().unwrap())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut pid = String::new();
        BufReader::new(shell.stdout.take().unwrap())
            .read_line(&mut pid)
            .unwrap();
        assert!(alive(pid.trim()));
        starter.kill().unwrap();
        starter.wait().unwrap();
        assert!(gone_soon(pid.trim()));
        shell.wait().unwrap();
    }

    #[test]
    fn a_deadline_leaves_the_child_running() {
        let mut child = spawn(command("sleep").arg("300")).unwrap();
        let soon = Instant::now() + Duration::from_millis(60);
        assert!(child.wait_until(Some(soon)).unwrap().is_none());
        assert!(child.ended().unwrap().is_none());
        child.stop();
        assert!(child.ended().unwrap().is_some());
    }
}
