//! The thread that writes: waits for lines, takes them all, writes them, keeps what failed.

use std::io::{ErrorKind, Write};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crate::sink::{Shared, State, Target};

/// Pause after a failed write.
const RETRY: Duration = Duration::from_millis(100);
/// Pause after a target that would block (a non-blocking pipe).
const RETRY_WOULD_BLOCK: Duration = Duration::from_millis(5);
/// A failing target gets this many more tries once the sink closes.
const TRIES_AT_CLOSE: u32 = 3;

/// Runs until the sink closes and all is written, or the target has failed to the end.
pub(crate) fn run(shared: &Shared, mut writer: Box<dyn Write + Send>, target: Option<&Target>) {
    let mut batch = Vec::new();
    loop {
        let last = wait_for_work(shared, &mut batch);
        let written = write_batch(shared, &mut writer, target, &batch);
        let mut state = shared.state.lock();
        if written {
            state.written += state.in_flight_records;
        }
        state.in_flight_bytes = 0;
        state.in_flight_records = 0;
        // `close` gave up on these already, or waits for the word that they are given up.
        state.finished = last || !written;
        shared.progress.notify_all();
        if state.finished {
            state.closing = true;
            return;
        }
        drop(state);
        batch.clear();
        batch.shrink_to(4 * shared.options.flush_bytes);
    }
}

/// Waits until a batch is due and takes it. True if the sink is closing.
fn wait_for_work(shared: &Shared, batch: &mut Vec<u8>) -> bool {
    let mut state = shared.state.lock();
    let mut due: Option<Instant> = None;
    while !is_due(&state, shared.options.flush_bytes) {
        if state.waiting.is_empty() {
            state.idle = true;
            shared.work.wait(&mut state);
        } else {
            let until = *due.get_or_insert_with(|| Instant::now() + shared.options.flush_interval);
            if shared.work.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
    }
    state.hurry = false;
    std::mem::swap(&mut state.waiting, batch);
    state.in_flight_bytes = batch.len();
    state.in_flight_records = std::mem::take(&mut state.waiting_records);
    state.closing
}

fn is_due(state: &State, flush_bytes: usize) -> bool {
    state.closing || state.reopen || state.hurry || state.waiting.len() >= flush_bytes
}

/// Writes a batch whole, through failures; false if it was given up because the sink closes.
fn write_batch(
    shared: &Shared,
    writer: &mut Box<dyn Write + Send>,
    target: Option<&Target>,
    batch: &[u8],
) -> bool {
    let mut at = 0;
    let mut tries_at_close = 0;
    loop {
        if std::mem::take(&mut shared.state.lock().reopen)
            && let Some(target) = target
        {
            match target.open() {
                Ok(file) => {
                    *writer = Box::new(file);
                    // A line begun in the old file is written whole in the new one.
                    at = line_start(batch, at);
                }
                Err(_) => count_error(shared),
            }
        }
        if at == batch.len() {
            return true;
        }
        let pause = match writer.write(&batch[at..]) {
            Ok(0) => {
                count_error(shared);
                RETRY
            }
            Ok(n) => {
                at += n.min(batch.len() - at);
                continue;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => {
                let blocked = e.kind() == ErrorKind::WouldBlock;
                if !blocked {
                    count_error(shared);
                }
                if blocked { RETRY_WOULD_BLOCK } else { RETRY }
            }
        };
        if shared.state.lock().closing {
            tries_at_close += 1;
            // A blocked pipe may empty as long as `close` waits, and longer does no harm: the
            // thread ends with the process.
            if pause == RETRY && tries_at_close >= TRIES_AT_CLOSE {
                return false;
            }
        }
        thread::sleep(pause);
    }
}

fn count_error(shared: &Shared) {
    shared.write_errors.fetch_add(1, Ordering::Relaxed);
}

/// The start of the line that holds position `at`.
fn line_start(batch: &[u8], at: usize) -> usize {
    batch[..at]
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reopened_file_starts_at_a_line() {
        let batch = b"one\ntwo\nthree\n";
        for (at, start) in [(0, 0), (2, 0), (4, 4), (6, 4), (8, 8), (14, 14)] {
            assert_eq!(line_start(batch, at), start);
        }
    }
}
