//! Route tables against a plain reading of the rules. The first part of an input is a route a line
//! (`GET,POST /a/{id}`, or a pattern alone), the second a request a line (`GET /a/b`).

use crate::parts::{parts, texts};
use lockgate_normalise::path::canonical_path;
use lockgate_route::{RouteMatch, RouteTableBuilder, Routes, SiteIndex};

const ROUTES_MAX: usize = 40;
const REQUESTS_MAX: usize = 40;

/// A route that the builder took.
#[derive(Debug)]
struct Route {
    methods: Vec<String>,
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Static(String),
    Param,
    CatchAll,
}

/// Builds, loads and looks up.
pub fn run(data: &[u8]) {
    let [table, requests] = parts(data);
    let mut builder = RouteTableBuilder::new();
    let site = builder.add_site("one", &["one.example", "*.one.example"]);
    let site = site.expect("a site");
    let mut known = Vec::new();
    for line in texts(table, ROUTES_MAX) {
        let (methods, pattern) = line.split_once(' ').unwrap_or(("", line));
        let methods: Vec<&str> = methods.split(',').filter(|name| !name.is_empty()).collect();
        match builder.add_route(site, &methods, pattern) {
            Ok(index) => {
                assert_eq!(usize::from(index.0), known.len());
                known.push(Route::read(&methods, pattern));
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let routes = Routes::load(builder.finish()).expect("its own table");
    assert_eq!(routes.len(), known.len());
    for line in texts(requests, REQUESTS_MAX) {
        let (method, path) = line.split_once(' ').unwrap_or(("GET", line));
        hosts(&routes, path);
        if let Ok(path) = canonical_path(path.as_bytes()) {
            look_up(&routes, &known, method, &path);
        }
        // What is not canonical has an answer all the same.
        let _ = routes.route(site, method, path);
    }
}

fn look_up(routes: &Routes, known: &[Route], method: &str, path: &str) {
    let fits = known.iter().enumerate().filter_map(|(index, route)| {
        let (ranks, values) = route.fit(path)?;
        Some((ranks, index, values))
    });
    let all: Vec<_> = fits.collect();
    // Routes of the best rank have one shape: they differ in their methods.
    let best = all.iter().map(|(ranks, ..)| ranks).max();
    let same: Vec<_> = all
        .iter()
        .filter(|(ranks, ..)| Some(ranks) == best)
        .collect();
    let has = |index: usize, method: &str| known[index].methods.iter().any(|own| own == method);
    let head_taken = same.iter().any(|(_, index, _)| has(*index, "HEAD"));
    let wanted = same
        .iter()
        .find(|(_, index, _)| {
            has(*index, method) || (method == "HEAD" && !head_taken && has(*index, "GET"))
        })
        .or_else(|| {
            same.iter()
                .find(|(_, index, _)| known[*index].methods.is_empty())
        });
    match (routes.route(SiteIndex(0), method, path), wanted) {
        (RouteMatch::Found { route, params }, Some((_, index, values))) => {
            assert_eq!(usize::from(route.0), *index, "{method} {path} in {known:?}");
            let found: Vec<&str> = params.iter().map(|(_, value)| value).collect();
            assert_eq!(found, *values, "{path}");
        }
        (RouteMatch::MethodNotAllowed { allow }, None) => {
            assert!(!same.is_empty(), "{method} {path} in {known:?}");
            assert!(allow.iter().count() > 0 && allow.iter().all(|name| name != method));
        }
        (RouteMatch::NotFound, None) => assert!(same.is_empty(), "{path} in {known:?}"),
        (found, wanted) => panic!("{method} {path}: {found:?}, not {wanted:?}"),
    }
}

fn hosts(routes: &Routes, host: &str) {
    let below = host.strip_suffix(".one.example");
    let ours = host == "one.example" || below.is_some_and(|name| !name.is_empty());
    let empty_label = host.split('.').any(str::is_empty);
    if !empty_label {
        assert_eq!(routes.site(host).is_some(), ours, "{host}");
    }
}

impl Route {
    fn read(methods: &[&str], pattern: &str) -> Self {
        let segments = pattern.split('/').skip(1).map(|segment| {
            if segment.starts_with("{*") {
                Segment::CatchAll
            } else if segment.starts_with('{') {
                Segment::Param
            } else {
                let raw = format!("/{segment}");
                let path = canonical_path(raw.as_bytes()).expect("the builder took it");
                Segment::Static(path[1..].to_owned())
            }
        });
        Self {
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            segments: segments.collect(),
        }
    }

    /// How well it fits, segment by segment (2 static, 1 parameter, 0 catch-all), and the values
    /// of its parameters.
    fn fit<'p>(&self, path: &'p str) -> Option<(Vec<u8>, Vec<&'p str>)> {
        let (mut ranks, mut values) = (Vec::new(), Vec::new());
        let mut rest = Some(path.strip_prefix('/')?);
        for segment in &self.segments {
            let text = rest?;
            let (piece, after) = match text.split_once('/') {
                Some((piece, after)) => (piece, Some(after)),
                None => (text, None),
            };
            match segment {
                Segment::CatchAll => {
                    ranks.push(0);
                    values.push(text);
                    return Some((ranks, values));
                }
                Segment::Param if !piece.is_empty() => {
                    ranks.push(1);
                    values.push(piece);
                }
                Segment::Static(own) if own == piece => ranks.push(2),
                _ => return None,
            }
            rest = after;
        }
        rest.is_none().then_some((ranks, values))
    }
}
