//! Where a gate's decision records are found.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::Lines;

/// Where records are written, and what else is written there.
#[derive(Clone)]
pub enum Records {
    /// A file that holds nothing else.
    Alone(PathBuf),
    /// A file with whatever else a component prints.
    Among(PathBuf),
    /// The log of our host, which has a line for each line that a component prints; and the
    /// host's own records, of which those count that no component answered.
    InLog(Lines, PathBuf),
}

impl Records {
    /// All that are written so far.
    ///
    /// # Panics
    /// Where a line that must be one is no record.
    #[must_use]
    pub fn all(&self) -> Vec<Value> {
        match self {
            Self::Alone(path) => whole_lines(path).lines().map(record).collect(),
            Self::Among(path) => {
                let text = whole_lines(path);
                text.lines()
                    .filter(|line| is_record(line))
                    .map(record)
                    .collect()
            }
            Self::InLog(log, host) => {
                let log = log.all();
                let printed = log.iter().filter_map(|line| printed(line));
                let host = records_of(host).into_iter();
                printed
                    .chain(host.filter(|record| record["stage"] != "component"))
                    .collect()
            }
        }
    }
}

/// The records in a file of their own.
///
/// # Panics
/// Where a whole line is no JSON object.
#[must_use]
pub fn records_of(path: &Path) -> Vec<Value> {
    Records::Alone(path.to_owned()).all()
}

/// A line that is not ended yet is still being written.
fn whole_lines(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let mut text = String::from_utf8(text).expect("records are UTF-8");
    text.truncate(text.rfind('\n').unwrap_or(0));
    text
}

fn record(line: &str) -> Value {
    let record: Value = serde_json::from_str(line)
        .unwrap_or_else(|error| panic!("a record is no JSON ({error}): {line}"));
    assert!(record.is_object(), "a record is no object: {line}");
    record
}

/// What tells a record from other lines, as `docs/spin.md` says.
fn is_record(line: &str) -> bool {
    line.starts_with("{\"time\"")
}

/// The record in an event of our host's log.
fn printed(line: &str) -> Option<Value> {
    // Most lines need no parsing.
    if !line.contains("\"stdout\"") {
        return None;
    }
    let event: Value = serde_json::from_str(line).ok()?;
    let said = event["message"].as_str()?;
    (event["component"] == "gateway" && event["stream"] == "stdout" && is_record(said))
        .then(|| record(said))
}
