//! Statements over whole requests: fields, transformations, combinations, labels, shares, counts.

use lockgate_firewall::{
    Action, Body, Comparison, Decision, Field, Firewall, FirewallBuilder, InputSpec, IpSetBuilder,
    Oversize, Position, RatePartSpec, RateSpec, ResponseSpec, RuleSpec, StatementSpec, View, Why,
};

fn input(field: &str, transformations: &[&str]) -> InputSpec {
    InputSpec {
        field: field.parse().unwrap(),
        transformations: transformations
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        oversize: Oversize::Continue,
    }
}

fn bytes(field: &str, transformations: &[&str], position: Position, text: &str) -> StatementSpec {
    StatementSpec::Bytes {
        input: input(field, transformations),
        position,
        texts: vec![text.as_bytes().to_vec()],
    }
}

fn contains(field: &str, text: &str) -> StatementSpec {
    bytes(field, &[], Position::Contains, text)
}

fn block(statement: StatementSpec) -> RuleSpec {
    RuleSpec::new("r", 1, Action::Block, statement)
}

fn load(rules: Vec<RuleSpec>) -> Firewall {
    let mut builder = FirewallBuilder::new();
    let mut office = IpSetBuilder::new();
    office.add_text("192.0.2.0/24").unwrap();
    builder.add_ip_set("office", office).unwrap();
    for rule in rules {
        builder.add_rule(rule).unwrap();
    }
    Firewall::load(builder.build().unwrap()).unwrap()
}

fn one(statement: StatementSpec) -> Firewall {
    load(vec![block(statement)])
}

const HEADERS: &[(&[u8], &[u8])] = &[
    (b"Host", b"shop.test"),
    (b"User-Agent", b"Mozilla"),
    (b"Cookie", b"session=abc; Theme=dark"),
    (b"X-A", b"one"),
    (b"cookie", b"late=1"),
    (b"x-a", b"two"),
];

fn view() -> View<'static> {
    View {
        method: b"GET",
        host: b"shop.test",
        path: b"/products/1",
        target: b"/products/../products/1?q=a%20b&id=7&Q=c",
        query: Some(b"q=a%20b&id=7&Q=c"),
        headers: HEADERS,
        country: Some(*b"DE"),
        asn: Some(64_500),
        tls_fingerprint: Some(b"t13d1516h2"),
        ..View::empty()
    }
}

fn blocks(firewall: &Firewall, view: &View<'_>) -> bool {
    let decision = firewall.decide(view);
    assert!(!decision.waiting);
    decision.terminal.is_some()
}

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

#[test]
fn labels_reach_later_rules_only() {
    let label = |name: &str, priority, label: &str| RuleSpec {
        labels: vec![label.to_owned()],
        ..RuleSpec::new(name, priority, Action::Label, contains("path", "products"))
    };
    let asks = |name: &str, priority, label: &str| {
        RuleSpec::new(
            name,
            priority,
            Action::Count,
            StatementSpec::Label(label.to_owned()),
        )
    };
    let firewall = load(vec![
        asks("before", 1, "shop:a"),
        label("sets", 2, "shop:a"),
        asks("same", 3, "shop:a"),
        asks("below", 4, "shop:"),
        asks("other", 5, "shop:b"),
        asks("again", 6, "shop:a"),
    ]);
    let decision = firewall.decide(&view());
    let counted: Vec<&str> = decision
        .counted
        .iter()
        .map(|m| firewall.rule(m.rule).unwrap().name.as_str())
        .collect();
    assert_eq!(counted, ["same", "below", "again"]);
    let names: Vec<_> = decision
        .labels
        .iter()
        .filter_map(|label| firewall.label(*label))
        .collect();
    assert_eq!(names, ["shop:a"]);
}

#[test]
fn a_share_blocks_some_clients_and_counts_the_others_and_a_rule_ends() {
    let firewall = load(vec![RuleSpec {
        canary: 2_000,
        expires_s: Some(100),
        ..block(contains("path", "/"))
    }]);
    let decide = |n: u32, now_s| {
        let client_ip = std::net::IpAddr::from(n.to_be_bytes());
        firewall.decide(&View {
            client_ip,
            now_s,
            ..view()
        })
    };
    let acted = (0..1000)
        .filter(|n| decide(*n, 99).terminal.is_some())
        .count();
    assert!((150..250).contains(&acted), "{acted}");
    assert!((0..1000).all(|n| {
        let decision = decide(n, 99);
        decision.terminal.is_some() != (decision.counted.len() == 1)
    }));
    assert_eq!(decide(1, 100), Decision::default());
}

#[test]
fn a_rate_counts_what_reaches_it_and_matches_when_the_host_says_so() {
    let rate = |keys| RateSpec {
        limit: 10,
        window_s: 60,
        keys,
    };
    let session = RatePartSpec::Input(InputSpec::raw("cookie:session".parse().unwrap()));
    let rules = vec![
        RuleSpec {
            rate: Some(rate(vec![RatePartSpec::ClientIp])),
            ..RuleSpec::new("per-client", 1, Action::Count, contains("path", "products"))
        },
        RuleSpec {
            rate: Some(rate(vec![session, RatePartSpec::ClientIp])),
            status: Some(429),
            response: Some(ResponseSpec {
                body: "slow".into(),
                content_type: "text/plain".into(),
            }),
            ..RuleSpec::new("per-session", 2, Action::Block, StatementSpec::Always)
        },
        RuleSpec::new("blocks", 3, Action::Block, contains("path", "products")),
    ];
    let firewall = load(rules);
    let free = firewall.decide(&view());
    let charged: Vec<u32> = free.charges.iter().map(|charge| charge.rule).collect();
    assert_eq!(charged, [0, 1]);
    assert_eq!(free.terminal.as_ref().unwrap().rule, 2);
    assert_ne!(free.charges[0].key, free.charges[1].key);
    // The host found the first over its limit, then the second.
    let first = firewall.decide(&View {
        over: &[true],
        ..view()
    });
    assert_eq!((first.counted.len(), first.charges.len()), (1, 2));
    assert_eq!(first.counted[0].why, Why::Rate);
    let second = firewall.decide(&View {
        over: &[true, true],
        ..view()
    });
    let terminal = second.terminal.unwrap();
    assert_eq!((terminal.rule, terminal.status), (1, 429));
    assert_eq!(firewall.response(1).unwrap().body, "slow");
    // Without the cookie the second does not count.
    let bare = firewall.decide(&View {
        headers: &[],
        ..view()
    });
    assert_eq!(bare.charges.len(), 1);
    assert_eq!(firewall.rates().count(), 2);
    let of = |ip: &str| {
        let view = View {
            client_ip: ip.parse().unwrap(),
            ..view()
        };
        firewall.decide(&view).charges[0].key.clone()
    };
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
}

#[test]
fn an_oversize_user_agent_never_helps_also_within_not() {
    let mut builder = FirewallBuilder::new();
    let list = [(lockgate_firewall::useragent::Anchor::Contains, "friend")]
        .into_iter()
        .collect();
    builder.add_user_agent_list("friends", &list).unwrap();
    let listed = || StatementSpec::UserAgentList("friends".to_owned());
    let not = StatementSpec::Not(Box::new(listed()));
    builder
        .add_rule(RuleSpec::new("stranger", 1, Action::Block, not))
        .unwrap();
    let firewall = Firewall::load(builder.build().unwrap()).unwrap();
    let long = vec![b'x'; 5000];
    let headers: &[(&[u8], &[u8])] = &[(b"user-agent", &long)];
    assert!(blocks(&firewall, &View { headers, ..view() }));
    let headers: &[(&[u8], &[u8])] = &[(b"User-Agent", b"a friend")];
    assert!(!blocks(&firewall, &View { headers, ..view() }));
}

#[test]
fn many_sets_and_many_texts_match_as_one_does() {
    let mut builder = FirewallBuilder::new();
    for number in 0..8_u8 {
        let mut set = IpSetBuilder::new();
        set.add_text(&format!("192.0.{number}.0/24")).unwrap();
        set.add_text(&format!("2001:db8:{number}::/48")).unwrap();
        let name = format!("set{number}");
        builder.add_ip_set(&name, set).unwrap();
        let priority = u32::from(number) * 2;
        let in_set = StatementSpec::IpSet(name.clone());
        builder
            .add_rule(RuleSpec::new(&name, priority, Action::Count, in_set))
            .unwrap();
        let text = contains("query_argument:q", &format!("needle{number}x"));
        let name = format!("text{number}");
        builder
            .add_rule(RuleSpec::new(&name, priority + 1, Action::Count, text))
            .unwrap();
    }
    let firewall = Firewall::load(builder.build().unwrap()).unwrap();
    let counted = |client: &str, query: &str| -> Vec<String> {
        let client_ip = client.parse().unwrap();
        let decision = firewall.decide(&View {
            client_ip,
            query: Some(query.as_bytes()),
            ..view()
        });
        let names = decision
            .counted
            .iter()
            .map(|m| firewall.rule(m.rule).unwrap().name.clone());
        names.collect()
    };
    assert_eq!(counted("192.0.5.9", "q=a"), ["set5"]);
    assert_eq!(counted("::ffff:192.0.0.1", "q=a"), ["set0"]);
    assert_eq!(
        counted("2001:db8:7::1", "q=some+needle3x&q=needle6x"),
        ["text3", "text6", "set7"]
    );
    assert_eq!(
        counted("198.51.100.1", "q=needle&q=3x"),
        Vec::<String>::new()
    );
    let long = format!("q={}needle1x", "n".repeat(2000));
    assert_eq!(counted("198.51.100.1", &long), ["text1"]);
}
