//! A child process whose output is collected, ended when dropped.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};

use crate::wait::{PATIENCE, until, until_within};

/// A running child. It is ended by its own pid when dropped.
pub struct Process {
    name: String,
    child: Child,
    has_children: bool,
    stdout: Lines,
    stderr: Lines,
}

/// Lines of one stream so far.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn collect(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let into = lines.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while reader
                .read_until(b'\n', &mut line)
                .is_ok_and(|read| read > 0)
            {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                into.0.lock().expect("no reader panics").push(text);
                line.clear();
            }
        });
        lines
    }

    /// All of them.
    ///
    /// # Panics
    /// Never: who reads the stream does not panic.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lock().expect("no reader panics").clone()
    }
}

impl Process {
    /// Starts `command`.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let stdout = Lines::collect(child.stdout.take().expect("piped"));
        let stderr = Lines::collect(child.stderr.take().expect("piped"));
        Self {
            name: name.to_owned(),
            child,
            has_children: false,
            stdout,
            stderr,
        }
    }

    /// The same, asked to end when dropped: it has children of its own, which would outlive it if
    /// it were killed.
    #[must_use]
    pub fn ended_by_a_request(mut self) -> Self {
        self.has_children = true;
        self
    }

    /// What it wrote to standard output.
    #[must_use]
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.all()
    }

    /// What it wrote to standard error.
    #[must_use]
    pub fn stderr(&self) -> Vec<String> {
        self.stderr.all()
    }

    /// What it writes to standard error, also after this process is given away.
    #[must_use]
    pub fn stderr_lines(&self) -> Lines {
        self.stderr.clone()
    }

    /// Waits for a line of either stream that `find` accepts.
    ///
    /// # Panics
    /// Where the process ends before it, or after the harness's patience.
    pub fn wait_line<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        self.wait_line_within(PATIENCE, what, find)
    }

    /// The same for at most `patience`.
    ///
    /// # Panics
    /// Where the process ends before it, or after `patience`.
    pub fn wait_line_within<T>(
        &mut self,
        patience: Duration,
        what: &str,
        find: impl Fn(&str) -> Option<T>,
    ) -> T {
        let what = format!("{what} from {}", self.name);
        until_within(patience, &what, || {
            let ended = self.ended();
            let found = [self.stdout(), self.stderr()]
                .concat()
                .iter()
                .find_map(|line| find(line));
            assert!(
                found.is_some() || ended.is_none(),
                "{} ended ({ended:?}) before {what}:\n{}",
                self.name,
                self.stderr().join("\n")
            );
            found
        })
    }

    /// Lets it open `more` files beside those that it has open; its limit so far.
    ///
    /// # Panics
    /// Where the process has gone, or is another user's.
    #[must_use]
    pub fn limit_open_files(&self, more: u64) -> Rlimit {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        let limit = Rlimit {
            current: Some(open.expect("the process is there").count() as u64 + more),
            ..getrlimit(Resource::Nofile)
        };
        self.set_open_files(limit)
    }

    /// Sets its limit of open files; the one that it had.
    ///
    /// # Panics
    /// Where the process has gone, or the limit is beyond what it may have.
    pub fn set_open_files(&self, limit: Rlimit) -> Rlimit {
        let pid = Pid::from_child(&self.child);
        prlimit(Some(pid), Resource::Nofile, limit).expect("a limit that may be set")
    }

    /// Its exit status, where it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// Where the process has gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the process is there");
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn wait_end(&mut self) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        until(&what, || self.ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.has_children && self.ended().is_none() {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let begun = Instant::now();
            while self.ended().is_none() && begun.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
