//! An entry, and the line that it is written as.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::{is_digest, sha256_hex};

/// What the first line names as the one before it.
pub const FIRST_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What somebody did or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A version was stored and not put in force.
    Draft,
    /// A version was put in force.
    Publish,
    /// An earlier version was put in force again.
    Rollback,
    /// The files of the folder were changed by hand, and are in force.
    Files,
    /// After a crash: what had begun was undone or finished.
    Recover,
    /// Old versions were taken away; `message` says which.
    Prune,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Draft => "draft",
            Self::Publish => "publish",
            Self::Rollback => "rollback",
            Self::Files => "files",
            Self::Recover => "recover",
            Self::Prune => "prune",
        })
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, for the entry's reason.
    Refused,
}

/// One entry. The order of the members is that of the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The number of the entry, from 1.
    pub seq: u64,
    /// When: RFC 3339, UTC.
    pub time: String,
    /// Who: the name of a token, `files` for whoever changed the folder, `gateway` for the gate itself.
    pub actor: String,
    /// The role of the token; empty where there was none.
    pub role: String,
    /// What was done or tried.
    pub action: Action,
    /// The version, where there is one.
    pub version: Option<u64>,
    /// The version's digest, where there is one.
    pub digest: Option<String>,
    /// What the actor said of it.
    pub message: String,
    /// What came of it.
    pub result: Outcome,
    /// Why it was refused, or what else is worth knowing.
    pub reason: String,
    /// The hash of the entry before.
    pub previous: String,
}

/// What stands before the hash at the end of a line.
const HASH_MEMBER: &str = ",\"hash\":\"";
/// What stands behind it.
const END: &str = "\"}";

impl Entry {
    /// The line, its end included, and its hash.
    pub(crate) fn line(&self) -> Result<(String, String), serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        let hash = sha256_hex(line.as_bytes());
        line.truncate(line.len().saturating_sub(1));
        line.push_str(HASH_MEMBER);
        line.push_str(&hash);
        line.push_str(END);
        line.push('\n');
        Ok((line, hash))
    }

    /// The entry of a line without its end, and the line's hash; `None` where the hash is not the line's own or
    /// the line is none.
    pub(crate) fn read(line: &str) -> Option<(Self, String)> {
        let at = line.len().checked_sub(64 + END.len())?;
        let (rest, tail) = line.split_at_checked(at)?;
        let hash = tail.strip_suffix(END).filter(|hash| is_digest(hash))?;
        let mut hashed = rest.strip_suffix(HASH_MEMBER)?.to_owned();
        hashed.push('}');
        if sha256_hex(hashed.as_bytes()) != hash {
            return None;
        }
        let entry: Self = serde_json::from_str(&hashed).ok()?;
        Some((entry, hash.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_back_and_a_changed_one_is_not() {
        let entry = Entry {
            seq: 7,
            time: "2026-11-21T04:24:29.007Z".to_owned(),
            actor: "alice".to_owned(),
            role: "publish".to_owned(),
            action: Action::Publish,
            version: Some(3),
            digest: None,
            message: "a \"quoted\" word, \u{e4}".to_owned(),
            result: Outcome::Done,
            reason: String::new(),
            previous: FIRST_PREVIOUS.to_owned(),
        };
        let (line, hash) = entry.line().unwrap();
        let line = line.strip_suffix('\n').unwrap();
        assert_eq!(Entry::read(line), Some((entry, hash)));
        for at in 0..line.len() {
            let mut bytes = line.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
            let changed = String::from_utf8_lossy(&bytes);
            assert_eq!(Entry::read(&changed), None, "{changed}");
        }
        // Other members behind the hash would be outside of it.
        let more = line.replace("\"}", "\",\"seq\":9}");
        assert_eq!(Entry::read(&more), None);
        assert_eq!(Entry::read(""), None);
    }
}
