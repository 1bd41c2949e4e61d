//! Which trigger a path means: exact patterns, `:name` for one segment, `/...` for the rest. The
//! most specific pattern wins, whatever the order in the manifest. As under Spin a trailing slash
//! makes no difference to what matches.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use crate::headers::RouteFields;

/// The routes of an app; `T` is what a route leads to.
#[derive(Debug)]
pub struct Routes<T> {
    exact: HashMap<String, usize, ahash::RandomState>,
    /// Those with names or a wildcard, the most specific first.
    patterns: Vec<usize>,
    routes: Vec<Route<T>>,
}

#[derive(Debug)]
struct Route<T> {
    pattern: Pattern,
    target: T,
}

/// A pattern, read.
#[derive(Debug, Clone)]
pub struct Pattern {
    raw: Arc<str>,
    fields: RouteFields,
    segments: Vec<Segment>,
    wildcard: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Exact(String),
    Name(String),
}

/// What a path means.
#[derive(Debug)]
pub struct Match<'r, 'p, T> {
    /// Where the route leads.
    pub target: &'r T,
    /// The pattern as it stands in the manifest.
    pub raw: &'r Arc<str>,
    /// The same as components are told of it.
    pub fields: &'r RouteFields,
    /// What the wildcard stands for, with its slash; empty without one.
    pub rest: &'p str,
    /// What the names stand for.
    pub names: Vec<(&'r str, &'p str)>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(raw: &str) -> Result<Self, String> {
        if !raw.starts_with('/') {
            return Err("a route begins with \"/\"".to_owned());
        }
        let (path, wildcard) = match raw.strip_suffix("/...").or_else(|| raw.strip_suffix("/*")) {
            Some(path) => (path, true),
            None => (raw, false),
        };
        let mut segments = Vec::new();
        for segment in split(path) {
            if segment.contains("...") || segment.contains('*') {
                return Err("\"...\" can only be the last segment".to_owned());
            }
            segments.push(match segment.strip_prefix(':') {
                Some("") => return Err("\":\" needs a name".to_owned()),
                Some(name) => {
                    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
                    if !name.bytes().all(fits) {
                        return Err(format!(
                            "{name:?} is no name: letters, digits, \"-\" and \"_\""
                        ));
                    }
                    Segment::Name(name.to_owned())
                }
                None => Segment::Exact(segment.to_owned()),
            });
        }
        Ok(Self {
            raw: raw.into(),
            fields: RouteFields::of(raw),
            segments,
            wildcard,
        })
    }

    fn is_exact(&self) -> bool {
        !self.wildcard && !self.segments.iter().any(|s| matches!(s, Segment::Name(_)))
    }

    /// The same whatever the names are called: two such patterns match the same paths.
    fn shape(&self) -> String {
        let mut shape = String::new();
        for segment in &self.segments {
            shape.push('/');
            match segment {
                Segment::Exact(text) => shape.push_str(text),
                Segment::Name(_) => shape.push(':'),
            }
        }
        if self.wildcard {
            shape.push_str("/...");
        }
        shape
    }

    /// A text before a name before the wildcard, segment by segment.
    fn more_specific(&self, other: &Self) -> Ordering {
        let rank = |pattern: &Self, i: usize| match pattern.segments.get(i) {
            Some(Segment::Exact(_)) => 0,
            Some(Segment::Name(_)) => 1,
            None => 2 + u8::from(pattern.wildcard),
        };
        (0..=self.segments.len().max(other.segments.len()))
            .map(|i| rank(self, i).cmp(&rank(other, i)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    fn matches<'r, 'p>(&'r self, path: &'p str) -> Option<(Vec<(&'r str, &'p str)>, &'p str)> {
        let mut names = Vec::new();
        let mut rest = path;
        for segment in &self.segments {
            let trimmed = rest.trim_start_matches('/');
            let end = trimmed.find('/').unwrap_or(trimmed.len());
            let (given, after) = trimmed.split_at(end);
            match segment {
                _ if given.is_empty() => return None,
                Segment::Exact(text) if text == given => {}
                Segment::Exact(_) => return None,
                Segment::Name(name) => names.push((name.as_str(), given)),
            }
            rest = after;
        }
        if self.wildcard {
            Some((names, rest))
        } else {
            rest.trim_matches('/').is_empty().then_some((names, ""))
        }
    }
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self {
            exact: HashMap::default(),
            patterns: Vec::new(),
            routes: Vec::new(),
        }
    }
}

impl<T> Routes<T> {
    /// Adds a route.
    ///
    /// # Errors
    /// The pattern that stands here already and matches the same paths.
    pub fn add(&mut self, pattern: Pattern, target: T) -> Result<(), String> {
        let shape = pattern.shape();
        if let Some(same) = self.routes.iter().find(|r| r.pattern.shape() == shape) {
            return Err(same.pattern.raw.to_string());
        }
        let index = self.routes.len();
        if pattern.is_exact() {
            self.exact.insert(joined(&pattern.raw), index);
        }
        self.routes.push(Route { pattern, target });
        if self
            .routes
            .get(index)
            .is_some_and(|r| !r.pattern.is_exact())
        {
            let routes = &self.routes;
            self.patterns.push(index);
            self.patterns
                .sort_by(|a, b| match (routes.get(*a), routes.get(*b)) {
                    (Some(a), Some(b)) => a.pattern.more_specific(&b.pattern),
                    _ => Ordering::Equal,
                });
        }
        Ok(())
    }

    /// What a path means.
    #[must_use]
    pub fn find<'p>(&self, path: &'p str) -> Option<Match<'_, 'p, T>> {
        if !self.exact.is_empty() {
            let plain = path.len() == 1 || (!path.ends_with('/') && !path.contains("//"));
            let index = if plain {
                self.exact.get(path)
            } else {
                self.exact.get(&joined(path))
            };
            if let Some(route) = index.and_then(|index| self.routes.get(*index)) {
                return Some(Match {
                    target: &route.target,
                    raw: &route.pattern.raw,
                    fields: &route.pattern.fields,
                    rest: "",
                    names: Vec::new(),
                });
            }
        }
        self.patterns.iter().find_map(|index| {
            let route = self.routes.get(*index)?;
            let (names, rest) = route.pattern.matches(path)?;
            Some(Match {
                target: &route.target,
                raw: &route.pattern.raw,
                fields: &route.pattern.fields,
                rest,
                names,
            })
        })
    }

    /// Patterns and where they lead, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.routes
            .iter()
            .map(|route| (&*route.pattern.raw, &route.target))
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The path with one slash before each segment and none at its end.
fn joined(path: &str) -> String {
    let mut joined = String::with_capacity(path.len());
    for segment in split(path) {
        joined.push('/');
        joined.push_str(segment);
    }
    if joined.is_empty() {
        joined.push('/');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(patterns: &[&'static str]) -> Routes<&'static str> {
        let mut routes = Routes::default();
        for pattern in patterns {
            routes
                .add(Pattern::parse(pattern).unwrap(), *pattern)
                .unwrap();
        }
        routes
    }

    fn found(routes: &Routes<&'static str>, path: &str) -> Option<&'static str> {
        routes.find(path).map(|found| *found.target)
    }

    #[test]
    fn the_most_specific_pattern_wins_whatever_the_order() {
        let patterns = [
            "/...",
            "/one/...",
            "/one/two/...",
            "/one",
            "/one/:id",
            "/one/:id/x",
            "/:a/two",
            "/",
        ];
        let reversed: Vec<_> = patterns.iter().rev().copied().collect();
        for routes in [routes(&patterns), routes(&reversed)] {
            for (path, pattern) in [
                ("/", "/"),
                ("/zzz", "/..."),
                ("/zzz/yyy/", "/..."),
                ("/one", "/one"),
                ("/one/", "/one"),
                ("//one", "/one"),
                ("/one/7", "/one/:id"),
                ("/one/7/x", "/one/:id/x"),
                ("/one/two", "/one/two/..."),
                ("/one/two/three", "/one/two/..."),
                ("/one/7/y", "/one/..."),
                ("/six/two", "/:a/two"),
            ] {
                assert_eq!(found(&routes, path), Some(pattern), "{path}");
            }
        }
        assert_eq!(found(&routes_of("/a"), "/b"), None);
    }

    fn routes_of(pattern: &'static str) -> Routes<&'static str> {
        routes(&[pattern])
    }

    #[test]
    fn names_and_the_rest_are_told() {
        let routes = routes(&["/user/:id/..."]);
        let rest = |path| routes.find(path).map(|found| found.rest.to_owned());
        assert_eq!(rest("/user/7"), Some(String::new()));
        assert_eq!(rest("/user/7/"), Some("/".to_owned()));
        assert_eq!(rest("/user/7/a/b/"), Some("/a/b/".to_owned()));
        assert_eq!(rest("/user"), None);
        let found = routes.find("/user/7/a").unwrap();
        assert_eq!(found.names, [("id", "7")]);
    }

    #[test]
    fn patterns_for_the_same_paths_exclude_each_other() {
        let mut routes = routes(&["/a/:x"]);
        let again =
            |routes: &mut Routes<_>, pattern| routes.add(Pattern::parse(pattern).unwrap(), "again");
        assert_eq!(again(&mut routes, "/a/:y/"), Err("/a/:x".to_owned()));
        assert_eq!(again(&mut routes, "/a/..."), Ok(()));
        assert_eq!(again(&mut routes, "/a/*"), Err("/a/...".to_owned()));
        for bad in ["a", "", "/.../a", "/a*", "/:", "/:a b"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
