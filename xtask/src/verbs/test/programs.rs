//! Runs the test programs: passes on what they say and counts their results meanwhile.

use super::counts::Counts;
use crate::{cargo, supervise};
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;

/// `cargo test` over the workspace, for the tests whose names contain one of `filters`, or all.
///
/// # Errors
/// When cargo cannot be started, or we are told to stop.
pub(super) fn run(filters: &[&str]) -> Result<(ExitStatus, Counts)> {
    let mut command = cargo::command(&["test", "--release", "--workspace", "--no-fail-fast"]);
    // What a passing test says is shown: that it was skipped, above all.
    command.args(["--", "--show-output"]).args(filters);
    counted(command)
}

/// The modules of the end-to-end tests that start no gate of their own, or always the same.
const OF_ONE_WAY: [&str; 3] = ["imports::", "spin_", "ways::"];

/// The end-to-end tests with the gate run in another way: `LOCKGATE_E2E_WAY`.
///
/// # Errors
/// As [`run`].
pub(super) fn run_end_to_end(way: &str) -> Result<(ExitStatus, Counts)> {
    // The whole workspace, so that its features, and what was compiled with them, stay the same.
    let mut command = cargo::command(&["test", "--release", "--workspace", "--test", "e2e"]);
    command.env("LOCKGATE_E2E_WAY", way);
    command.args(["--", "--show-output"]);
    command.args(OF_ONE_WAY.iter().flat_map(|module| ["--skip", module]));
    counted(command)
}

fn counted(mut command: Command) -> Result<(ExitStatus, Counts)> {
    let mut child = supervise::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let stdout = child.stdout().context("standard output is piped")?;
    let stderr = child.stderr().context("standard error is piped")?;
    let counts = Mutex::new(Counts::default());
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| pass_on(stdout, &mut std::io::stdout(), &counts));
        scope.spawn(|| pass_on(stderr, &mut std::io::stderr(), &counts));
        child.wait()
    })?;
    let counts = *counts
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    Ok((ended, counts))
}

/// Copies lines from one to the other and counts what they say. Bytes that are not UTF-8 pass
/// through as they are.
fn pass_on(from: impl Read, to: &mut impl Write, counts: &Mutex<Counts>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from
        .read_until(b'\n', &mut line)
        .is_ok_and(|bytes| bytes > 0)
    {
        // Nobody may read what we write any more; the tests still run to their end.
        let _ = to.write_all(&line);
        let text = String::from_utf8_lossy(&line);
        counts
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take_line(&text);
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_pass_through_unchanged_and_are_counted() {
        let input = b"x \xff\ntest result: ok. 2 passed; 0 failed; 0 ignored\nend".as_slice();
        let counts = Mutex::new(Counts::default());
        let mut output = Vec::new();
        pass_on(input, &mut output, &counts);
        assert_eq!(output, input);
        assert_eq!(
            counts.into_inner().unwrap().to_string(),
            "2 passed, 0 failed, 0 skipped"
        );
    }
}
