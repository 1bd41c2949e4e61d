//! Bodies of requests.

use super::build::{Build, all, get, ids, named, number, rule, run_with, text};
use crate::program::{Collection, Comparison, LimitAction, TextMatch};
use crate::{Engine, Verdict};

type Case<'a> = (&'a str, &'a [u8], &'a [u32]);

fn check(engine: &Engine, cases: &[Case<'_>]) {
    for (kind, body, expected) in cases {
        let headers: &[(&[u8], &[u8])] = &[(b"Content-Type", kind.as_bytes())];
        let transaction = run_with(engine, &get("/?q=1", headers), body);
        assert_eq!(
            ids(&transaction),
            *expected,
            "{kind} {}",
            String::from_utf8_lossy(body)
        );
    }
}

#[test]
fn arguments_of_bodies() {
    let mut build = Build::new();
    let evil = build.rx("evil", 0);
    build.add(rule(1, all(Collection::ArgsPost), evil));
    build.add(rule(
        2,
        all(Collection::RequestBody),
        text(TextMatch::Contains, "evil"),
    ));
    build.add(rule(
        3,
        all(Collection::ReqbodyError),
        text(TextMatch::Equals, "1"),
    ));
    build.add(rule(
        4,
        named(Collection::Args, "json.a.array_1"),
        text(TextMatch::Equals, "evil"),
    ));
    build.add(rule(
        5,
        all(Collection::Files),
        text(TextMatch::EndsWith, ".php"),
    ));
    build.add(rule(
        6,
        all(Collection::FilesNames),
        text(TextMatch::Equals, "up"),
    ));
    build.add(rule(
        7,
        all(Collection::FilesCombinedSize),
        number(Comparison::Equal, 4),
    ));
    build.add(rule(
        8,
        all(Collection::XmlText),
        text(TextMatch::Contains, "evil"),
    ));
    build.add(rule(
        9,
        all(Collection::XmlAttributes),
        text(TextMatch::Equals, "evil"),
    ));
    let engine = build.engine();
    let upload =
        b"--b\r\nContent-Disposition: form-data; name=\"up\"; filename=\"x.php\"\r\n\r\nevil\r\n\
        --b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nfine\r\n--b--\r\n";
    check(
        &engine,
        &[
            ("application/x-www-form-urlencoded", b"a=%65vil", &[1]),
            ("application/x-www-form-urlencoded", b"a=evil", &[1, 2]),
            ("application/json", br#"{"a":[1,"evil"]}"#, &[1, 2, 4]),
            ("application/json", br#"{"a":"evil""#, &[1, 2, 3]),
            ("text/plain", b"evil", &[2]),
            ("", b"evil", &[2]),
            ("multipart/form-data; boundary=b", upload, &[5, 6, 7]),
            ("text/xml", b"<a x='evil'><b>evil</b></a>", &[8, 9]),
        ],
    );
}

#[test]
fn a_body_past_the_limit() {
    for (action, verdict, expected) in [
        (
            LimitAction::Reject,
            Verdict::Deny {
                status: 413,
                rule: 0,
            },
            &[][..],
        ),
        (LimitAction::ProcessPartial, Verdict::Pass, &[1]),
    ] {
        let mut build = Build::new();
        build.program.settings.limits.request_body_bytes_max = 10;
        build.program.settings.limits.request_body_action = action;
        let evil = build.rx("evil", 0);
        build.add(rule(1, all(Collection::RequestBody), evil));
        let engine = build.engine();
        let transaction = run_with(&engine, &get("/", &[]), b"x evil xxxxxxxxx");
        assert_eq!(*transaction.verdict(), verdict);
        assert_eq!(ids(&transaction), expected);
        let transaction = run_with(&engine, &get("/", &[]), b"xxxxxxxxxxx evil");
        assert!(ids(&transaction).is_empty());
    }
}
