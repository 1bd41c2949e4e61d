//! What hostile requests may cost.

use super::build::{Build, all, count, get, ids, number, rule, run, run_with};
use crate::program::{Collection, Comparison, LimitAction, Program};
use crate::{Engine, LoadError, Verdict};
use proptest::prelude::*;

#[test]
fn arguments_are_counted_up_to_the_limit() {
    let mut build = Build::new();
    build.add(rule(
        1,
        count(all(Collection::Args)),
        number(Comparison::Equal, 1_000),
    ));
    build.add(rule(
        2,
        all(Collection::ReqbodyError),
        number(Comparison::Equal, 1),
    ));
    let engine = build.engine();
    let many = format!("/?{}", "a=1&".repeat(10_000));
    assert_eq!(ids(&run(&engine, &get(&many, &[]))), [1, 2]);
}

#[test]
fn used_up_memory_has_a_defined_answer() {
    for (action, passes) in [
        (LimitAction::Reject, false),
        (LimitAction::ProcessPartial, true),
    ] {
        let mut build = Build::new();
        build.program.settings.limits.arena_bytes_max = 4_096;
        build.program.settings.limits.exhausted_action = action;
        let evil = build.rx("evil", 0);
        build.add(rule(1, all(Collection::RequestBody), evil));
        let engine = build.engine();
        let transaction = run_with(&engine, &get("/", &[]), &b"%25".repeat(10_000));
        assert_eq!(transaction.verdict().passes(), passes);
        if !passes {
            let status = Verdict::Deny {
                status: 413,
                rule: 0,
            };
            assert_eq!(*transaction.verdict(), status);
        }
    }
}

#[test]
fn used_up_work_has_a_defined_answer() {
    let mut build = Build::new();
    build.program.settings.limits.work_bytes_max = 1_000;
    let chain = build.chain(&["urlDecodeUni"]);
    let evil = build.rx("evil", 0);
    for id in 1..5 {
        build.add(crate::program::Rule {
            chain,
            ..rule(id, all(Collection::Args), evil.clone())
        });
    }
    let engine = build.engine();
    let long = format!("/?a={}", "%2541".repeat(1_000));
    assert!(!run(&engine, &get(&long, &[])).verdict().passes());
}

#[test]
fn a_million_bytes_of_escapes_are_decided() {
    let mut build = Build::new();
    for names in [
        &["urlDecodeUni", "lowercase"][..],
        &[
            "utf8toUnicode",
            "urlDecodeUni",
            "htmlEntityDecode",
            "jsDecode",
            "cssDecode",
        ],
        &["cmdLine", "normalizePath"],
    ] {
        let chain = build.chain(names);
        let evil = build.rx("(?:%2){3}5evil", u16::from(chain as u8) - 1);
        build.add(crate::program::Rule {
            chain,
            ..rule(u32::from(chain), all(Collection::RequestBody), evil)
        });
    }
    let limits = &mut build.program.settings.limits;
    limits.request_body_no_files_bytes_max = 2 << 20;
    let engine = build.engine();
    let transaction = run_with(&engine, &get("/", &[]), &b"%25".repeat(350_000));
    assert!(transaction.verdict().passes());
    assert!(transaction.work_bytes() < 40 << 20);
}

#[test]
fn programs_that_are_not_sound_do_not_load() {
    let sound = || Build::new().program;
    let unsound = |program: Program| match Engine::from_program(program) {
        Err(LoadError::Unsound(why)) => why,
        other => panic!("{other:?}"),
    };
    let mut empty = lockgate_patterns::PatternSetBuilder::new();
    let set = empty.add_set_in(lockgate_patterns::GroupId(0), &[]);
    assert_eq!(set.0, 0);
    let tables = empty.build().unwrap();
    let with = |change: &dyn Fn(&mut Program)| {
        let mut program = sound();
        program.patterns = tables.clone();
        change(&mut program);
        unsound(program)
    };
    assert!(with(&|program| program.tx_names.clear()).contains("capture"));
    assert!(with(&|program| program.phases[0].push(9)).contains("step"));
    assert!(
        with(&|program| {
            let always = crate::program::Operator::Always;
            let mut one = rule(1, all(Collection::Args), always);
            one.chain = 7;
            program.rules.push(one);
        })
        .contains("transformations")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_request_panics(
        uri in proptest::collection::vec(any::<u8>(), 0..80),
        header in proptest::collection::vec(any::<u8>(), 0..80),
        kind in 0_usize..5,
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let kinds: [&[u8]; 5] = [
            b"application/json",
            b"multipart/form-data; boundary=x",
            b"text/xml",
            b"application/x-www-form-urlencoded",
            &header,
        ];
        let mut build = Build::new();
        let chain = build.chain(&["urlDecodeUni", "htmlEntityDecode", "jsDecode", "cmdLine"]);
        for collection in Collection::ALL {
            let rx = build.rx_alone("(?i)(a)|\\W(b)");
            build.add(crate::program::Rule {
                chain,
                capture: true,
                ..rule(1, all(*collection), rx)
            });
        }
        let engine = build.engine();
        let headers: &[(&[u8], &[u8])] = &[(b"Cookie", &header), (b"Content-Type", kinds[kind])];
        let request = crate::Request { uri: &uri, headers, ..crate::Request::default() };
        let mut transaction = run_with(&engine, &request, &body);
        for phase in crate::program::Phase::ALL {
            transaction.run_phase(phase);
        }
        prop_assert!(transaction.verdict().passes());
    }
}
