//! The log's file: appended to, and read in pages.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::entry::{Entry, Outcome};
use super::verify::{Fault, Head, LINE_BYTES_MAX, verify};
use crate::disk::{Disk, PRIVATE};
use crate::error::StoreError;

/// Largest log, in bytes: a million entries, roughly. Past it nothing more is put in force.
pub const AUDIT_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Most lines that are read at once.
pub const LINES_MAX: usize = 1000;
/// Room for the rest of an entry beside its two free texts.
const FREE_TEXT_BYTES_MAX: usize = 2000;

/// An open log.
#[derive(Debug)]
pub(crate) struct AuditLog {
    file: PathBuf,
    opened: File,
    bytes: u64,
    head: Head,
    fault: Option<Fault>,
}

/// Lines of a log, as they are in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// The lines without their ends.
    pub lines: Vec<String>,
    /// Whether there are more behind them.
    pub more: bool,
}

impl AuditLog {
    /// Opens a log, or begins one. A line that was broken off at the end is taken away: nobody was told that it
    /// had been written. `each` is given every entry of the unbroken chain. The second value says how many bytes
    /// were taken away.
    ///
    /// # Errors
    /// What cannot be read or written; a last line that is no entry.
    pub(crate) fn open(
        disk: &Disk,
        file: &Path,
        each: impl FnMut(Entry),
    ) -> Result<(Self, u64), StoreError> {
        let failed = |what| StoreError::io(what, file);
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(PRIVATE)
            .open(file)
            .map_err(failed("cannot open"))?;
        let (bytes, unfinished) = whole_lines(&opened).map_err(failed("cannot read"))?;
        if unfinished > 0 {
            disk.cut(&opened, file, bytes)?;
        }
        let verified = File::open(file)
            .and_then(|log| verify(BufReader::new(log), "", each))
            .map_err(failed("cannot read"))?;
        let head = match &verified.fault {
            None => verified.head,
            // What follows is chained to the last line, and the fault stays where it is.
            Some(fault) => last_entry(&opened, bytes)
                .map_err(failed("cannot read"))?
                .ok_or_else(|| StoreError::Audit {
                    file: file.to_owned(),
                    reason: fault.to_string(),
                })?,
        };
        let log = Self {
            file: file.to_owned(),
            opened,
            bytes,
            head,
            fault: verified.fault,
        };
        Ok((log, unfinished))
    }

    /// The last entry.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Where the chain broke when the log was opened.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Appends an entry with the next number, chained to the last one, so that it lasts.
    ///
    /// # Errors
    /// Where it cannot be written: the log is as it was then.
    pub(crate) fn append(&mut self, disk: &Disk, mut entry: Entry) -> Result<Head, StoreError> {
        entry.seq = self.head.seq.saturating_add(1);
        entry.previous.clone_from(&self.head.hash);
        entry.message = fitted(&entry.message);
        entry.reason = fitted(&entry.reason);
        let (line, hash) = entry.line().map_err(|error| StoreError::Audit {
            file: self.file.clone(),
            reason: error.to_string(),
        })?;
        // Room is kept to write down that there is none.
        let room = match entry.result {
            Outcome::Done => AUDIT_BYTES_MAX.saturating_sub(LINE_BYTES_MAX as u64),
            Outcome::Refused => AUDIT_BYTES_MAX,
        };
        let after = self.bytes.saturating_add(line.len() as u64);
        if after > room {
            return Err(StoreError::AuditFull(self.file.clone()));
        }
        if let Err(error) = disk.append(&mut self.opened, &self.file, line.as_bytes()) {
            // What was written of it goes again, so that the next entry stands on a line of its own.
            disk.cut(&self.opened, &self.file, self.bytes)?;
            return Err(error);
        }
        self.bytes = after;
        self.head = Head {
            seq: entry.seq,
            hash,
        };
        Ok(self.head.clone())
    }

    /// Whether an entry is such a one. Lines that are no entries are passed over.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn any(&self, is: impl Fn(&Entry) -> bool) -> Result<bool, StoreError> {
        let read = || -> io::Result<bool> {
            let log = BufReader::new(File::open(&self.file)?.take(self.bytes));
            for line in log.split(b'\n') {
                let line = line?;
                let entry = std::str::from_utf8(&line).ok().and_then(Entry::read);
                if entry.is_some_and(|(entry, _)| is(&entry)) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        read().map_err(StoreError::io("cannot read", &self.file))
    }

    /// Lines behind the first `after`, at most `most` and [`LINES_MAX`].
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn lines(&self, after: u64, most: usize) -> Result<Lines, StoreError> {
        let read = || -> io::Result<Lines> {
            let mut found = Lines::default();
            let log = BufReader::new(File::open(&self.file)?.take(self.bytes));
            for (number, line) in (0..).zip(log.split(b'\n')) {
                let line = line?;
                if number < after {
                    continue;
                }
                if found.lines.len() >= most.min(LINES_MAX) {
                    found.more = true;
                    break;
                }
                found
                    .lines
                    .push(String::from_utf8_lossy(&line).into_owned());
            }
            Ok(found)
        };
        read().map_err(StoreError::io("cannot read", &self.file))
    }
}

/// How many bytes of the file are whole lines, and how many are behind them.
fn whole_lines(mut opened: &File) -> io::Result<(u64, u64)> {
    let total = opened.seek(SeekFrom::End(0))?;
    let from = total.saturating_sub(LINE_BYTES_MAX as u64);
    opened.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    opened.take(LINE_BYTES_MAX as u64).read_to_end(&mut tail)?;
    let unfinished = match tail.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => tail.len().saturating_sub(end.saturating_add(1)) as u64,
        // One torn line at most; longer stretches without an end are for the one who verifies.
        None if from == 0 => total,
        None => 0,
    };
    Ok((total.saturating_sub(unfinished), unfinished))
}

/// The last line, where it is an entry by itself.
fn last_entry(mut opened: &File, bytes: u64) -> io::Result<Option<Head>> {
    let from = bytes.saturating_sub(LINE_BYTES_MAX as u64);
    opened.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    opened
        .take(bytes.saturating_sub(from))
        .read_to_end(&mut tail)?;
    let text = String::from_utf8_lossy(&tail);
    let last = text.lines().next_back().unwrap_or_default();
    Ok(Entry::read(last).map(|(entry, hash)| Head {
        seq: entry.seq,
        hash,
    }))
}

/// A free text cut to what a line has room for, and without what terminals act on.
fn fitted(text: &str) -> String {
    let mut fitted = String::new();
    for c in text.chars() {
        if fitted.len() >= FREE_TEXT_BYTES_MAX {
            fitted.push_str(" ...");
            break;
        }
        fitted.push(if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        });
    }
    fitted
}
