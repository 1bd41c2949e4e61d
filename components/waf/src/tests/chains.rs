//! Chains, captures, transformations, several matches.

use super::build::{Build, all, get, ids, named, of_slot, rule, run, set, text, tx};
use crate::program::{
    Action, Collection, Key, Macro, Meta, Operator, Part, SetVar, Target, TextMatch, TxChange,
    TxName,
};

#[test]
fn a_chain_matches_when_all_links_do() {
    let mut build = Build::new();
    let slot = build.slot("captured");
    let rx = build.rx(r"id=(\d+)-(x)?", 0);
    let mut head = rule(1, all(Collection::QueryString), rx);
    head.capture = true;
    head.chained = true;
    head.actions = vec![set(slot, TxChange::Set(of_slot(1)))];
    build.add(head);
    let mut link = rule(1, tx(1), text(TextMatch::Equals, "42"));
    link.meta = None;
    build.add(link);
    let engine = build.engine();
    let yes = run(&engine, &get("/?id=42-", &[]));
    assert_eq!(ids(&yes), [1]);
    assert_eq!(yes.tx("2"), None, "a group that took no part is not set");
    let no = run(&engine, &get("/?id=43-", &[]));
    assert!(ids(&no).is_empty());
    assert_eq!(
        no.tx("captured"),
        Some(b"43".to_vec()),
        "the head's actions are done"
    );
}

#[test]
fn matched_vars_of_the_head_are_seen_by_its_links() {
    let mut build = Build::new();
    let rx = build.rx("a", 0);
    let mut head = rule(1, all(Collection::Args), rx);
    head.chained = true;
    build.add(head);
    let mut link = rule(
        1,
        all(Collection::MatchedVars),
        text(TextMatch::Contains, "/"),
    );
    link.chained = true;
    build.add(link);
    build.add(rule(
        1,
        named(Collection::MatchedVars, "args:y"),
        text(TextMatch::Contains, " "),
    ));
    let engine = build.engine();
    assert_eq!(ids(&run(&engine, &get("/?x=a&y=a/+b", &[]))), [1]);
    assert!(ids(&run(&engine, &get("/?x=a/+&y=a", &[]))).is_empty());
    let transaction = run(&engine, &get("/?y=a/+b", &[]));
    let values = &transaction.matched()[0].values;
    assert_eq!(values.len(), 3);
    assert!(values.iter().all(|value| value.variable == b"ARGS:y"));
    assert_eq!((values[0].link, values[1].link, values[2].link), (0, 1, 2));
}

#[test]
fn every_match_does_the_actions() {
    let mut build = Build::new();
    let score = build.slot("score");
    let critical = build.slot("critical");
    let rx = build.rx("evil", 0);
    build.add(crate::program::Rule {
        targets: Vec::new(),
        operator: Operator::Always,
        actions: vec![set(critical, TxChange::Set(Macro::text(b"5")))],
        meta: None,
        ..rule(9, all(Collection::Args), Operator::Always)
    });
    let mut hit = rule(1, all(Collection::Args), rx);
    hit.actions = vec![set(score, TxChange::Add(of_slot(critical)))];
    build.add(hit);
    let engine = build.engine();
    assert_eq!(
        run(&engine, &get("/?a=evil&b=ok&c=evil", &[])).tx("score"),
        Some(b"10".to_vec())
    );
}

#[test]
fn transformations_come_before_the_operator() {
    let mut build = Build::new();
    let chain = build.chain(&["urlDecodeUni", "lowercase"]);
    let rx = build.rx("^select$", 0);
    let mut first = rule(1, all(Collection::Args), rx.clone());
    first.chain = chain;
    build.add(first);
    build.add(rule(2, all(Collection::Args), rx));
    let engine = build.engine();
    assert_eq!(ids(&run(&engine, &get("/?a=SEL%2545CT", &[]))), [1]);
    assert_eq!(ids(&run(&engine, &get("/?a=select", &[]))), [1, 2]);
}

#[test]
fn multi_match_sees_every_form() {
    let mut build = Build::new();
    let chain = build.chain(&["urlDecodeUni", "lowercase"]);
    let rx = build.rx("^(?:A%41|AA|aa)$", 0);
    let hits = build.slot("hits");
    let mut hit = rule(1, all(Collection::Args), rx);
    hit.chain = chain;
    hit.multi_match = true;
    hit.actions = vec![set(hits, TxChange::Add(Macro::text(b"1")))];
    build.add(hit);
    let engine = build.engine();
    assert_eq!(
        run(&engine, &get("/?a=A%2541", &[])).tx("hits"),
        Some(b"3".to_vec())
    );
    assert_eq!(
        run(&engine, &get("/?a=AA", &[])).tx("hits"),
        Some(b"2".to_vec())
    );
}

#[test]
fn names_of_variables_from_the_request() {
    let mut build = Build::new();
    let counter = Action::SetVar(SetVar {
        name: TxName::Dynamic(Macro {
            parts: vec![
                Part::Text(b"Count_".to_vec()),
                Part::Variable(Collection::MatchedVarName, None),
            ],
        }),
        change: TxChange::Add(Macro::text(b"1")),
    });
    let mut each = rule(1, all(Collection::ArgsNames), Operator::Always);
    each.actions = vec![counter];
    each.meta = None;
    build.add(each);
    let pattern = build.pattern("(?i)^COUNT_.*:a$");
    let target = Target {
        collection: Collection::Tx,
        key: Key::Pattern(pattern),
        count: false,
    };
    build.add(rule(2, target, text(TextMatch::Equals, "2")));
    let engine = build.engine();
    assert_eq!(ids(&run(&engine, &get("/?a=1&a=2&b=3", &[]))), [2]);
    assert!(ids(&run(&engine, &get("/?a=1&b=2", &[]))).is_empty());
}

#[test]
fn reports_are_expanded() {
    let mut build = Build::new();
    build.program.metas.push(Meta {
        msg: Macro {
            parts: vec![
                Part::Text(b"rule ".to_vec()),
                Part::Variable(Collection::Rule, Some("id".to_owned())),
            ],
        },
        logdata: Macro {
            parts: vec![
                Part::Tx(0),
                Part::Text(b" in ".to_vec()),
                Part::Variable(Collection::MatchedVarName, None),
                Part::Text(b": ".to_vec()),
                Part::Variable(Collection::MatchedVar, None),
                Part::Variable(Collection::RequestHeaders, Some("none".to_owned())),
            ],
        },
        tags: vec![0],
        log: true,
        ..Meta::default()
    });
    build.program.strings.push("attack".to_owned());
    let rx = build.rx("ev.l", 0);
    let mut hit = rule(7, all(Collection::Args), rx);
    hit.capture = true;
    hit.meta = Some(1);
    build.add(hit);
    let engine = build.engine();
    let transaction = run(&engine, &get("/?q=an+evil+day", &[]));
    let matched = &transaction.matched()[0];
    assert_eq!(matched.msg, b"rule 7");
    assert_eq!(matched.data, b"evil in ARGS:q: an evil day");
    assert_eq!(matched.values[0].span, Some((3, 7)));
    assert_eq!(engine.tags(matched.rule).collect::<Vec<_>>(), ["attack"]);
}
