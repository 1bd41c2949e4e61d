//! Requests whose body is not going to be read: rules that depend on it do not match, the others have
//! their say.

mod common;

use lockgate_firewall::{
    Action, Body, Firewall, FirewallBuilder, RatePartSpec, RateSpec, RuleSpec, StatementSpec, View,
};

use common::*;

fn never() -> View<'static> {
    View {
        body: Body::Never,
        ..view()
    }
}

fn rule(name: &str, priority: u32, action: Action, statement: StatementSpec) -> RuleSpec {
    RuleSpec::new(name, priority, action, statement)
}

fn names(firewall: &Firewall, view: &View<'_>) -> (Option<String>, Vec<String>) {
    let decision = firewall.decide(view);
    assert!(!decision.waiting);
    let name = |index: u32| firewall.rule(index).unwrap().name.clone();
    (
        decision.terminal.map(|found| name(found.rule)),
        decision
            .counted
            .iter()
            .map(|found| name(found.rule))
            .collect(),
    )
}

#[test]
fn rules_behind_one_that_waits_have_their_say() {
    let firewall = load(vec![
        rule("body", 1, Action::Block, contains("body", "evil")),
        rule("counts", 2, Action::Count, contains("path", "products")),
        rule("no-body", 3, Action::Count, {
            StatementSpec::Not(Box::new(contains("body", "evil")))
        }),
        rule("blocks", 4, Action::Block, contains("path", "products")),
        rule("never", 5, Action::Count, StatementSpec::Always),
    ]);
    let wanted = (Some("blocks".to_owned()), vec!["counts".to_owned()]);
    assert_eq!(names(&firewall, &never()), wanted);
    // With the body the first one ends it.
    let body = Body::Here {
        bytes: b"evil",
        truncated: false,
    };
    let there = View { body, ..view() };
    assert_eq!(names(&firewall, &there), (Some("body".to_owned()), vec![]));
}

#[test]
fn a_label_that_a_body_decides_is_open() {
    let set = RuleSpec {
        labels: vec!["body:good".to_owned()],
        ..rule("sets", 1, Action::Label, contains("body", "good"))
    };
    let has = || StatementSpec::Label("body:good".to_owned());
    let asks = vec![
        set.clone(),
        rule("with", 2, Action::Count, has()),
        rule(
            "without",
            3,
            Action::Block,
            StatementSpec::Not(Box::new(has())),
        ),
        rule("other", 4, Action::Count, contains("path", "products")),
    ];
    let wanted = (None, vec!["other".to_owned()]);
    assert_eq!(names(&load(asks), &never()), wanted);
    // A rule of the head sets it too: then it is there, whatever the body says.
    let sure = RuleSpec {
        labels: vec!["body:good".to_owned()],
        ..rule("sure", 2, Action::Label, contains("path", "products"))
    };
    let asks = vec![set, sure, rule("with", 3, Action::Block, has())];
    assert_eq!(names(&load(asks), &never()).0, Some("with".to_owned()));
}

#[test]
fn a_count_by_the_head_counts_and_one_by_the_body_does_not() {
    let rate = |keys: Vec<RatePartSpec>| RateSpec {
        limit: 1,
        window_s: 60,
        keys,
    };
    let mut builder = FirewallBuilder::new();
    for (name, priority, keys) in [
        (
            "by-body",
            1,
            vec![RatePartSpec::Input(input("form_field:user", &[]))],
        ),
        ("by-client", 2, vec![RatePartSpec::ClientIp]),
    ] {
        let spec = RuleSpec {
            rate: Some(rate(keys)),
            ..rule(name, priority, Action::Block, StatementSpec::Always)
        };
        builder.add_rule(spec).unwrap();
    }
    let firewall = Firewall::load(builder.build().unwrap()).unwrap();
    let charged = |over: &[bool]| {
        let decision = firewall.decide(&View { over, ..never() });
        let rules: Vec<u32> = decision.charges.iter().map(|charge| charge.rule).collect();
        (rules, decision.terminal.is_some())
    };
    assert_eq!(charged(&[]), (vec![1], false));
    assert_eq!(charged(&[true]), (vec![1], true));
}
