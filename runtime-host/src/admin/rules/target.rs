//! What a request is for, out of its method and target.

use http::{Method, Uri};
use lockgate_config::types::AdminRole;
use lockgate_versions::RulePath;
use lockgate_versions::audit::Action;

/// Entries in an answer unless the query says otherwise.
const LIMIT: usize = 100;
/// Most entries in an answer.
const LIMIT_MAX: usize = 1000;

/// What a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Versions with smaller numbers than `before`, the newest first.
    List { before: u64, limit: usize },
    /// A version.
    Version(u64),
    /// A file of a version.
    File(u64, RulePath),
    /// Lines of the audit log behind the first `after`.
    Audit { after: u64, limit: usize },
    /// A draft to store.
    Draft,
    /// A version to store and put in force.
    Push,
    /// A stored version to put in force.
    Publish(u64),
    /// The way back.
    Rollback,
}

/// Why a request is for nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// There is no such path.
    Path,
    /// The path has other methods.
    Method(&'static str),
    /// A query that is none, and why.
    Query(String),
}

impl Target {
    /// What a request is for.
    pub(super) fn of(method: &Method, uri: &Uri) -> Result<Self, Wrong> {
        let rest = uri.path().strip_prefix("/rules/").ok_or(Wrong::Path)?;
        let parts: Vec<&str> = rest.splitn(4, '/').collect();
        let number = |text: &str| text.parse::<u64>().map_err(|_| Wrong::Path);
        let query = uri.query().unwrap_or_default();
        match (parts.as_slice(), method) {
            (["versions"], &Method::GET) => {
                let (before, limit) = page(query, "before", u64::MAX)?;
                Ok(Self::List { before, limit })
            }
            (["versions"], &Method::POST) => Ok(Self::Push),
            (["versions"], _) => Err(Wrong::Method("GET, POST")),
            (["versions", version], &Method::GET) => Ok(Self::Version(number(version)?)),
            (["versions", version, "files", path], &Method::GET) => {
                let path = decoded(path).and_then(|path| RulePath::new(&path).ok());
                Ok(Self::File(number(version)?, path.ok_or(Wrong::Path)?))
            }
            (["versions", version, "publish"], &Method::POST) => {
                Ok(Self::Publish(number(version)?))
            }
            (["audit"], &Method::GET) => {
                let (after, limit) = page(query, "after", 0)?;
                Ok(Self::Audit { after, limit })
            }
            (["drafts"], &Method::POST) => Ok(Self::Draft),
            (["rollback"], &Method::POST) => Ok(Self::Rollback),
            (["versions", _] | ["versions", _, "files", _] | ["audit"], _) => {
                Err(Wrong::Method("GET"))
            }
            (["versions", _, "publish"] | ["drafts"] | ["rollback"], _) => {
                Err(Wrong::Method("POST"))
            }
            _ => Err(Wrong::Path),
        }
    }

    /// The smallest role that may have it.
    pub(super) fn role(&self) -> AdminRole {
        match self {
            Self::List { .. } | Self::Version(_) | Self::File(..) | Self::Audit { .. } => {
                AdminRole::Read
            }
            Self::Draft => AdminRole::Edit,
            Self::Push | Self::Publish(_) | Self::Rollback => AdminRole::Publish,
        }
    }

    /// What the audit log calls it, and the version that it names; `None` where it changes nothing.
    pub(super) fn change(&self) -> Option<(Action, Option<u64>)> {
        match self {
            Self::Draft => Some((Action::Draft, None)),
            Self::Push => Some((Action::Publish, None)),
            Self::Publish(version) => Some((Action::Publish, Some(*version))),
            Self::Rollback => Some((Action::Rollback, None)),
            _ => None,
        }
    }
}

/// `limit` and one more number of a query.
fn page(query: &str, name: &str, otherwise: u64) -> Result<(u64, usize), Wrong> {
    let (mut from, mut limit) = (otherwise, LIMIT);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let wrong = || Wrong::Query(format!("`{key}` is not a number"));
        if key == name {
            from = value.parse().map_err(|_| wrong())?;
        } else if key == "limit" {
            limit = value.parse().map_err(|_| wrong())?;
        } else {
            return Err(Wrong::Query(format!(
                "there is no `{key}`; there are `{name}` and `limit`"
            )));
        }
    }
    Ok((from, limit.min(LIMIT_MAX)))
}

/// A path without its percent-encoding (RFC 3986, section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits)
            .ok()
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(method: &str, target: &str) -> Result<Target, Wrong> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Target::of(&method, &target.parse().unwrap())
    }

    #[test]
    fn targets_are_told_apart() {
        let path = RulePath::new("lists/länder.txt").unwrap();
        for (method, text, expected) in [
            (
                "GET",
                "/rules/versions",
                Target::List {
                    before: u64::MAX,
                    limit: LIMIT,
                },
            ),
            (
                "GET",
                "/rules/versions?before=7&limit=2",
                Target::List {
                    before: 7,
                    limit: 2,
                },
            ),
            (
                "GET",
                "/rules/audit?after=3&limit=99999",
                Target::Audit {
                    after: 3,
                    limit: LIMIT_MAX,
                },
            ),
            ("GET", "/rules/versions/12", Target::Version(12)),
            (
                "GET",
                "/rules/versions/12/files/lists/l%C3%A4nder.txt",
                Target::File(12, path),
            ),
            ("POST", "/rules/versions", Target::Push),
            ("POST", "/rules/drafts", Target::Draft),
            ("POST", "/rules/versions/3/publish", Target::Publish(3)),
            ("POST", "/rules/rollback", Target::Rollback),
        ] {
            assert_eq!(target(method, text), Ok(expected), "{method} {text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "/rules/",
            "/rules/versions/",
            "/rules/versions/x",
            "/rules/versions/-1",
            "/rules/versions/99999999999999999999",
            "/rules/versions/1/files/",
            "/rules/versions/1/files/../../x",
            "/rules/versions/1/files/%2e%2e/x",
            "/rules/versions/1/files/%2Fetc%2Fpasswd",
            "/rules/versions/1/files/a%",
            "/rules/versions/1/files/a%+1",
            "/rules/versions/1/files/a%00",
            "/rules/versions/1/files/%ff",
            "/rules/nothing",
        ] {
            assert_eq!(target("GET", text), Err(Wrong::Path), "{text}");
        }
        assert_eq!(
            target("DELETE", "/rules/versions/1"),
            Err(Wrong::Method("GET"))
        );
        assert_eq!(target("GET", "/rules/drafts"), Err(Wrong::Method("POST")));
        for query in ["limit=x", "before=-1", "after=1", "limit"] {
            let found = target("GET", &format!("/rules/versions?{query}"));
            assert!(matches!(found, Err(Wrong::Query(_))), "{query}: {found:?}");
        }
    }

    #[test]
    fn roles_fit_what_is_done() {
        assert_eq!(Target::Version(1).role(), AdminRole::Read);
        assert_eq!(Target::Draft.role(), AdminRole::Edit);
        for target in [Target::Push, Target::Publish(1), Target::Rollback] {
            assert_eq!(target.role(), AdminRole::Publish);
            assert!(target.change().is_some());
        }
    }
}
