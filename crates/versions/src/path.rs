//! Paths of files within a version: text that stays below the folder wherever it is unpacked.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Longest path, in bytes.
const PATH_BYTES_MAX: usize = 512;
/// Longest part of a path, in bytes: a temporary name with a suffix fits into a file system's 255.
const PART_BYTES_MAX: usize = 200;
/// Most parts of a path.
const PARTS_MAX: usize = 8;

/// A path relative to the folder of rules: UTF-8, `/` between parts, no `..`, no hidden names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RulePath(String);

/// Why a text is no path of a file within a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is no path of a rules file: {reason}")]
pub struct PathError {
    /// The text, cut where it is long.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl RulePath {
    /// Checks a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, PathError> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(reason) => Err(PathError {
                path: text.chars().take(PATH_BYTES_MAX).collect(),
                reason,
            }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the file is below `folder`.
    #[must_use]
    pub fn below(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }

    /// Whether one of the two would have to be a folder for the other to be there.
    #[must_use]
    pub fn stands_in_the_way_of(&self, other: &Self) -> bool {
        let is_above = |above: &Self, below: &Self| {
            below
                .0
                .strip_prefix(&above.0)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        is_above(self, other) || is_above(other, self)
    }
}

/// Whether a name in a folder belongs to its versions: hidden files and editors' copies do not.
pub(crate) fn is_passed_over(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~')
}

fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > PATH_BYTES_MAX {
        return Some("it is longer than 512 bytes");
    }
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return Some("it holds a control character or a backslash");
    }
    if text.starts_with('/') {
        return Some("it is not relative");
    }
    if text.split('/').count() > PARTS_MAX {
        return Some("it has more than 8 parts");
    }
    text.split('/').find_map(|part| match part {
        "" => Some("a part is empty"),
        "." | ".." => Some("a part is `.` or `..`"),
        part if is_passed_over(part) => {
            Some("names that start with `.` or end with `~` are no rules files")
        }
        part if part.len() > PART_BYTES_MAX => Some("a part is longer than 200 bytes"),
        _ => None,
    })
}

impl TryFrom<String> for RulePath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        Self::new(&text)
    }
}

impl From<RulePath> for String {
    fn from(path: RulePath) -> Self {
        path.0
    }
}

impl fmt::Display for RulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_paths_are_refused() {
        let long = "a/".repeat(300);
        let wide = "x".repeat(201);
        for text in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a/..",
            "./a",
            "a/./b",
            "a//b",
            "a/",
            "a\\b",
            "..\\a",
            "a\0b",
            "a\nb",
            ".git/config",
            "a/.hidden",
            "a.toml~",
            "a/b~/c",
            "C:\\a",
            "a/\u{7f}",
            &long,
            &wide,
            "1/2/3/4/5/6/7/8/9",
        ] {
            assert!(RulePath::new(text).is_err(), "{text:?}");
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<RulePath>(&json).is_err(), "{text:?}");
        }
        for text in [
            "a.toml",
            "sets/länder.txt",
            "a b.toml",
            "1/2/3/4/5/6/7/8",
            "...a.toml".trim_start_matches('.'),
        ] {
            assert_eq!(RulePath::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_file_stands_in_the_way_of_what_is_below_it() {
        let path = |text: &str| RulePath::new(text).unwrap();
        assert!(path("a").stands_in_the_way_of(&path("a/b")));
        assert!(path("a/b/c").stands_in_the_way_of(&path("a/b")));
        assert!(!path("a").stands_in_the_way_of(&path("ab")));
        assert!(!path("a").stands_in_the_way_of(&path("a")));
    }
}
