//! A policy component that traps, loops, eats memory or answers nonsense, while others are served.

use std::sync::atomic::{AtomicUsize, Ordering};

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, World, artifacts};

fn world() -> Option<World> {
    let hostile = artifacts::find()?.component("hostile-policy.wasm", "lockgate_hostile_policy")?;
    let policy = "[policy]\nio_deadline_ms = 20\nmemory_bytes_max = 67108864\n";
    Setup::new(&format!("{policy}{PLAIN_SITE}"))
        .policy(&hostile)
        .start()
}

#[test]
fn a_component_that_fails_spoils_one_request_and_no_other() {
    let Some(world) = world() else { return };
    let served = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..5 {
            let (world, served) = (&world, &served);
            scope.spawn(move || {
                let mut client = world.connect();
                for i in 0..10 {
                    let id = 1 + (worker + i) % 8;
                    let answer = client.call(&Request::get(&format!("/products/{id}")));
                    assert_eq!(answer.assert_status(200).json()["id"], id);
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..2 {
                for path in ["/trap", "/panic", "/loop", "/bomb", "/nonsense", "/greedy"] {
                    let answer = world.get(path);
                    assert!([500, 503].contains(&answer.status), "{path}: {answer:?}");
                    let code = answer.json()["code"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned();
                    answer.assert_problem(answer.status, &code);
                    let text = answer.text();
                    for internal in [
                        "wasm",
                        "trap",
                        "unreachable",
                        "asked to panic",
                        "policy.wasm",
                    ] {
                        assert!(
                            !text.contains(internal),
                            "{path} tells of {internal}: {text}"
                        );
                    }
                    let record = world.record(&answer);
                    let cause = record["cause"].as_str().unwrap_or_default();
                    assert!(!cause.is_empty(), "{path}: {record}");
                }
            }
        });
    });
    assert_eq!(served.load(Ordering::Relaxed), 50);
    // The instances are replaced, and the operator sees it.
    for id in 1..=8 {
        world.get(&format!("/products/{id}")).assert_status(200);
    }
    assert!(
        world.logs().iter().any(|line| line.contains("no verdict")),
        "nothing in the log"
    );
    let said = world.records().iter().any(|record| {
        record["cause"]
            .as_str()
            .is_some_and(|cause| cause.contains("asked to panic"))
    });
    assert!(said, "a panic's message is in no record");
}

#[test]
fn a_loop_is_stopped_and_named() {
    let Some(world) = world() else { return };
    let answer = world.get("/loop");
    assert_eq!(answer.json()["code"], "policy_timeout", "{answer:?}");
    world.get("/products/1").assert_status(200);
}

#[test]
fn memory_ends_at_its_cap() {
    let Some(hostile) = artifacts::find()
        .and_then(|found| found.component("hostile-policy.wasm", "lockgate_hostile_policy"))
    else {
        return;
    };
    // Time enough to fill it.
    let policy = "[policy]\nio_deadline_ms = 10000\nwall_clock_ms_max = 60000\n\
                  memory_bytes_max = 67108864\n";
    let setup = Setup::new(&format!("{policy}{PLAIN_SITE}")).policy(&hostile);
    let Some(world) = setup.start() else { return };
    let answer = world.get("/bomb");
    answer.assert_problem(500, "policy_failed");
    let record = world.record(&answer);
    let cause = record["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("memory allocation of"), "{record}");
    world.get("/products/1").assert_status(200);
}

#[test]
fn something_that_is_no_policy_is_refused_at_the_start() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let components = world.dir().join("broken");
    std::fs::create_dir_all(&components).expect("a folder");
    let image = world.components().join("image.wasm");
    for bytes in [
        b"no component".to_vec(),
        std::fs::read(image).expect("image.wasm"),
    ] {
        std::fs::write(components.join("policy.wasm"), bytes).expect("a file");
        let broken = components.to_string_lossy().into_owned();
        let store = world.dir().join("store").to_string_lossy().into_owned();
        let run = world.lockgate(&[
            "run",
            "--config",
            "gateway.toml",
            "--components",
            &broken,
            "--store",
            &store,
        ]);
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(
            !run.status.success() && said.contains("policy.wasm"),
            "{said}"
        );
    }
}
