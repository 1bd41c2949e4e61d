//! The patterns of the Core Rule Set and values to try them on, read from `../shared/crs`.
#![allow(
    clippy::disallowed_methods,
    reason = "tests and examples read the rules beside the project"
)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test and example that includes this file uses a part of it"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a rule asks of a value.
#[derive(Debug, Clone)]
pub enum Operator {
    /// A regular expression.
    Rx(String),
    /// A list of phrases.
    Pm(Vec<Vec<u8>>),
}

/// A rule that has a pattern.
#[derive(Debug, Clone)]
pub struct Rule {
    /// File and number, for messages.
    pub name: String,
    /// The paranoia level that it belongs to; 0 for rules of every level.
    pub level: u8,
    /// Its targets as written.
    pub targets: String,
    /// Its transformations as written, comma-separated.
    pub chain: String,
    /// Whether it reads what an earlier rule of a chain matched.
    pub chained: bool,
    /// Whether it reads responses.
    pub response: bool,
    /// The pattern.
    pub operator: Operator,
}

/// The folder of the Core Rule Set, or `None` where it is missing.
pub fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().ok()?;
    let folder = root.join("../../../shared/crs");
    folder.join("rules").is_dir().then_some(folder)
}

/// All rules with `@rx`, `@pm` or `@pmFromFile`, negated ones too.
pub fn rules(folder: &Path) -> Vec<Rule> {
    let mut rules = Vec::new();
    for file in sorted(&folder.join("rules")) {
        if file.extension().is_none_or(|extension| extension != "conf") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let text = join_lines(&text);
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut level = 0;
        let mut chained = false;
        for line in text.lines() {
            let Some(line) = line.trim().strip_prefix("SecRule ") else {
                continue;
            };
            let (targets, rest) = line.split_once(' ').unwrap();
            let (operator, rest) = quoted(rest);
            let actions = quoted(rest).0;
            if targets == "TX:DETECTION_PARANOIA_LEVEL" {
                level = operator.trim_start_matches("@lt ").parse().unwrap_or(0);
                continue;
            }
            let number = actions.split("id:").nth(1).unwrap_or("chained");
            let number = number.split(',').next().unwrap();
            let chain: Vec<&str> = actions
                .split(',')
                .filter_map(|action| action.trim().strip_prefix("t:"))
                .filter(|name| *name != "none")
                .collect();
            if let Some(operator) = pattern(&operator, folder) {
                rules.push(Rule {
                    name: format!("{name}/{number}"),
                    level,
                    targets: targets.to_owned(),
                    chain: chain.join(","),
                    chained,
                    response: name.starts_with("RESPONSE"),
                    operator,
                });
            }
            chained = actions.split(',').any(|action| action.trim() == "chain");
        }
    }
    rules
}

/// Strings of the regression cases: every line's value, plain and percent-decoded.
pub fn corpus(folder: &Path) -> Vec<Vec<u8>> {
    let mut values = BTreeSet::new();
    for directory in sorted(&folder.join("tests")) {
        for file in sorted(&directory) {
            let Ok(text) = std::fs::read_to_string(&file) else {
                continue;
            };
            for line in text.lines() {
                let value = line
                    .split_once(": ")
                    .map_or(line, |(_, value)| value)
                    .trim();
                let value = value.trim_matches(['"', '\'']);
                values.insert(value.as_bytes().to_vec());
                values.insert(percent_decode(value.as_bytes()));
                for part in value.split(['&', '?', '=']) {
                    values.insert(percent_decode(part.as_bytes()));
                }
            }
        }
    }
    values.into_iter().collect()
}

/// Decodes `%hh` and `+`.
pub fn percent_decode(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let hex = value
            .get(at + 1..at + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (value[at], byte) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    decoded
}

fn pattern(operator: &str, folder: &Path) -> Option<Operator> {
    let operator = operator.strip_prefix('!').unwrap_or(operator);
    let Some(named) = operator.strip_prefix('@') else {
        return Some(Operator::Rx(operator.to_owned()));
    };
    let (name, argument) = named.split_once(' ').unwrap_or((named, ""));
    match name {
        "rx" => Some(Operator::Rx(argument.to_owned())),
        "pm" => Some(Operator::Pm(
            argument
                .split_whitespace()
                .map(|word| word.as_bytes().to_vec())
                .collect(),
        )),
        "pmFromFile" => {
            let text = std::fs::read(folder.join("rules").join(argument)).unwrap();
            let lines = text.split(|byte| *byte == b'\n');
            let phrases = lines
                .map(|line| line.trim_ascii().to_vec())
                .filter(|line| !line.is_empty() && !line.starts_with(b"#"));
            Some(Operator::Pm(phrases.collect()))
        }
        _ => None,
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn join_lines(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(line) => joined.push_str(line),
            None => {
                joined.push_str(line);
                joined.push('\n');
            }
        }
    }
    joined
}

/// The text of the first pair of quotes, `\"` read as `"`, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let Some((_, text)) = text.split_once('"') else {
        return (String::new(), "");
    };
    let mut content = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (content, &text[at + 1..]),
            '\\' => match characters.next() {
                Some((_, '"')) => content.push('"'),
                Some((_, other)) => content.extend(['\\', other]),
                None => {}
            },
            other => content.push(other),
        }
    }
    (content, "")
}
