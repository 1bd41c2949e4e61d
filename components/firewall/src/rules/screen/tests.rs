//! What rules say does not depend on the screen.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::rules::{Body, RatePartSpec, RateSpec, View};
use crate::{
    Action, Comparison, Firewall, FirewallBuilder, InputSpec, IpSetBuilder, Oversize, Position,
    RuleSpec, StatementSpec,
};

const FIELDS: &[&str] = &[
    "method",
    "host",
    "path",
    "target",
    "query_string",
    "query_argument:a",
    "query_argument:debug 1",
    "all_query_arguments",
    "query_argument_names",
    "header:x-a",
    "header:user-agent",
    "header:referer",
    "headers",
    "header_names",
    "header_order",
    "cookie:a",
    "cookie:Theme",
    "cookies",
    "client_ip",
    "country",
    "body",
    "json_body:/a",
    "form_field:a",
];

/// What rules look for and requests are made of.
const WORDS: &[&str] = &[
    "",
    "a",
    "GET",
    "/api/",
    "/api/v1",
    "/api/v1/users",
    "/login",
    "on",
    "evil",
    "%65vil",
    "tool-1",
    "debug+1",
    "debug%201",
    "Mozilla/5.0",
    "A",
    "1 union select 1,2 from x",
    "x-a",
    "[\"a\"]",
];

const TRANSFORMATIONS: &[&[&str]] = &[
    &[],
    &[],
    &["LOWERCASE"],
    &["URL_DECODE_UNI"],
    &["URL_DECODE_UNI", "LOWERCASE"],
    &["LENGTH"],
];

const LABELS: &[&str] = &["t:a", "t:b"];

fn input() -> impl Strategy<Value = InputSpec> {
    let oversize = select(vec![Oversize::Continue, Oversize::Match, Oversize::NoMatch]);
    let parts = (select(FIELDS), select(TRANSFORMATIONS), oversize);
    parts.prop_map(|(field, transformations, oversize)| {
        let field: crate::Field = field.parse().unwrap();
        InputSpec {
            oversize: if field.in_body() {
                oversize
            } else {
                Oversize::Continue
            },
            field,
            transformations: transformations
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        }
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let words = WORDS.iter().filter(|word| !word.is_empty());
    select(
        words
            .map(|word| word.as_bytes().to_vec())
            .collect::<Vec<_>>(),
    )
}

fn statement() -> impl Strategy<Value = StatementSpec> {
    use Position::{Contains, ContainsWord, EndsWith, Exactly, StartsWith};
    let position = select(vec![Exactly, StartsWith, EndsWith, Contains, ContainsWord]);
    let comparison = select(vec![
        Comparison::Eq,
        Comparison::Ne,
        Comparison::Lt,
        Comparison::Ge,
    ]);
    let patterns = select(vec!["evil$", "^/api/v[0-9]", "[0-9]{3}", "tool-\\d"]);
    let leaf = prop_oneof![
        8 => (input(), position, vec(text(), 1..3)).prop_map(|(input, position, texts)| {
            StatementSpec::Bytes { input, position, texts }
        }),
        3 => (input(), comparison, 0..20_u64).prop_map(|(input, comparison, bytes)| {
            StatementSpec::Size { input, comparison, bytes }
        }),
        3 => (input(), patterns).prop_map(|(input, pattern)| {
            StatementSpec::Regex { input, patterns: vec![pattern.to_owned()] }
        }),
        1 => input().prop_map(StatementSpec::Sqli),
        1 => select(LABELS).prop_map(|label| StatementSpec::Label(label.to_owned())),
        1 => Just(StatementSpec::IpSet("office".to_owned())),
        1 => any::<bool>().prop_map(StatementSpec::UserAgentMissing),
        1 => Just(StatementSpec::Always),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(StatementSpec::And),
            vec(inner.clone(), 1..4).prop_map(StatementSpec::Or),
            inner.prop_map(|inner| StatementSpec::Not(Box::new(inner))),
        ]
    })
}

/// A rule without name and priority.
fn rule() -> impl Strategy<Value = RuleSpec> {
    let action = prop_oneof![
        1 => Just(Action::Block),
        1 => Just(Action::Allow),
        4 => Just(Action::Count),
        4 => Just(Action::Label),
    ];
    let rate = prop_oneof![
        5 => Just(None),
        1 => Just(Some(RatePartSpec::ClientIp)),
        1 => input().prop_map(|input| Some(RatePartSpec::Input(input))),
    ];
    let expires = select(vec![None, None, None, Some(5), Some(50)]);
    let parts = (statement(), action, rate, expires, select(LABELS));
    parts.prop_map(|(statement, action, rate, expires_s, label)| RuleSpec {
        rate: rate
            .filter(|_| action != Action::Label)
            .map(|key| RateSpec {
                limit: 10,
                window_s: 60,
                keys: vec![key],
            }),
        labels: if action == Action::Label {
            vec![label.to_owned()]
        } else {
            Vec::new()
        },
        expires_s,
        ..RuleSpec::new("", 0, action, statement)
    })
}

fn firewall(rules: Vec<RuleSpec>) -> Firewall {
    let mut builder = FirewallBuilder::new();
    let mut office = IpSetBuilder::new();
    office.add_text("192.0.2.0/24").unwrap();
    builder.add_ip_set("office", office).unwrap();
    // Labels are set before they are asked for.
    let first = RuleSpec {
        labels: vec!["t:a".to_owned()],
        ..RuleSpec::new("", 0, Action::Label, one("header:x-a", "evil"))
    };
    let second = RuleSpec {
        labels: vec!["t:b".to_owned()],
        ..RuleSpec::new("", 0, Action::Label, one("body", "evil"))
    };
    for (number, rule) in (0..).zip([first, second].into_iter().chain(rules)) {
        let rule = RuleSpec {
            name: format!("rule-{number}"),
            priority: number,
            ..rule
        };
        builder.add_rule(rule).unwrap();
    }
    Firewall::load(builder.build().unwrap()).unwrap()
}

fn one(field: &str, text: &str) -> StatementSpec {
    StatementSpec::Bytes {
        input: InputSpec::raw(field.parse().unwrap()),
        position: Position::Contains,
        texts: vec![text.as_bytes().to_vec()],
    }
}

/// A request's parts; a view borrows them.
#[derive(Debug)]
struct Request {
    path: String,
    query: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: (u8, String),
    inside: bool,
    over: Vec<bool>,
}

fn words(most: usize, between: &'static str) -> impl Strategy<Value = String> {
    vec(select(WORDS), 0..most).prop_map(move |words| words.join(between))
}

fn request() -> impl Strategy<Value = Request> {
    let names = [
        "X-A",
        "user-agent",
        "User-Agent",
        "Referer",
        "Cookie",
        "cookie",
    ];
    let pair = (select(WORDS), select(WORDS)).prop_map(|(name, value)| format!("{name}={value}"));
    let query = vec(pair.clone(), 0..4).prop_map(|pairs| pairs.join("&"));
    let value = prop_oneof![
        words(3, " "),
        vec(pair, 0..3).prop_map(|pairs| pairs.join("; "))
    ];
    let headers = vec((select(names.to_vec()), value), 0..5);
    (
        words(3, ""),
        proptest::option::of(query),
        headers,
        (0..5_u8, words(4, "&a=")),
        any::<bool>(),
        vec(any::<bool>(), 0..3),
    )
        .prop_map(|(path, query, headers, body, inside, over)| Request {
            path,
            query,
            headers,
            body,
            inside,
            over,
        })
}

fn with_view(request: &Request, look: impl FnOnce(&View<'_>)) {
    let headers = request.headers.iter();
    let headers: Vec<(&[u8], &[u8])> = headers
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let client = if request.inside {
        [192, 0, 2, 7]
    } else {
        [203, 0, 113, 7]
    };
    let bytes = request.body.1.as_bytes();
    look(&View {
        host: b"shop.test",
        path: request.path.as_bytes(),
        target: request.path.as_bytes(),
        query: request.query.as_deref().map(str::as_bytes),
        headers: &headers,
        client_ip: client.into(),
        country: request.inside.then_some(*b"DE"),
        now_s: 10,
        body: match request.body.0 {
            0 => Body::Absent,
            1 => Body::Later,
            2 => Body::Never,
            kind => Body::Here {
                bytes,
                truncated: kind == 3,
            },
        },
        over: &request.over,
        ..View::empty()
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_screen_changes_no_decision(rules in vec(rule(), 1..30), requests in vec(request(), 12)) {
        let firewall = firewall(rules);
        for request in &requests {
            with_view(request, |view| {
                let plain = firewall.decide_without_screen(view);
                assert_eq!(firewall.decide(view), plain);
                // What was kept of the first request does not matter either.
                assert_eq!(firewall.decide(view), plain);
                assert_eq!(firewall.explain(view).decision, plain);
            });
        }
    }
}
