//! The order of phases, and responses.

use super::build::{Build, all, get, ids, named, rule, text};
use crate::program::{Collection, Disruption, Operator, Phase, Rule, TextMatch};
use crate::{Response, Transaction, Verdict};

fn response(build: &mut Build) {
    build.add(Rule {
        phase: Phase::ResponseHeaders,
        ..rule(
            3,
            all(Collection::ResponseStatus),
            text(TextMatch::BeginsWith, "5"),
        )
    });
    let leak = build.rx("SQL syntax", 0);
    build.add(Rule {
        phase: Phase::ResponseBody,
        disruption: Disruption::Deny(502),
        ..rule(4, all(Collection::ResponseBody), leak)
    });
    build.add(Rule {
        phase: Phase::Logging,
        ..rule(
            5,
            named(Collection::ResponseHeaders, "server"),
            text(TextMatch::Equals, "x"),
        )
    });
}

fn answer<'e>(engine: &'e crate::Engine, kind: &[u8], body: &[u8]) -> Transaction<'e> {
    let mut transaction = super::build::run(engine, &get("/", &[]));
    transaction.set_response(&Response {
        status: 500,
        protocol: b"HTTP/1.1",
        headers: &[(b"Server", b"x"), (b"Content-Type", kind)],
        duration_us: 1,
    });
    transaction.run_phase(Phase::ResponseHeaders);
    transaction.set_response_body(body);
    transaction.run_phase(Phase::ResponseBody);
    transaction.run_phase(Phase::Logging);
    transaction
}

#[test]
fn responses_are_looked_at() {
    let mut build = Build::new();
    response(&mut build);
    let engine = build.engine();
    let bad = answer(
        &engine,
        b"text/html",
        b"You have an error in your SQL syntax",
    );
    assert_eq!(ids(&bad), [3, 4, 5], "logging runs after a verdict");
    assert_eq!(
        *bad.verdict(),
        Verdict::Deny {
            status: 502,
            rule: 4
        }
    );
    assert_eq!(ids(&answer(&engine, b"text/html", b"fine")), [3, 5]);
}

#[test]
fn types_that_are_not_listed_are_not_looked_at() {
    let mut build = Build::new();
    build.program.settings.response_body_types = vec!["text/html".to_owned()];
    response(&mut build);
    let engine = build.engine();
    assert_eq!(ids(&answer(&engine, b"image/png", b"SQL syntax")), [3, 5]);
    assert_eq!(
        ids(&answer(&engine, b"TEXT/HTML; charset=x", b"SQL syntax")),
        [3, 4, 5]
    );
}

#[test]
fn after_a_verdict_only_logging_runs() {
    let mut build = Build::new();
    for phase in Phase::ALL {
        build.add(Rule {
            phase,
            disruption: Disruption::Deny(400),
            ..rule(
                u32::from(phase.number()),
                all(Collection::RequestUri),
                Operator::Always,
            )
        });
    }
    let engine = build.engine();
    let mut transaction = Transaction::new(&engine, &get("/", &[]));
    for phase in Phase::ALL {
        transaction.run_phase(phase);
    }
    assert_eq!(ids(&transaction), [1, 5]);
    assert_eq!(
        *transaction.verdict(),
        Verdict::Deny {
            status: 400,
            rule: 1
        }
    );
}
