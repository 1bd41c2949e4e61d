//! The sink never blocks a request, loses nothing that it could keep, and counts what it lost.

use std::io::{self, Read as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockgate_record::{Record, RecordSink, SinkOptions, Target};
use parking_lot::Mutex;

const LONG: Duration = Duration::from_secs(10);

/// A target in memory whose next writes can be made to fail or to be short.
#[derive(Clone, Default)]
struct Memory {
    bytes: Arc<Mutex<Vec<u8>>>,
    failing: Arc<AtomicBool>,
}

impl Write for Memory {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let n = buf.len().min(1_000);
        self.bytes.lock().extend_from_slice(&buf[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    let lines = bytes
        .strip_suffix(b"\n")
        .unwrap_or(bytes)
        .split(|b| *b == b'\n');
    lines
        .map(|l| serde_json::from_slice(l).expect("a whole line"))
        .collect()
}

fn record(n: u64) -> Record<'static> {
    Record {
        id: "x",
        bytes_out: n,
        ..Record::default()
    }
}

#[test]
fn threads_lines_arrive_whole_and_once() {
    let memory = Memory::default();
    let sink = RecordSink::over(Box::new(memory.clone()), SinkOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let sink = &sink;
            scope.spawn(move || (0..2_000).for_each(|n| sink.append(&record(thread * 2_000 + n))));
        }
    });
    assert!(sink.close(LONG));
    let mut seen: Vec<u64> = lines(&memory.bytes.lock())
        .iter()
        .map(|l| l["bytes_out"].as_u64().unwrap())
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..8_000).collect::<Vec<_>>());
    assert_eq!((sink.lost(), sink.write_errors()), (0, 0));
    sink.append(&record(1));
    assert_eq!(sink.lost(), 1, "a closed sink counts");
}

#[test]
fn a_lone_line_is_written_within_the_interval() {
    let memory = Memory::default();
    let sink = RecordSink::over(Box::new(memory.clone()), SinkOptions::default()).unwrap();
    for n in 0..3 {
        sink.append(&record(n));
        let start = Instant::now();
        while lines_count(&memory) <= n as usize {
            assert!(start.elapsed() < LONG, "line {n} was not written");
            std::thread::sleep(Duration::from_millis(5));
        }
        // Not at once either: lines are gathered. Asleep or busy, the machine only adds to it.
        assert!(
            start.elapsed() >= Duration::from_millis(50),
            "{:?}",
            start.elapsed()
        );
    }
}

fn lines_count(memory: &Memory) -> usize {
    memory.bytes.lock().iter().filter(|b| **b == b'\n').count()
}

#[test]
fn a_stuck_pipe_blocks_neither_requests_nor_shutdown() {
    let (mut reader, writer) = io::pipe().unwrap();
    let options = SinkOptions {
        buffer_bytes_max: 256 * 1024,
        ..SinkOptions::default()
    };
    let sink = RecordSink::over(Box::new(writer), options).unwrap();
    const SENT: u64 = 20_000;
    let start = Instant::now();
    (0..SENT).for_each(|n| sink.append(&record(n)));
    assert!(start.elapsed() < LONG);
    assert!(
        sink.lost() > 0,
        "a pipe holds 64 KiB, the buffer 256 KiB, and 4 MB were sent"
    );
    assert!(!sink.flush(Duration::from_millis(50)));
    let start = Instant::now();
    assert!(!sink.close(Duration::from_millis(100)));
    assert!(start.elapsed() < Duration::from_secs(5));
    // What the pipe took and what is counted as lost make up all that was sent. A line may be
    // counted although the pipe has it: the batch was not through.
    let lost = sink.lost();
    drop(sink);
    let mut got = vec![0; 1 << 16];
    let n = reader.read(&mut got).unwrap();
    let whole = got[..n].iter().filter(|b| **b == b'\n').count() as u64;
    assert!(whole > 0 && whole + lost >= SENT, "{whole} + {lost}");
    assert!(lost <= SENT);
}

#[test]
fn a_full_disk_is_retried_and_loses_nothing() {
    let memory = Memory::default();
    memory.failing.store(true, Ordering::SeqCst);
    let sink = RecordSink::over(Box::new(memory.clone()), SinkOptions::default()).unwrap();
    (0..100).for_each(|n| sink.append(&record(n)));
    assert!(!sink.flush(Duration::from_millis(300)));
    assert!(sink.write_errors() > 0);
    memory.failing.store(false, Ordering::SeqCst);
    assert!(sink.flush(LONG));
    assert_eq!((lines(&memory.bytes.lock()).len(), sink.lost()), (100, 0));
}

#[test]
fn a_target_that_fails_for_good_does_not_hold_up_the_end() {
    let memory = Memory::default();
    memory.failing.store(true, Ordering::SeqCst);
    let sink = RecordSink::over(Box::new(memory), SinkOptions::default()).unwrap();
    (0..100).for_each(|n| sink.append(&record(n)));
    let start = Instant::now();
    assert!(!sink.close(LONG));
    assert!(start.elapsed() < LONG / 2);
    assert_eq!(sink.lost(), 100);
}

#[test]
fn a_rotated_file_is_reopened() {
    let dir = tempfile::tempdir().unwrap();
    let (path, rotated) = (dir.path().join("log"), dir.path().join("log.1"));
    std::fs::write(&path, b"{}\n").unwrap();
    let sink = RecordSink::open(Target::File(path.clone()), SinkOptions::default()).unwrap();
    sink.append(&record(1));
    assert!(sink.flush(LONG));
    std::fs::rename(&path, &rotated).unwrap();
    sink.append(&record(2));
    assert!(sink.flush(LONG));
    sink.reopen();
    sink.append(&record(3));
    assert!(sink.close(LONG));
    assert_eq!(
        lines(&std::fs::read(&rotated).unwrap()).len(),
        3,
        "appended to, then left"
    );
    let new = lines(&std::fs::read(&path).unwrap());
    assert_eq!(
        (new.len(), &new[0]["bytes_out"]),
        (1, &serde_json::json!(3))
    );
}

#[test]
fn a_reopening_that_fails_keeps_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let sink = RecordSink::open(Target::File(logs.join("log")), SinkOptions::default()).unwrap();
    let moved = dir.path().join("moved");
    std::fs::rename(&logs, &moved).unwrap();
    sink.reopen();
    sink.append(&record(1));
    assert!(sink.close(LONG));
    assert_eq!(sink.write_errors(), 1);
    assert_eq!(lines(&std::fs::read(moved.join("log")).unwrap()).len(), 1);
    assert!(RecordSink::open(Target::File(logs.join("log")), SinkOptions::default()).is_err());
}
