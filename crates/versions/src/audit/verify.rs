//! Finding what was done to an audit log.

use std::fmt;
use std::io::{self, BufRead, Read as _};

use super::entry::{Entry, FIRST_PREVIOUS};

/// Longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 16 * 1024;

/// The last line: what names the whole log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// Its number; 0: the log is empty.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

impl Default for Head {
    /// That of an empty log.
    fn default() -> Self {
        Self {
            seq: 0,
            hash: FIRST_PREVIOUS.to_owned(),
        }
    }
}

/// A line at which the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct Fault {
    /// The number of the line, from 1.
    pub line: u64,
    /// How it breaks.
    pub kind: FaultKind,
}

/// How a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// Its hash is not the line's own, or it is no entry.
    Changed,
    /// Its number does not follow: lines are missing, added, or in another order.
    Number {
        /// The number that had to be there.
        expected: u64,
        /// The number that is.
        found: u64,
    },
    /// It follows another line than the one before it.
    Previous,
    /// It has no end: its writing was broken off, or the file was cut.
    Unfinished,
    /// It is longer than any entry.
    TooLong,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("it was changed: its hash is not that of the line"),
            Self::Number { expected, found } => write!(
                f,
                "entry {expected} should be here, and it is entry {found}: lines are missing, added or moved"
            ),
            Self::Previous => {
                f.write_str("it does not follow the line before: one of the two was replaced")
            }
            Self::Unfinished => f.write_str("it has no end"),
            Self::TooLong => write!(f, "it is longer than {LINE_BYTES_MAX} bytes"),
        }
    }
}

/// Follows a chain, line by line.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    head: Head,
}

impl Verifier {
    /// The last line so far.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next line, without its end.
    ///
    /// # Errors
    /// How the chain breaks here.
    pub fn line(&mut self, line: &str) -> Result<Entry, Fault> {
        let number = self.head.seq.saturating_add(1);
        let fault = |kind| Fault { line: number, kind };
        let (entry, hash) = Entry::read(line).ok_or_else(|| fault(FaultKind::Changed))?;
        if entry.seq != number {
            return Err(fault(FaultKind::Number {
                expected: number,
                found: entry.seq,
            }));
        }
        if entry.previous != self.head.hash {
            return Err(fault(FaultKind::Previous));
        }
        self.head = Head { seq: number, hash };
        Ok(entry)
    }
}

/// What a whole log shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last line that follows from the first one.
    pub head: Head,
    /// The line at which the chain breaks, if it does.
    pub fault: Option<Fault>,
    /// The number of the line that has the hash that was asked for, where it is there.
    pub known_at: Option<u64>,
}

/// Follows a whole log. `known` is a head hash that was noted before, or empty; `each` is given every entry that
/// stands.
///
/// # Errors
/// Where it cannot be read.
pub fn verify(
    mut log: impl BufRead,
    known: &str,
    mut each: impl FnMut(Entry),
) -> io::Result<Verified> {
    let mut verifier = Verifier::default();
    let mut known_at = (known == FIRST_PREVIOUS).then_some(0);
    let mut line = Vec::new();
    let fault = loop {
        line.clear();
        let most = (LINE_BYTES_MAX as u64).saturating_add(1);
        if log.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            break None;
        }
        let fault = |kind| Fault {
            line: verifier.head.seq.saturating_add(1),
            kind,
        };
        let Some(text) = line.strip_suffix(b"\n") else {
            let kind = if line.len() > LINE_BYTES_MAX {
                FaultKind::TooLong
            } else {
                FaultKind::Unfinished
            };
            break Some(fault(kind));
        };
        let Ok(text) = std::str::from_utf8(text) else {
            break Some(fault(FaultKind::Changed));
        };
        match verifier.line(text) {
            Ok(entry) => each(entry),
            Err(fault) => break Some(fault),
        }
        if verifier.head.hash == known {
            known_at = Some(verifier.head.seq);
        }
    };
    Ok(Verified {
        head: verifier.head,
        fault,
        known_at,
    })
}
