//! Whether rules could be put in force: the whole configuration is loaded and compiled with them in place of the
//! folder's, and their cases are run. Nothing is changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lockgate_config::{Instead, load_rules_instead};
use lockgate_rules::cases::run_loaded;
use lockgate_versions::{RulePath, Snapshot};

use super::now_ms;
use crate::start::Options;

/// Most faults that an answer has.
const FAULTS_MAX: usize = 100;

/// What ends the names of files of cases.
const CASES: &str = ".test.toml";

/// Files beside the folder, as long as they are looked at.
struct Unpacked {
    folder: PathBuf,
}

impl Unpacked {
    fn new(folder: PathBuf, snapshot: &Snapshot) -> io::Result<Self> {
        match fs::remove_dir_all(&folder) {
            // A leftover of a crash.
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        fs::create_dir_all(&folder)?;
        let unpacked = Self { folder };
        for (path, bytes) in snapshot.files() {
            let file = path.below(&unpacked.folder);
            if let Some(above) = file.parent() {
                fs::create_dir_all(above)?;
            }
            fs::write(file, bytes)?;
        }
        Ok(unpacked)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What stays is removed before the next check.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Checks rules before they are put in the place of the folder `rules`. `scratch` is a folder for a moment.
///
/// # Errors
/// Everything that is wrong, a text a fault, with file, line and column where there is one.
pub(super) fn check(
    options: &Options,
    rules: &Path,
    scratch: PathBuf,
    snapshot: &Snapshot,
) -> Result<(), Vec<String>> {
    let outside = directives_outside(snapshot);
    if !outside.is_empty() {
        return Err(outside);
    }
    let unpacked = Unpacked::new(scratch, snapshot)
        .map_err(|error| vec![format!("cannot unpack the rules: {error}")])?;
    let instead = Instead {
        folder: rules.to_owned(),
        files: unpacked.folder.clone(),
    };
    let mut faults = configuration(options, &instead);
    if faults.is_empty() {
        let files = snapshot.files().map(|(path, _)| path);
        for path in files.filter(|path| is_rule_file(path)) {
            faults.extend(cases(path, &instead));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let more = faults.len().saturating_sub(FAULTS_MAX);
    if more > 0 {
        faults.truncate(FAULTS_MAX);
        faults.push(format!("and {more} more"));
    }
    // The files are named as they will lie in their own folder.
    let (read, own) = (
        instead.files.display().to_string(),
        rules.display().to_string(),
    );
    Err(faults
        .into_iter()
        .map(|fault| fault.replace(&read, &own))
        .collect())
}

/// Directives that name files outside of the folder, a text each: whoever pushes rules has no right to read the
/// machine's files, not even in a fault.
fn directives_outside(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for (path, bytes) in snapshot.files() {
        if path.as_str().ends_with(".toml") {
            continue;
        }
        let text = String::from_utf8_lossy(bytes);
        for (number, line) in (1..).zip(text.lines()) {
            if names_outside(line) {
                let reason = "names a file outside of the folder of the rules";
                found.push(format!("{}:{number}: {reason}", path.as_str()));
            }
        }
    }
    found.truncate(FAULTS_MAX);
    found
}

/// Whether a line includes a file, or takes a list out of one, by a path that leaves the folder.
fn names_outside(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["include", "fromfile"].iter().any(|word| {
        line.match_indices(word).any(|(at, _)| {
            let rest = line.get(at..).unwrap_or_default();
            rest.contains("..")
                || rest
                    .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\\' | '\''))
                    .any(|part| part.starts_with('/'))
        })
    })
}

fn is_rule_file(path: &RulePath) -> bool {
    path.as_str().ends_with(".toml") && !path.as_str().ends_with(CASES)
}

/// Faults of the whole configuration.
fn configuration(options: &Options, instead: &Instead) -> Vec<String> {
    let loaded = match options.load_instead(instead) {
        Ok(loaded) => loaded,
        Err((error, _)) => {
            let text = format!("{error:#}");
            return text
                .lines()
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect();
        }
    };
    match lockgate_compile::compile(&loaded) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

/// What fails of the cases of a rule file.
fn cases(path: &RulePath, instead: &Instead) -> Vec<String> {
    let file = path.below(&instead.files);
    let loaded = match load_rules_instead(std::slice::from_ref(&file), instead) {
        Ok(loaded) => loaded,
        Err(refused) => return refused.faults.iter().map(ToString::to_string).collect(),
    };
    match run_loaded(&file, &loaded, now_ms() / 1000) {
        Ok(report) => {
            let failures = report.failures.iter();
            failures
                .map(|failure| format!("{}:\n{failure}", file.display()))
                .collect()
        }
        Err(error) => vec![format!("{}: {error}", file.display())],
    }
}
