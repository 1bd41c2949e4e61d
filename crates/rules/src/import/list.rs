//! A list file of User-Agent patterns out of rows of a table: a column of patterns and perhaps one of remarks.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_firewall::samples::BROWSERS;

use super::crawlers::one_line;

/// Longest pattern, in bytes; that of a list file.
const PATTERN_BYTES_MAX: usize = 1024;

/// What stands in the User-Agents of search engines among the samples, and in none of a browser.
const SEARCH_ENGINE: &str = "+http";

/// A row: the pattern, and what somebody remarked on it.
pub type Row = (String, Option<String>);

/// A list, ready to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// Remarks by pattern.
    entries: BTreeMap<String, Option<String>>,
    /// What cannot stand in a list, a line each: the row's text and why.
    pub left_out: Vec<String>,
}

/// What a list has more and less than the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Patterns that are new, in order.
    pub added: Vec<String>,
    /// Patterns that are gone, in order.
    pub removed: Vec<String>,
    /// How many there were before.
    pub before: usize,
}

impl Changes {
    /// Whether more than half of the patterns are gone.
    #[must_use]
    pub fn shrinks(&self) -> bool {
        self.removed.len() > self.added.len()
            && (self.removed.len() - self.added.len()) * 2 > self.before
    }
}

impl List {
    /// Reads rows. A pattern is a text as in a list file: `^` before it and `$` after it anchor. A backslash
    /// before punctuation, as expressions have it, is taken away; what is an expression beyond that is left
    /// out, as is a pattern that an ordinary browser has.
    #[must_use]
    pub fn of(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut list = Self::default();
        // Patterns are compared without ASCII case.
        let mut seen = BTreeSet::new();
        for (given, remark) in rows {
            match pattern(&given) {
                Ok(pattern) => {
                    if seen.insert(pattern.to_ascii_lowercase()) {
                        let remark = remark.as_deref().map(one_line);
                        let remark = remark.filter(|remark| !remark.is_empty());
                        list.entries.insert(pattern, remark);
                    }
                }
                Err(why) => list.left_out.push(format!("pattern {given:?}: {why}")),
            }
        }
        list
    }

    /// How many patterns it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The list file. The same patterns and remarks give the same text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::from(
            "# Written by `lockgate rules import crawlers`: what is changed here is lost.\n",
        );
        for (pattern, remark) in &self.entries {
            if let Some(remark) = remark {
                out.push_str(&format!("# {remark}\n"));
            }
            out.push_str(pattern);
            out.push('\n');
        }
        out
    }

    /// What changes for those who read the list file `old`; remarks do not count.
    #[must_use]
    pub fn changes(&self, old: &str) -> Changes {
        let lines = old.lines().map(str::trim);
        let before: BTreeSet<&str> = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let now: BTreeSet<&str> = self.entries.keys().map(String::as_str).collect();
        let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
            one.difference(other)
                .map(|&pattern| pattern.to_owned())
                .collect()
        };
        Changes {
            added: only(&now, &before),
            removed: only(&before, &now),
            before: before.len(),
        }
    }
}

/// The line of a list file for a row's text.
fn pattern(given: &str) -> Result<String, String> {
    let given = given.trim();
    if given.chars().any(char::is_control) {
        return Err("a pattern is one line".to_owned());
    }
    if is_expression(given) {
        return Err("a list holds texts, and this is a regular expression".to_owned());
    }
    let pattern = without_backslashes(given);
    let text = pattern.strip_prefix('^').unwrap_or(&pattern);
    let text = text.strip_suffix('$').unwrap_or(text);
    if text.trim().is_empty() {
        return Err("it is empty, so it would match everybody".to_owned());
    }
    if text.len() > PATTERN_BYTES_MAX {
        return Err(format!("it has more than {PATTERN_BYTES_MAX} bytes"));
    }
    if pattern.starts_with('#') || pattern.contains(" #") {
        return Err("`#` would start a comment in a list".to_owned());
    }
    match browser_with(&pattern) {
        Some(browser) => Err(format!("browsers have it: {browser:?}")),
        None => Ok(pattern),
    }
}

/// Whether a text is a regular expression that means something else than the text itself.
fn is_expression(text: &str) -> bool {
    let repeats = [".*", ".+", "(?", "[^", ")?", ")*", ")+"];
    let classes = text
        .split_once('[')
        .is_some_and(|(_, rest)| rest.contains(']'));
    let chooses = text.contains('|') && text.contains('(');
    let mut escapes = text.split('\\').skip(1);
    let class_escape = escapes.any(|after| after.starts_with(|c: char| c.is_ascii_alphanumeric()));
    repeats.iter().any(|sign| text.contains(sign)) || classes || chooses || class_escape
}

fn without_backslashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let escapes = c == '\\' && characters.peek().is_some_and(char::is_ascii_punctuation);
        out.extend(if escapes { characters.next() } else { Some(c) });
    }
    out
}

/// An ordinary browser that the pattern matches.
fn browser_with(pattern: &str) -> Option<&'static str> {
    let pattern = pattern.to_ascii_lowercase();
    let (start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern.as_str()),
    };
    let (end, text) = match rest.strip_suffix('$') {
        Some(text) => (true, text),
        None => (false, rest),
    };
    let matches = |agent: &&str| {
        let agent = agent.to_ascii_lowercase();
        match (start, end) {
            (false, false) => agent.contains(text),
            (true, false) => agent.starts_with(text),
            (false, true) => agent.ends_with(text),
            (true, true) => agent == text,
        }
    };
    let browsers = BROWSERS
        .iter()
        .filter(|agent| !agent.contains(SEARCH_ENGINE));
    browsers.copied().find(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(patterns: &[&str]) -> List {
        List::of(patterns.iter().map(|pattern| ((*pattern).to_owned(), None)))
    }

    #[test]
    fn rows_become_lines_once_and_in_order() {
        let rows = [
            ("zbot", Some("seen by\nAnn")),
            ("Googlebot\\/", None),
            (" ^curl/ ", Some("")),
            ("ZBot", Some("again")),
            ("example.com/bot$", None),
        ];
        let rows = rows.map(|(pattern, remark)| (pattern.to_owned(), remark.map(str::to_owned)));
        let list = List::of(rows);
        assert_eq!(list.left_out, [""; 0]);
        let text = list.text();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "Googlebot/",
                "^curl/",
                "example.com/bot$",
                "# seen by Ann",
                "zbot"
            ]
        );
    }

    #[test]
    fn what_is_no_text_of_a_list_is_left_out_and_named() {
        let wrong = [
            "",
            "^$",
            "# remark",
            "bot # remark",
            "a\nb",
            "bot.*x",
            "[aA]hrefs",
            "foo(bot|spider)",
            "bot\\d",
            "(?i)bot",
            "Mozilla",
            "safari",
            "^Mozilla/5.0 (",
            "AppleWebKit/537",
        ];
        let list = list(&wrong);
        assert!(list.is_empty(), "{list:?}");
        assert_eq!(list.left_out.len(), wrong.len());
        assert!(list.left_out[10].contains("browsers have it"), "{list:?}");
        // What search engines have is for the reporting team to say.
        assert_eq!(List::of([("Googlebot".to_owned(), None)]).len(), 1);
    }

    #[test]
    fn changes_count_patterns_only() {
        let old = list(&["a-bot", "b-bot", "c-bot", "d-bot"]).text();
        let changes = list(&["a-bot", "e-bot"]).changes(&old);
        assert_eq!(changes.added, ["e-bot"]);
        assert_eq!(changes.removed, ["b-bot", "c-bot", "d-bot"]);
        // Two of four are left: half is not more than half.
        assert!(!changes.shrinks());
        assert!(list(&["a-bot"]).changes(&old).shrinks());
        assert!(!list(&["a-bot"]).changes("").shrinks());
        let same = list(&["a-bot", "b-bot", "c-bot", "d-bot"]).changes(&old);
        assert_eq!(
            same,
            Changes {
                before: 4,
                ..Changes::default()
            }
        );
    }
}
