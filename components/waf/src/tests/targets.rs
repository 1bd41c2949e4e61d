//! What targets select.

use super::build::{Build, all, count, get, ids, named, number, rule, run, text, without};
use crate::program::{Collection, Comparison, Exclusion, Key, Target, TextMatch};
use crate::{Request, Transaction};

/// The values of a variable in a request, by the reports of a rule that matches them all.
fn values(target: Target, request: &Request<'_>, body: &[u8]) -> Vec<(String, String)> {
    let mut build = Build::new();
    build.add(rule(1, target, crate::program::Operator::Always));
    let engine = build.engine();
    let transaction = super::build::run_with(&engine, request, body);
    let utf8 = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    transaction
        .matched()
        .iter()
        .flat_map(|matched| &matched.values)
        .map(|value| (utf8(&value.variable), utf8(&value.value)))
        .collect()
}

#[test]
fn variables_of_a_request() {
    let headers: &[(&[u8], &[u8])] = &[
        (b"Host", b"shop.example:8080"),
        (b"User-Agent", b"curl"),
        (b"Cookie", b"a=1; b=x%20y"),
    ];
    let request = Request {
        time_us: 951_782_400_000_000,
        unique_id: b"abc",
        ..get("/a/b%20c.php?x=1&y=%41+b", headers)
    };
    for (collection, expected) in [
        (Collection::RequestMethod, vec![("REQUEST_METHOD", "GET")]),
        (
            Collection::RequestUri,
            vec![("REQUEST_URI", "/a/b%20c.php?x=1&y=%41+b")],
        ),
        (
            Collection::RequestUriRaw,
            vec![("REQUEST_URI_RAW", "/a/b%20c.php?x=1&y=%41+b")],
        ),
        (
            Collection::RequestFilename,
            vec![("REQUEST_FILENAME", "/a/b c.php")],
        ),
        (
            Collection::RequestBasename,
            vec![("REQUEST_BASENAME", "b c.php")],
        ),
        (
            Collection::QueryString,
            vec![("QUERY_STRING", "x=1&y=%41+b")],
        ),
        (
            Collection::RequestLine,
            vec![("REQUEST_LINE", "GET /a/b%20c.php?x=1&y=%41+b HTTP/1.1")],
        ),
        (Collection::Args, vec![("ARGS:x", "1"), ("ARGS:y", "A b")]),
        (
            Collection::ArgsGetNames,
            vec![("ARGS_GET_NAMES:x", "x"), ("ARGS_GET_NAMES:y", "y")],
        ),
        (Collection::ArgsPost, vec![]),
        (
            Collection::ArgsCombinedSize,
            vec![("ARGS_COMBINED_SIZE", "6")],
        ),
        (
            Collection::RequestCookies,
            vec![("REQUEST_COOKIES:a", "1"), ("REQUEST_COOKIES:b", "x%20y")],
        ),
        (
            Collection::ServerName,
            vec![("SERVER_NAME", "shop.example")],
        ),
        (Collection::RemoteAddr, vec![("REMOTE_ADDR", "127.0.0.1")]),
        (Collection::UniqueId, vec![("UNIQUE_ID", "abc")]),
        (Collection::Time, vec![("TIME", "00:00:00")]),
        (Collection::TimeMon, vec![("TIME_MON", "1")]),
        (Collection::TimeDay, vec![("TIME_DAY", "29")]),
        (Collection::TimeWday, vec![("TIME_WDAY", "2")]),
        (
            Collection::ReqbodyProcessor,
            vec![("REQBODY_PROCESSOR", "")],
        ),
        (Collection::Ip, vec![]),
    ] {
        let found = values(all(collection), &request, b"");
        let found: Vec<_> = found
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(found, expected, "{collection:?}");
    }
}

#[test]
fn names_are_compared_without_case() {
    let headers: &[(&[u8], &[u8])] = &[(b"uSER-agent", b"x")];
    let request = get("/?Id=1&id=2", headers);
    let agent = values(
        named(Collection::RequestHeaders, "user-agent"),
        &request,
        b"",
    );
    assert_eq!(
        agent,
        [("REQUEST_HEADERS:uSER-agent".to_owned(), "x".to_owned())]
    );
    assert_eq!(
        values(named(Collection::Args, "id"), &request, b"").len(),
        2
    );
    assert!(values(named(Collection::Args, "other"), &request, b"").is_empty());
}

#[test]
fn counts_and_missing_values() {
    let mut build = Build::new();
    let host = named(Collection::RequestHeaders, "host");
    build.add(rule(1, count(host.clone()), number(Comparison::Equal, 0)));
    build.add(rule(2, host.clone(), text(TextMatch::Equals, "x")));
    let mut negated = rule(3, host, text(TextMatch::Equals, "x"));
    negated.negated = true;
    build.add(negated);
    let engine = build.engine();
    assert_eq!(ids(&run(&engine, &get("/", &[]))), [1]);
    assert_eq!(ids(&run(&engine, &get("/", &[(b"Host", b"x")]))), [2]);
    assert_eq!(ids(&run(&engine, &get("/", &[(b"Host", b"y")]))), [3]);
}

#[test]
fn exclusions_by_name_and_by_pattern() {
    let mut build = Build::new();
    let evil = build.rx("evil", 0);
    let pattern = build.pattern("(?i)^_ga");
    let mut first = rule(1, all(Collection::Args), evil.clone());
    first.exclusions = vec![
        without(Collection::Args, "free"),
        Exclusion {
            collection: Collection::Args,
            key: Key::Pattern(pattern),
        },
    ];
    build.add(first);
    build.add(rule(2, all(Collection::Args), evil.clone()));
    let mut third = rule(3, all(Collection::RequestHeaders), evil);
    third.exclusions = vec![without(Collection::RequestHeaders, "cookie")];
    build.add(third);
    let engine = build.engine();
    assert_eq!(ids(&run(&engine, &get("/?FREE=evil&_GA_x=evil", &[]))), [2]);
    assert_eq!(ids(&run(&engine, &get("/?a=evil", &[]))), [1, 2]);
    assert!(ids(&run(&engine, &get("/", &[(b"Cookie", b"evil")]))).is_empty());
    assert_eq!(ids(&run(&engine, &get("/", &[(b"X", b"evil")]))), [3]);
}

#[test]
fn absolute_targets_and_fragments() {
    let request = get("http://h/a?b#c", &[]);
    let uri = values(all(Collection::RequestUri), &request, b"");
    assert_eq!(uri[0].1, "/a?b#c");
    let query = values(all(Collection::QueryString), &request, b"");
    assert_eq!(query[0].1, "b");
}

#[test]
fn a_workspace_forgets_the_transaction_before() {
    let mut build = Build::new();
    let evil = build.rx("evil", 0);
    build.add(rule(1, all(Collection::Args), evil));
    let engine = build.engine();
    let bad = run(&engine, &get("/?a=evil", &[]));
    assert_eq!(ids(&bad), [1]);
    let request = get("/?a=good", &[]);
    let mut transaction = Transaction::with(&engine, bad.finish(), &request);
    transaction.run_phase(crate::program::Phase::RequestBody);
    assert!(ids(&transaction).is_empty());
}
