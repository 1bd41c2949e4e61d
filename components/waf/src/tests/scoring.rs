//! Anomaly scoring, levels and jumps, as the Core Rule Set uses them.

use super::build::{Build, all, count, get, ids, number, of_slot, rule, run, set, tx};
use crate::Verdict;
use crate::program::{
    Collection, Comparison, Disruption, EngineMode, Macro, Operator, Phase, Rule, TxChange,
};

fn action(id: u32, slot: u16, value: &str) -> Rule {
    Rule {
        phase: Phase::RequestHeaders,
        targets: Vec::new(),
        actions: vec![set(slot, TxChange::Set(Macro::text(value.as_bytes())))],
        meta: None,
        ..rule(id, all(Collection::Args), Operator::Always)
    }
}

/// Level, threshold; then a rule of level 1, a jump past level 2, a rule of level 2, the decision.
fn scoring(level: &str) -> Build {
    let mut build = Build::new();
    let at = build.slot("level");
    let score = build.slot("score");
    let threshold = build.slot("threshold");
    build.add(action(1, at, level));
    build.add(action(2, threshold, "5"));
    let unset = rule(3, count(tx(score)), number(Comparison::Equal, 0));
    build.add(Rule {
        phase: Phase::RequestHeaders,
        actions: vec![set(score, TxChange::Set(Macro::text(b"0")))],
        meta: None,
        ..unset
    });
    let evil = build.rx("evil", 0);
    let odd = build.rx("odd", 1);
    build.add(Rule {
        actions: vec![set(score, TxChange::Add(Macro::text(b"3")))],
        ..rule(10, all(Collection::Args), evil)
    });
    build.add(Rule {
        skip_to: Some(3),
        meta: None,
        ..rule(11, tx(at), number(Comparison::Less, 2))
    });
    build.add(Rule {
        actions: vec![set(score, TxChange::Add(Macro::text(b"3")))],
        ..rule(20, all(Collection::Args), odd)
    });
    build.add(Rule {
        disruption: Disruption::Deny(403),
        ..rule(
            30,
            tx(score),
            Operator::Number(Comparison::AtLeast, of_slot(threshold)),
        )
    });
    build
}

#[test]
fn a_level_that_is_off_is_skipped() {
    let engine = scoring("1").engine();
    let transaction = run(&engine, &get("/?a=evil+odd", &[]));
    assert_eq!(ids(&transaction), [10]);
    assert_eq!(*transaction.verdict(), Verdict::Pass);
    // All but the one that was skipped.
    assert_eq!(transaction.rules_asked(), 6);
    let all = scoring("2").engine();
    assert_eq!(run(&all, &get("/?a=x", &[])).rules_asked(), 7);
}

#[test]
fn scores_add_up_to_a_verdict() {
    let engine = scoring("2").engine();
    let transaction = run(&engine, &get("/?a=evil+odd", &[]));
    assert_eq!(ids(&transaction), [10, 20, 30]);
    assert_eq!(
        *transaction.verdict(),
        Verdict::Deny {
            status: 403,
            rule: 30
        }
    );
    assert_eq!(transaction.tx("score"), Some(b"6".to_vec()));
    assert_eq!(transaction.scores().collect::<Vec<_>>(), [("score", 6)]);
    assert!(transaction.matched()[2].disruptive && !transaction.matched()[0].disruptive);
    assert!(run(&engine, &get("/?a=evil", &[])).verdict().passes());
}

#[test]
fn detection_reports_and_passes() {
    let mut build = scoring("2");
    build.program.settings.engine = EngineMode::DetectionOnly;
    let engine = build.engine();
    let transaction = run(&engine, &get("/?a=evil+odd", &[]));
    assert_eq!(ids(&transaction), [10, 20, 30]);
    assert!(transaction.verdict().passes());
}

#[test]
fn off_is_off() {
    let mut build = scoring("2");
    build.program.settings.engine = EngineMode::Off;
    let engine = build.engine();
    assert!(ids(&run(&engine, &get("/?a=evil+odd", &[]))).is_empty());
}
