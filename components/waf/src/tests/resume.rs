//! Transactions that go on elsewhere.

use super::build::{Build, all, get, ids, of_slot, rule, run_with, set, text};
use crate::program::{Collection, Operator, Phase, Rule, TextMatch, TxChange};
use crate::{ResumeError, Transaction, Workspace};

fn program(late: Collection) -> crate::Engine {
    let mut build = Build::new();
    let seen = build.slot("seen");
    let rx = build.rx("(ev.l)", 0);
    build.add(Rule {
        capture: true,
        actions: vec![set(seen, TxChange::Set(of_slot(1)))],
        ..rule(1, all(Collection::Args), rx)
    });
    build.add(Rule {
        phase: Phase::ResponseHeaders,
        ..rule(2, super::build::tx(seen), text(TextMatch::Equals, "evil"))
    });
    build.add(Rule {
        phase: Phase::ResponseHeaders,
        ..rule(3, all(late), Operator::Always)
    });
    build.engine()
}

#[test]
fn a_transaction_goes_on_in_another_instance() {
    for (late, expected) in [
        (Collection::ArgsPost, vec![1, 2, 3]),
        (Collection::RequestHeaders, vec![1, 2, 3]),
        (Collection::RequestCookies, vec![1, 2]),
    ] {
        let engine = program(late);
        let headers: &[(&[u8], &[u8])] = &[(b"Content-Type", b"application/x-www-form-urlencoded")];
        let first = run_with(&engine, &get("/", headers), b"a=evil");
        let saved = first.save();
        let mut second = Transaction::resume(&engine, Workspace::default(), &saved).unwrap();
        second.run_phase(Phase::ResponseHeaders);
        assert_eq!(ids(&second), expected, "{late:?}");
        let mut uninterrupted = first;
        uninterrupted.run_phase(Phase::ResponseHeaders);
        assert_eq!(uninterrupted.matched(), second.matched());
    }
}

#[test]
fn other_bytes_are_refused() {
    let engine = program(Collection::Args);
    let saved = run_with(&engine, &get("/", &[]), b"").save();
    let other = Build::new().engine();
    let resumed = Transaction::resume(&other, Workspace::default(), &saved);
    assert_eq!(resumed.err(), Some(ResumeError::OtherProgram));
    for end in 0..saved.len() {
        let resumed = Transaction::resume(&engine, Workspace::default(), &saved[..end]);
        assert_eq!(resumed.err(), Some(ResumeError::Damaged));
    }
}
