//! Statements over whole requests: fields, transformations, combinations, labels, shares, counts.

mod common;

use lockgate_firewall::{
    Action, Body, Comparison, Field, FirewallBuilder, InputSpec, Oversize, Position, RuleSpec,
    StatementSpec, View, Why,
};

use common::*;

#[test]
fn every_field_of_the_head_has_its_values() {
    let there = [
        ("method", "GET"),
        ("host", "shop.test"),
        ("path", "/products/1"),
        ("target", "/.."),
        ("query_string", "q=a%20b&id=7"),
        ("query_argument:q", "a%20b"),
        ("query_argument:Q", "c"),
        ("all_query_arguments", "7"),
        ("query_argument_names", "id"),
        ("header:x-a", "two"),
        ("headers", "Mozilla"),
        ("header_names", "User-Agent"),
        ("header_order", "host:user-agent:cookie:x-a:cookie:x-a"),
        ("cookie:session", "abc"),
        ("cookie:late", "1"),
        ("cookies", "dark"),
        ("cookie_names", "Theme"),
        ("client_ip", "192.0.2.1"),
        ("country", "DE"),
        ("asn", "64500"),
        ("tls_fingerprint", "t13d"),
    ];
    for (field, text) in there {
        assert!(
            blocks(&one(contains(field, text)), &view()),
            "{field} has {text}"
        );
        let firewall = one(contains(field, text));
        assert!(
            !blocks(
                &firewall,
                &View {
                    body: Body::Absent,
                    ..View::empty()
                }
            ) || field == "method"
                || field == "client_ip",
            "{field} of an empty request"
        );
    }
    let absent = [
        ("query_argument:x", ""),
        ("cookie:theme", ""),
        ("header:x-b", ""),
        ("query_argument:id", "a%20b"),
        ("body", ""),
        ("json_body", ""),
    ];
    for (field, text) in absent {
        assert!(
            !blocks(&one(contains(field, text)), &view()),
            "{field} has {text:?}"
        );
    }
}

#[test]
fn every_field_of_a_body_has_its_values() {
    let form: &[u8] = b"a=1%27&b%5B%5D=x&a=2";
    let json: &[u8] = br#"{"user":{"name":"bob","tags":["x","y"]},"n":1.5}"#;
    let multipart: &[u8] = b"--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
        --B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"cat.php\"\r\n\r\n<?php\r\n--B--\r\n";
    let urlencoded = "application/x-www-form-urlencoded; charset=utf-8";
    let parts = "multipart/form-data; boundary=B";
    let cases: [(&str, &[u8], &str, &str, bool); 19] = [
        (urlencoded, form, "body", "1%27&b", true),
        (urlencoded, form, "form_field:a", "2", true),
        (urlencoded, form, "form_field:b[]", "x", true),
        (urlencoded, form, "form_field:a", "x", false),
        (urlencoded, form, "form_fields", "x", true),
        (urlencoded, form, "form_field_names", "b%5B%5D", true),
        (urlencoded, form, "json_body", "1", false),
        ("application/json", json, "json_body", "bob", true),
        ("text/plain", json, "json_body", "bob", true),
        (
            "application/json",
            json,
            "json_body:/user/name",
            "bob",
            true,
        ),
        ("application/json", json, "json_body:/user", "y", true),
        (
            "application/json",
            json,
            "json_body:/user/tags/0",
            "y",
            false,
        ),
        ("application/json", json, "json_keys", "tags", true),
        ("application/json", b"{\"a\": bob", "json_body", "bob", true),
        (parts, multipart, "form_field:note", "hello", true),
        (parts, multipart, "form_fields", "php", false),
        (parts, multipart, "multipart_names", "photo", true),
        (parts, multipart, "file_names", ".php", true),
        (parts, multipart, "file_names", "note", false),
    ];
    for (content_type, body, field, text, wanted) in cases {
        let headers: &[(&[u8], &[u8])] = &[(b"Content-Type", content_type.as_bytes())];
        let body = Body::Here {
            bytes: body,
            truncated: false,
        };
        let view = View {
            method: b"POST",
            headers,
            body,
            ..view()
        };
        assert_eq!(
            blocks(&one(contains(field, text)), &view),
            wanted,
            "{content_type}: {field} has {text}"
        );
    }
}

#[test]
fn a_decision_waits_for_the_body_only_where_it_depends_on_it() {
    let both = |path: &str| {
        StatementSpec::And(vec![
            contains("body", "evil"),
            bytes("path", &[], Position::StartsWith, path),
        ])
    };
    let later = View {
        body: Body::Later,
        ..view()
    };
    assert!(one(both("/products")).decide(&later).waiting);
    assert!(!one(both("/upload")).decide(&later).waiting);
    let either = StatementSpec::Or(vec![contains("body", "evil"), contains("path", "products")]);
    let decision = one(either).decide(&later);
    assert!(!decision.waiting && decision.terminal.is_some());
    assert!(
        one(StatementSpec::Not(Box::new(contains("body", "evil"))))
            .decide(&later)
            .waiting
    );
    // An earlier rule ends the evaluation before.
    let mut rules = vec![block(contains("body", "evil"))];
    rules.push(RuleSpec {
        name: "first".to_owned(),
        priority: 0,
        ..block(contains("path", "products"))
    });
    assert!(!load(rules).decide(&later).waiting);
    assert_eq!(one(contains("body", "x")).body_bytes_max(), Some(65_536));
    assert_eq!(one(contains("path", "x")).body_bytes_max(), None);
}

#[test]
fn a_long_body_is_what_the_rule_says() {
    let body = Body::Here {
        bytes: b"start",
        truncated: true,
    };
    let view = View { body, ..view() };
    let cases = [
        (Oversize::Continue, "start", true),
        (Oversize::Continue, "end", false),
        (Oversize::Match, "end", true),
        (Oversize::NoMatch, "start", false),
    ];
    for (oversize, text, wanted) in cases {
        let statement = StatementSpec::Bytes {
            input: InputSpec {
                oversize,
                ..InputSpec::raw(Field::Body)
            },
            position: Position::Contains,
            texts: vec![text.into()],
        };
        assert_eq!(
            blocks(&one(statement), &view),
            wanted,
            "{oversize:?} {text}"
        );
    }
}

#[test]
fn transformations_run_in_their_order_and_a_match_has_its_place() {
    let decoded = bytes(
        "query_argument:q",
        &["URL_DECODE", "lowercase"],
        Position::Contains,
        "<script",
    );
    let view = View {
        query: Some(b"q=%3CSCRIPT%3Ealert&p=1"),
        ..view()
    };
    let decision = one(decoded).decide(&view);
    let matched = decision.terminal.unwrap();
    assert_eq!(matched.why, Why::Text(0));
    assert_eq!(
        matched.place.unwrap().to_string(),
        "query_argument:q, URL_DECODE, lowercase (q): \"[<script]>alert\""
    );
    let twice = bytes(
        "query_argument:q",
        &["URL_DECODE", "URL_DECODE"],
        Position::Exactly,
        "<",
    );
    assert!(blocks(
        &one(twice),
        &View {
            query: Some(b"q=%253C"),
            ..view
        }
    ));
}

#[test]
fn a_long_value_is_shown_in_part() {
    let query = format!("q={}needle{}", "a".repeat(5000), "b".repeat(5000));
    let view = View {
        query: Some(query.as_bytes()),
        ..view()
    };
    let matched = one(contains("query_argument:q", "needle"))
        .decide(&view)
        .terminal
        .unwrap();
    let place = matched.place.unwrap();
    assert_eq!(place.excerpt.len(), 256);
    assert_eq!(&place.excerpt[place.range.0..place.range.1], b"needle");
}

#[test]
fn regular_expressions_are_searched_together() {
    let regex = |patterns: &[&str]| StatementSpec::Regex {
        input: input("path", &["lowercase"]),
        patterns: patterns
            .iter()
            .map(|pattern| (*pattern).to_owned())
            .collect(),
    };
    let rules = [
        regex(&[r"\.bak$", r"\.(sql|old)$"]),
        regex(&["^/wp-", "^/xmlrpc"]),
        regex(&[r"\.bak$"]),
    ];
    let rules = rules.into_iter().enumerate().map(|(number, statement)| {
        let priority = u32::try_from(number).unwrap();
        RuleSpec::new(&format!("r{number}"), priority, Action::Count, statement)
    });
    let firewall = load(rules.collect());
    let counted = |path: &str| -> Vec<u32> {
        let decision = firewall.decide(&View {
            path: path.as_bytes(),
            ..view()
        });
        decision
            .counted
            .iter()
            .map(|matched| matched.rule)
            .collect()
    };
    assert_eq!(counted("/shop.BAK"), [0, 2]);
    assert_eq!(counted("/wp-login.old"), [0, 1]);
    assert_eq!(counted("/products"), [0; 0]);
    let decision = firewall.decide(&View {
        path: b"/dump.SQL",
        ..view()
    });
    let place = decision.counted[0].place.as_ref().unwrap();
    assert_eq!(place.to_string(), "path, lowercase: \"/dump[.sql]\"");
    let mut builder = FirewallBuilder::new();
    assert!(builder.add_rule(block(regex(&["(?=x)"]))).is_err());
}

#[test]
fn sizes_injections_and_places_on_earth() {
    let size = |comparison, bytes| StatementSpec::Size {
        input: input("path", &[]),
        comparison,
        bytes,
    };
    assert!(blocks(&one(size(Comparison::Gt, 10)), &view()));
    assert!(!blocks(&one(size(Comparison::Gt, 11)), &view()));
    assert!(blocks(&one(size(Comparison::Eq, 11)), &view()));
    let sqli = one(StatementSpec::Sqli(input(
        "all_query_arguments",
        &["url_decode"],
    )));
    let ask = |query: &'static [u8]| {
        sqli.decide(&View {
            query: Some(query),
            ..view()
        })
        .terminal
    };
    let matched = ask(b"id=1%27%20OR%20%271%27=%271").unwrap();
    assert!(matches!(matched.why, Why::Sqli(_)), "{:?}", matched.why);
    assert!(ask(b"id=union+of+south").is_none());
    let xss = one(StatementSpec::Xss(input(
        "all_query_arguments",
        &["url_decode"],
    )));
    assert!(blocks(
        &xss,
        &View {
            query: Some(b"q=%3Cscript%3Ealert(1)%3C/script%3E"),
            ..view()
        }
    ));
    assert!(!blocks(&xss, &view()));
    let geo = |countries: &[[u8; 2]], asns: &[u32]| {
        one(StatementSpec::Geo {
            countries: countries.to_vec(),
            asns: asns.to_vec(),
        })
    };
    assert!(blocks(&geo(&[*b"FR", *b"DE"], &[]), &view()));
    assert!(blocks(&geo(&[], &[64_501, 64_500]), &view()));
    assert!(!blocks(&geo(&[*b"FR"], &[1]), &view()));
    assert!(!blocks(
        &geo(&[*b"DE"], &[64_500]),
        &View {
            country: None,
            asn: None,
            ..view()
        }
    ));
}

#[test]
fn and_or_not_combine() {
    let office = || StatementSpec::IpSet("office".to_owned());
    let not = |part| StatementSpec::Not(Box::new(part));
    let admin = || bytes("path", &[], Position::StartsWith, "/products");
    assert!(!blocks(
        &one(StatementSpec::And(vec![admin(), not(office())])),
        &view()
    ));
    let outside = View {
        client_ip: "198.51.100.1".parse().unwrap(),
        ..view()
    };
    assert!(blocks(
        &one(StatementSpec::And(vec![admin(), not(office())])),
        &outside
    ));
    assert!(blocks(
        &one(StatementSpec::Or(vec![office(), contains("path", "zzz")])),
        &view()
    ));
    assert!(blocks(&one(not(not(office()))), &view()));
    let deep = (0..40).fold(office(), |inner, _| not(inner));
    assert!(FirewallBuilder::new().add_rule(block(deep)).is_err());
}
