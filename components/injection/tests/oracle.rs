//! The detectors against libinjection itself, as the PyPI package `libmodsecurity` (3.0.15) carries it.
//!
//! Skipped unless `LOCKGATE_ORACLE` names a Python that has the package (`1`: `python3`).
//! `LOCKGATE_ORACLE_CASES` is how many values are made up, `LOCKGATE_ORACLE_SEED` what from, and
//! `LOCKGATE_ORACLE_SEEDS` a folder of files with a percent-encoded value a line to start from.
#![allow(
    clippy::disallowed_methods,
    reason = "a test starts a process and reads the environment; nothing is decided here"
)]

mod common;
#[path = "common/generate.rs"]
mod generate;

use generate::Generator;
use lockgate_injection::{sqli, xss};
use std::env;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

/// Values that are asked at a time.
const BATCH: usize = 5_000;
/// Values that are made up when nothing else is said.
const CASES: usize = 300_000;
/// Bytes of an answer.
const ANSWER_BYTES: usize = 10;

struct Oracle {
    process: Child,
    answers: ChildStdout,
    questions: Option<ChildStdin>,
}

impl Oracle {
    fn start(python: &str) -> Self {
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("LOCKGATE_ORACLE names a Python");
        let answers = process.stdout.take().expect("a pipe");
        let questions = process.stdin.take();
        Self {
            process,
            answers,
            questions,
        }
    }

    /// The differences in a batch, a line each.
    fn compare(&mut self, values: &[Vec<u8>]) -> Vec<String> {
        let mut batch = number(values.len()).to_vec();
        for value in values {
            batch.extend(number(value.len()));
            batch.extend(value);
        }
        let mut questions = self.questions.take().expect("a pipe");
        let writer = thread::spawn(move || questions.write_all(&batch).map(|()| questions));
        let found: Vec<_> = values.iter().map(|value| ours(value)).collect();
        let mut answers = vec![0; values.len() * ANSWER_BYTES];
        self.answers
            .read_exact(&mut answers)
            .expect("the oracle answers: is libmodsecurity installed for this Python?");
        self.questions = Some(writer.join().expect("no panic").expect("written"));
        let pairs = answers.chunks(ANSWER_BYTES).zip(found);
        values
            .iter()
            .zip(pairs)
            .filter(|(_, (theirs, found))| theirs != found)
            .map(|(value, (theirs, found))| {
                let value = value.escape_ascii();
                format!(
                    "{value}\n  theirs {}\n  ours   {}",
                    theirs.escape_ascii(),
                    found.escape_ascii()
                )
            })
            .collect()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.questions.take());
        drop(self.process.wait());
    }
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).expect("small").to_le_bytes()
}

/// Our answer in the oracle's form.
fn ours(value: &[u8]) -> [u8; ANSWER_BYTES] {
    let mut answer = [0; ANSWER_BYTES];
    answer[0] = u8::from(xss(value));
    if let Some(found) = sqli(value) {
        let letters = found.as_bytes();
        answer[1] = u8::try_from(letters.len()).expect("five at most");
        answer[2..2 + letters.len()].copy_from_slice(letters);
    }
    answer
}

fn variable(name: &str) -> Option<usize> {
    env::var(name)
        .ok()
        .map(|value| value.parse().expect("a number"))
}

#[test]
fn every_answer_is_the_oracles() {
    let Ok(python) = env::var("LOCKGATE_ORACLE") else {
        println!("SKIPPED: LOCKGATE_ORACLE is not set, so libinjection was not asked");
        return;
    };
    let python = if python == "1" { "python3" } else { &python };
    let mut oracle = Oracle::start(python);
    let seeds = generate::seeds(env::var("LOCKGATE_ORACLE_SEEDS").ok().as_deref());
    let mut generator = Generator::new(variable("LOCKGATE_ORACLE_SEED").unwrap_or(1), seeds);
    let cases = variable("LOCKGATE_ORACLE_CASES").unwrap_or(CASES);
    let (mut asked, mut injections, mut scripts) = (0, 0, 0);
    let mut ask = |values: &[Vec<u8>]| {
        let wrong = oracle.compare(values);
        asked += values.len();
        injections += values.iter().filter(|value| sqli(value).is_some()).count();
        scripts += values.iter().filter(|value| xss(value)).count();
        let shown: Vec<_> = wrong.iter().take(20).map(String::as_str).collect();
        assert!(
            wrong.is_empty(),
            "{} of {asked}:\n{}",
            wrong.len(),
            shown.join("\n")
        );
    };
    for batch in generator.seeds().to_vec().chunks(BATCH) {
        ask(batch);
    }
    for _ in 0..cases.div_ceil(BATCH) {
        let batch: Vec<_> = (0..BATCH).map(|_| generator.value()).collect();
        ask(&batch);
    }
    println!(
        "{asked} values, {injections} SQL injections, {scripts} cross-site scripting: all agree"
    );
}
