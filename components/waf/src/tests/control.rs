//! `ctl`: rules and targets that are taken away, bodies, modes.

use super::build::{Build, all, get, ids, rule, run, run_with, without};
use crate::program::{
    Action, AllowScope, BodyProcessor, Collection, Control, Disruption, EngineMode, Operator,
    Phase, Rule, TextMatch,
};

fn control(id: u32, control: Control) -> Rule {
    Rule {
        phase: Phase::RequestHeaders,
        targets: Vec::new(),
        actions: vec![Action::Control(control)],
        meta: None,
        ..rule(id, all(Collection::Args), Operator::Always)
    }
}

/// Two rules about arguments behind what `first` does.
fn program(first: Control) -> crate::Engine {
    let mut build = Build::new();
    build.add(control(100, first));
    let evil = build.rx("evil", 0);
    build.add(rule(1, all(Collection::Args), evil.clone()));
    build.add(rule(2, all(Collection::Args), evil));
    build.engine()
}

#[test]
fn rules_are_taken_away() {
    let engine = program(Control::RemoveRules(vec![(1, 1)]));
    assert_eq!(ids(&run(&engine, &get("/?a=evil", &[]))), [2]);
    let engine = program(Control::RemoveRules(vec![(1, u32::MAX)]));
    assert!(ids(&run(&engine, &get("/?a=evil", &[]))).is_empty());
}

#[test]
fn targets_are_taken_away() {
    let engine = program(Control::RemoveTarget {
        rules: vec![(2, 2)],
        target: without(Collection::Args, "a"),
    });
    assert_eq!(ids(&run(&engine, &get("/?a=evil", &[]))), [1]);
    assert_eq!(ids(&run(&engine, &get("/?a=evil&b=evil", &[]))), [1, 2]);
}

#[test]
fn the_engine_is_switched_off() {
    let engine = program(Control::RuleEngine(EngineMode::Off));
    assert!(ids(&run(&engine, &get("/?a=evil", &[]))).is_empty());
}

#[test]
fn a_processor_is_chosen() {
    let engine = program(Control::RequestBodyProcessor(BodyProcessor::UrlEncoded));
    assert_eq!(ids(&run_with(&engine, &get("/", &[]), b"a=evil")), [1, 2]);
    let engine = program(Control::RequestBodyAccess(false));
    let headers: &[(&[u8], &[u8])] = &[(b"Content-Type", b"application/x-www-form-urlencoded")];
    assert!(ids(&run_with(&engine, &get("/", headers), b"a=evil")).is_empty());
}

#[test]
fn allow_passes_over_rules() {
    for (scope, expected) in [
        (AllowScope::Phase, vec![3]),
        (AllowScope::Request, vec![3]),
        (AllowScope::Transaction, vec![]),
    ] {
        let mut build = Build::new();
        build.add(Rule {
            disruption: Disruption::Allow(scope),
            meta: None,
            ..rule(1, all(Collection::RequestUri), Operator::Always)
        });
        build.add(rule(2, all(Collection::RequestUri), Operator::Always));
        build.add(Rule {
            phase: Phase::ResponseHeaders,
            ..rule(3, all(Collection::RequestUri), Operator::Always)
        });
        let engine = build.engine();
        let mut transaction = run(&engine, &get("/", &[]));
        transaction.run_phase(Phase::ResponseHeaders);
        assert_eq!(ids(&transaction), expected, "{scope:?}");
    }
}

#[test]
fn redirect_and_drop() {
    let mut build = Build::new();
    let location = crate::program::Macro {
        parts: vec![
            crate::program::Part::Text(b"/moved".to_vec()),
            crate::program::Part::Variable(Collection::RequestFilename, None),
        ],
    };
    build.add(Rule {
        disruption: Disruption::Redirect(302, location),
        ..rule(
            1,
            all(Collection::RequestFilename),
            super::build::text(TextMatch::Equals, "/old"),
        )
    });
    build.add(Rule {
        disruption: Disruption::Drop,
        ..rule(
            2,
            all(Collection::RequestFilename),
            super::build::text(TextMatch::Equals, "/drop"),
        )
    });
    let engine = build.engine();
    let moved = run(&engine, &get("/old", &[]));
    assert_eq!(
        *moved.verdict(),
        crate::Verdict::Redirect {
            status: 302,
            location: b"/moved/old".to_vec(),
            rule: 1
        }
    );
    let dropped = run(&engine, &get("/drop", &[]));
    assert_eq!(*dropped.verdict(), crate::Verdict::Drop { rule: 2 });
}
