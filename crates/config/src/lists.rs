//! List files: one entry a line.

use std::path::Path;

use crate::fault::Fault;
use crate::parse::Lines;
use crate::types::{Cidr, PatternKind, UserAgentPattern};

/// Most faults that are reported of one list.
const FAULTS_MAX: usize = 100;

/// Longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1024;

/// Reads addresses and CIDR ranges; `#` starts a comment.
pub(crate) fn addresses(file: &Path, text: &str, faults: &mut Vec<Fault>) -> Vec<Cidr> {
    entries(file, text, faults, |line| {
        let entry = line.split('#').next().unwrap_or_default().trim();
        if entry.is_empty() {
            return Ok(None);
        }
        entry.parse().map(Some)
    })
}

/// Reads User-Agent patterns: `^` and `$` anchor; `#` at the start of a line or after white space
/// starts a comment. One inside a word belongs to the pattern, since a User-Agent may hold it.
pub(crate) fn patterns(file: &Path, text: &str, faults: &mut Vec<Fault>) -> Vec<UserAgentPattern> {
    entries(file, text, faults, |line| {
        let line = without_comment(line);
        if line.is_empty() {
            return Ok(None);
        }
        let (start, rest) = match line.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (end, text) = match rest.strip_suffix('$') {
            Some(text) => (true, text),
            None => (false, rest),
        };
        if text.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!(
                "the pattern has more than {PATTERN_BYTES_MAX} bytes"
            ));
        }
        let kind = match (start, end) {
            (false, false) => PatternKind::Contains,
            (true, false) => PatternKind::StartsWith,
            (false, true) => PatternKind::EndsWith,
            (true, true) => PatternKind::Equals,
        };
        let text = text.to_owned();
        Ok(Some(UserAgentPattern { kind, text }))
    })
}

/// What stands before a comment, without the white space between them.
fn without_comment(line: &str) -> &str {
    let mut after_space = true;
    for (at, character) in line.char_indices() {
        if character == '#' && after_space {
            return line.get(..at).unwrap_or_default().trim_end();
        }
        after_space = character.is_whitespace();
    }
    line
}

fn entries<T>(
    file: &Path,
    text: &str,
    faults: &mut Vec<Fault>,
    entry: impl Fn(&str) -> Result<Option<T>, String>,
) -> Vec<T> {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        match entry(line.trim()) {
            Ok(Some(value)) => found.push(value),
            Ok(None) => {}
            Err(reason) => wrong.push((offset + indent, reason)),
        }
        offset += line.len();
    }
    if !wrong.is_empty() {
        let lines = Lines::new(&file.into(), text);
        let more = wrong.len().saturating_sub(FAULTS_MAX);
        for (i, (offset, mut reason)) in wrong.into_iter().take(FAULTS_MAX).enumerate() {
            if more > 0 && i + 1 == FAULTS_MAX {
                reason.push_str(&format!(" (and {more} more faults in this file)"));
            }
            faults.push(Fault::new(&lines.at(offset), "", reason));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_after_a_pattern_is_none_of_it() {
        let text = "# all\npricebot  # asked by Ann\n^curl/\t#\nC#-bot\n  a b # c # d\n";
        let mut faults = Vec::new();
        let found = patterns(Path::new("bots.txt"), text, &mut faults);
        let found: Vec<_> = found.iter().map(|p| (p.kind, p.text.as_str())).collect();
        assert_eq!(
            found,
            [
                (PatternKind::Contains, "pricebot"),
                (PatternKind::StartsWith, "curl/"),
                (PatternKind::Contains, "C#-bot"),
                (PatternKind::Contains, "a b"),
            ]
        );
        assert_eq!(faults, []);
        patterns(Path::new("bots.txt"), "ok\n^ # nothing\n", &mut faults);
        let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["bots.txt:2:1: the pattern is empty"]);
    }
}
