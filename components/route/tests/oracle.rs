//! Random tables and paths against two judges: a plain reading of the rules, and `matchit`
//! where it takes the same patterns.

use lockgate_route::{RouteMatch, RouteTableBuilder, Routes, SiteIndex};
use proptest::prelude::*;

/// Patterns over a small alphabet, so that they collide often.
fn pattern() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        3 => "[ab]{1,2}".prop_map(|text| text),
        2 => Just("{}".to_owned()),
    ];
    let tail = prop_oneof![
        3 => Just(String::new()),
        1 => Just("/".to_owned()),
        1 => Just("/{*rest}".to_owned()),
    ];
    (proptest::collection::vec(segment, 0..4), tail).prop_map(|(segments, tail)| {
        let mut text = String::new();
        for (index, segment) in segments.iter().enumerate() {
            text.push('/');
            text.push_str(&segment.replace("{}", &format!("{{p{index}}}")));
        }
        text.push_str(&tail);
        if text.is_empty() {
            "/".to_owned()
        } else {
            text
        }
    })
}

/// How well a pattern fits, segment by segment: 2 static, 1 parameter, 0 catch-all.
fn fit(pattern: &str, path: &str) -> Option<Vec<u8>> {
    let mut ranks = Vec::new();
    let mut rest = Some(path.strip_prefix('/')?);
    for segment in pattern.strip_prefix('/')?.split('/') {
        let text = rest?;
        if segment.starts_with("{*") {
            ranks.push(0);
            return Some(ranks);
        }
        let (piece, after) = match text.split_once('/') {
            Some((piece, after)) => (piece, Some(after)),
            None => (text, None),
        };
        if segment.starts_with('{') && !piece.is_empty() {
            ranks.push(1);
        } else if segment == piece {
            ranks.push(2);
        } else {
            return None;
        }
        rest = after;
    }
    rest.is_none().then_some(ranks)
}

fn build(patterns: &[String]) -> (Routes, Vec<String>) {
    let mut builder = RouteTableBuilder::new();
    let site = builder.add_site("one", &["one.example"]).expect("a site");
    let taken = patterns
        .iter()
        .filter(|pattern| builder.add_route(site, &[], pattern).is_ok())
        .cloned()
        .collect();
    (
        Routes::load(builder.finish()).expect("its own table"),
        taken,
    )
}

fn found(routes: &Routes, path: &str) -> Option<usize> {
    match routes.route(SiteIndex(0), "GET", path) {
        RouteMatch::Found { route, .. } => Some(usize::from(route.0)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn the_best_fit_is_found(
        patterns in proptest::collection::vec(pattern(), 1..12),
        paths in proptest::collection::vec("(/[ab]{0,2}){1,4}", 8),
    ) {
        let (routes, taken) = build(&patterns);
        for path in paths {
            let best = taken
                .iter()
                .enumerate()
                .filter_map(|(index, pattern)| Some((fit(pattern, &path)?, index)))
                .max()
                .map(|(_, index)| index);
            prop_assert_eq!(found(&routes, &path), best, "{} in {:?}", path, taken);
        }
    }

    #[test]
    fn matchit_agrees_where_it_takes_the_patterns(
        patterns in proptest::collection::vec(pattern(), 1..12),
        paths in proptest::collection::vec("(/[ab]{1,2}){1,4}", 8),
    ) {
        let mut router = matchit::Router::new();
        let mut kept: Vec<String> = Vec::new();
        for pattern in patterns {
            if router.insert(pattern.clone(), kept.len()).is_ok() {
                kept.push(pattern);
            }
        }
        let (routes, taken) = build(&kept);
        prop_assert_eq!(&taken, &kept);
        for path in paths {
            let theirs = router.at(&path).ok().map(|found| *found.value);
            prop_assert_eq!(found(&routes, &path), theirs, "{} in {:?}", path, taken);
        }
    }
}
