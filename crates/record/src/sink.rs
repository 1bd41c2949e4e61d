//! The bounded buffer between requests and the thread that writes.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::record::Record;
use crate::writer;

/// Where the lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output (`-` in the configuration).
    Stdout,
    /// A file, opened for appending, made (mode 0640) if it is not there.
    File(PathBuf),
}

impl Target {
    pub(crate) fn open(&self) -> io::Result<File> {
        match self {
            Self::Stdout => {
                use std::os::fd::AsFd as _;
                io::stdout().as_fd().try_clone_to_owned().map(File::from)
            }
            Self::File(path) => {
                use std::os::unix::fs::OpenOptionsExt as _;
                File::options()
                    .append(true)
                    .create(true)
                    .mode(0o640)
                    .open(path)
            }
        }
    }
}

/// When lines are written and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkOptions {
    /// Write when this many bytes wait.
    pub flush_bytes: usize,
    /// Write when a line has waited this long.
    pub flush_interval: Duration,
    /// The most bytes that wait or are being written; a line beyond it is dropped and counted.
    pub buffer_bytes_max: usize,
}

impl Default for SinkOptions {
    /// 64 KiB, 100 ms, 8 MiB.
    fn default() -> Self {
        Self {
            flush_bytes: 64 * 1024,
            flush_interval: Duration::from_millis(100),
            buffer_bytes_max: 8 * 1024 * 1024,
        }
    }
}

/// Takes decision records and writes them from a thread of its own.
///
/// A request pays for serialising its record and for copying it under a lock that is never held
/// while anything is written. The thread is woken once per `flush_bytes`, and by the first line
/// after a pause; between those it wakes by itself each `flush_interval`, and it sleeps for good
/// while nothing is logged.
#[derive(Debug)]
pub struct RecordSink {
    shared: Arc<Shared>,
}

/// What requests and the writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: SinkOptions,
    pub(crate) state: Mutex<State>,
    /// The writer waits here.
    pub(crate) work: Condvar,
    /// `flush` and `close` wait here.
    pub(crate) progress: Condvar,
    pub(crate) lost: AtomicU64,
    pub(crate) write_errors: AtomicU64,
}

/// Under the lock; all short.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Lines that wait.
    pub(crate) waiting: Vec<u8>,
    pub(crate) waiting_records: u64,
    /// Bytes and records that the writer holds.
    pub(crate) in_flight_bytes: usize,
    pub(crate) in_flight_records: u64,
    /// Records handed in and written out since the start; equal when all is written.
    pub(crate) taken: u64,
    pub(crate) written: u64,
    /// The writer sleeps without a timeout: the next line must wake it.
    pub(crate) idle: bool,
    /// Write now, whatever waits.
    pub(crate) hurry: bool,
    pub(crate) reopen: bool,
    pub(crate) closing: bool,
    pub(crate) finished: bool,
}

thread_local! {
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl RecordSink {
    /// Opens the target and starts the writer.
    ///
    /// # Errors
    /// The target cannot be opened, or the thread not be started. (A FIFO that nobody reads
    /// keeps `open` waiting, as it does every program.)
    pub fn open(target: Target, options: SinkOptions) -> io::Result<Self> {
        let file = target.open()?;
        Self::start(Box::new(file), Some(target), options)
    }

    /// The same over any writer; `reopen` does nothing then.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn over(writer: Box<dyn Write + Send>, options: SinkOptions) -> io::Result<Self> {
        Self::start(writer, None, options)
    }

    fn start(
        writer: Box<dyn Write + Send>,
        target: Option<Target>,
        options: SinkOptions,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            options,
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Condvar::new(),
            lost: AtomicU64::new(0),
            write_errors: AtomicU64::new(0),
        });
        let theirs = Arc::clone(&shared);
        // Detached on purpose: `close` waits for it a bounded time and no longer.
        thread::Builder::new()
            .name("record-writer".into())
            .spawn(move || writer::run(&theirs, writer, target.as_ref()))?;
        Ok(Self { shared })
    }

    /// Takes a record. Never blocks on the target; drops and counts the record when the buffer
    /// is full or the sink closed.
    pub fn append(&self, record: &Record<'_>) {
        LINE.with_borrow_mut(|line| {
            line.clear();
            record.write_line(line);
            self.append_line(line);
        });
    }

    /// Takes a line that is already serialised, its line feed included.
    pub fn append_line(&self, line: &[u8]) {
        let options = &self.shared.options;
        let mut state = self.shared.state.lock();
        let before = state.waiting.len();
        let after = before + line.len();
        if state.closing || after + state.in_flight_bytes > options.buffer_bytes_max {
            drop(state);
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.waiting.extend_from_slice(line);
        state.waiting_records += 1;
        state.taken += 1;
        let full = before < options.flush_bytes && after >= options.flush_bytes;
        let wake = full || state.idle;
        state.idle = false;
        drop(state);
        if wake {
            self.shared.work.notify_one();
        }
    }

    /// Records dropped since the start.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Writes and reopenings that failed since the start. What could not be written is kept and
    /// tried again.
    pub fn write_errors(&self) -> u64 {
        self.shared.write_errors.load(Ordering::Relaxed)
    }

    /// Opens the file anew before the next write (SIGHUP after a rotation). If that fails the old
    /// one goes on and the failure is counted.
    pub fn reopen(&self) {
        let mut state = self.shared.state.lock();
        state.reopen = true;
        state.idle = false;
        drop(state);
        self.shared.work.notify_one();
    }

    /// Waits until everything taken so far is written, at most `wait`. True if it is.
    pub fn flush(&self, wait: Duration) -> bool {
        let deadline = Instant::now() + wait;
        let mut state = self.shared.state.lock();
        let goal = state.taken;
        while state.written < goal && !state.finished {
            state.hurry = true;
            state.idle = false;
            self.shared.work.notify_one();
            if self
                .shared
                .progress
                .wait_until(&mut state, deadline)
                .timed_out()
            {
                break;
            }
        }
        state.written >= goal
    }

    /// Writes what waits and ends the writer; waits at most `wait`. Records that are not written
    /// by then, and all that come later, count as lost. True if everything was written. Safe to
    /// call again.
    pub fn close(&self, wait: Duration) -> bool {
        let deadline = Instant::now() + wait;
        let mut state = self.shared.state.lock();
        let first = !state.closing;
        state.closing = true;
        state.idle = false;
        self.shared.work.notify_one();
        while !state.finished {
            if self
                .shared
                .progress
                .wait_until(&mut state, deadline)
                .timed_out()
            {
                break;
            }
        }
        let unwritten = state.taken - state.written;
        if first {
            self.shared.lost.fetch_add(unwritten, Ordering::Relaxed);
        }
        unwritten == 0
    }
}

impl Drop for RecordSink {
    fn drop(&mut self) {
        self.close(Duration::from_millis(500));
    }
}
