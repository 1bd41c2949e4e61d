//! What came of every rule: the same as a decision, told in full.

mod common;

use lockgate_firewall::{
    Action, Body, Came, Firewall, RatePartSpec, RateSpec, RuleSpec, StatementSpec, View, Why,
};

use common::*;

fn told(firewall: &Firewall, view: &View<'_>) -> Vec<(String, Came)> {
    let explained = firewall.explain(view);
    assert_eq!(
        explained.decision,
        firewall.decide(view),
        "it decides the same"
    );
    let rules = (0..).zip(explained.rules);
    rules
        .map(|(index, came)| (firewall.rule(index).unwrap().name.clone(), came))
        .collect()
}

fn rule(name: &str, priority: u32, action: Action, statement: StatementSpec) -> RuleSpec {
    RuleSpec::new(name, priority, action, statement)
}

#[test]
fn every_rule_is_told_until_one_ends_it() {
    let firewall = load(vec![
        RuleSpec {
            expires_s: Some(1),
            ..rule("old", 1, Action::Block, contains("path", "/"))
        },
        rule("other", 2, Action::Block, contains("path", "nowhere")),
        RuleSpec {
            labels: vec!["shop:seen".to_owned()],
            ..rule("label", 3, Action::Label, contains("path", "products"))
        },
        rule(
            "count",
            4,
            Action::Count,
            StatementSpec::Label("shop:seen".to_owned()),
        ),
        rule(
            "block",
            5,
            Action::Block,
            contains("query_argument:q", "a%20b"),
        ),
        rule("late", 6, Action::Block, contains("path", "/")),
    ]);
    let told = told(
        &firewall,
        &View {
            now_s: 10,
            ..view()
        },
    );
    let came: Vec<&Came> = told.iter().map(|(_, came)| came).collect();
    assert!(matches!(came[0], Came::Expired));
    assert!(matches!(came[1], Came::NoMatch));
    assert!(matches!(came[2], Came::Match(matched) if matched.action == Action::Label));
    assert!(matches!(came[3], Came::Match(matched) if matches!(matched.why, Why::Label(_))));
    let Came::Match(block) = came[4] else {
        panic!("{:?}", came[4]);
    };
    let place = block.place.as_ref().unwrap();
    assert_eq!(
        (place.input.as_str(), &*place.excerpt),
        ("query_argument:q", &b"a%20b"[..])
    );
    assert_eq!((place.range, place.offset, place.length), ((0, 5), 0, 5));
    assert!(matches!(came[5], Came::NotReached));
}

#[test]
fn an_excerpt_says_where_in_the_value_it_is() {
    let firewall = one(contains("query_argument:q", "evil"));
    let query = format!("q={}evil{}", "a".repeat(1000), "b".repeat(1000));
    let view = View {
        query: Some(query.as_bytes()),
        ..view()
    };
    let told = told(&firewall, &view);
    let Came::Match(matched) = &told[0].1 else {
        panic!("{told:?}");
    };
    let place = matched.place.as_ref().unwrap();
    let (start, end) = place.range;
    assert_eq!(&place.excerpt[start..end], b"evil");
    assert_eq!((place.offset + start, place.length), (1000, 2004));
}

#[test]
fn what_waits_for_the_body_ends_it_as_well() {
    let firewall = load(vec![
        rule("body", 1, Action::Block, contains("body", "evil")),
        rule("path", 2, Action::Block, contains("path", "/")),
    ]);
    let later = told(
        &firewall,
        &View {
            body: Body::Later,
            ..view()
        },
    );
    assert_eq!(later[0].1, Came::Waits);
    assert_eq!(later[1].1, Came::NotReached);
    let absent = told(&firewall, &view());
    assert_eq!(absent[0].1, Came::NoMatch);
    assert!(matches!(absent[1].1, Came::Match(_)));
}

#[test]
fn a_rate_matches_where_the_host_has_said_so() {
    let firewall = load(vec![RuleSpec {
        rate: Some(RateSpec {
            limit: 10,
            window_s: 60,
            keys: vec![RatePartSpec::ClientIp],
        }),
        ..block(StatementSpec::Always)
    }]);
    assert_eq!(told(&firewall, &view())[0].1, Came::NoMatch);
    let over = told(
        &firewall,
        &View {
            over: &[true],
            ..view()
        },
    );
    assert!(matches!(&over[0].1, Came::Match(matched) if matched.why == Why::Rate));
}
