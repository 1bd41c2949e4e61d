//! Components of a Spin app that misbehave, while others are served.

use std::time::Duration;

use lockgate_tests::app::App;
use lockgate_tests::{AppSetup, Request, h2c, until};

const MANIFEST: &str = r#"
[[trigger.http]]
route = "/good/..."
component = "good"
[[trigger.http]]
route = "/p2/..."
component = "two"
[[trigger.http]]
route = "/bad/..."
component = "bad"
[[trigger.http]]
route = "/greedy/..."
component = "greedy"
[[trigger.http]]
route = "/slow/..."
component = "slow"
[[trigger.http]]
route = "/single/..."
component = "single"

[component.good]
source = "{p3}"
[component.two]
source = "{p2}"
[component.two.tool.lockgate]
cpu_ms_max = 100
[component.bad]
source = "{p3}"
[component.bad.tool.lockgate]
cpu_ms_max = 100
[component.greedy]
source = "{p3}"
[component.greedy.tool.lockgate]
memory_bytes_max = 67108864
[component.slow]
source = "{p3}"
[component.slow.tool.lockgate]
cpu_ms_max = 100
timeout_ms = 2000
[component.single]
source = "{p3}"
[component.single.tool.lockgate]
requests_per_instance_max = 1
concurrent_requests_max = 1
"#;

fn app() -> Option<App> {
    AppSetup::new(MANIFEST).start()
}

fn good(app: &App) {
    assert_eq!(app.text("/good/hello"), "hello from WASI 0.3");
}

#[test]
fn a_loop_is_stopped_at_its_budget_while_others_are_served() {
    let Some(app) = app() else { return };
    std::thread::scope(|scope| {
        // More loops than threads: without a yield nobody else would be served.
        let loops: Vec<_> = (0..8)
            .map(|i| {
                let path = if i % 2 == 0 { "/bad/loop" } else { "/p2/loop" };
                let app = &app;
                scope.spawn(move || app.get(path))
            })
            .collect();
        let mut client = app.connect();
        for _ in 0..20 {
            let answer = client.call(&Request::get("/good/hello"));
            assert_eq!(answer.assert_status(200).text(), "hello from WASI 0.3");
        }
        for stopped in loops {
            let answer = stopped.join().expect("an answer");
            answer.assert_problem(500, "component_cpu_exceeded");
            assert!(!answer.text().contains("wasm"), "{answer:?}");
            let record = app.record(&answer);
            assert_eq!(record["stage"], "component", "{record}");
        }
    });
    good(&app);
    assert_eq!(app.text("/bad/hello"), "hello from WASI 0.3");
}

#[test]
fn waiting_is_no_loop() {
    let Some(app) = app() else { return };
    // Ten times the budget of CPU time, all of it spent waiting, in one instance.
    let requests = (0..20)
        .map(|_| h2c::get("http", "shop.test", "/bad/sleep?1000"))
        .collect();
    for answer in app.h2().call_all(requests) {
        assert_eq!(answer.assert_status(200).text(), "slept");
    }
    // Too long all the same.
    let late = app.get("/slow/sleep?60000");
    late.assert_problem(504, "component_timeout");
    assert_eq!(app.text("/slow/hello"), "hello from WASI 0.3");
}

#[test]
fn much_work_in_small_pieces_is_no_loop() {
    let Some(app) = app() else { return };
    let mut client = app.connect();
    // Together far beyond the budget, each far below it.
    for _ in 0..60 {
        client
            .call(&Request::get("/bad/work?3000000"))
            .assert_status(200);
    }
}

#[test]
fn a_memory_bomb_ends_alone() {
    let Some(app) = app() else { return };
    let answer = app.get("/greedy/bomb");
    answer.assert_problem(500, "component_failed");
    let record = app.record(&answer);
    let cause = record["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("memory_bytes_max"), "{record}");
    good(&app);
    assert_eq!(app.text("/greedy/hello"), "hello from WASI 0.3");
}

#[test]
fn a_trap_takes_the_requests_of_its_instance_and_no_others() {
    let Some(app) = app() else { return };
    std::thread::scope(|scope| {
        let app = &app;
        let other = scope.spawn(move || app.get("/good/sleep?3000"));
        // Which instance takes a request is not ours to say: until it is the same one.
        let shared = (0..20).any(|_| {
            let waiting = scope.spawn(move || app.get("/bad/sleep?1500"));
            std::thread::sleep(Duration::from_millis(300));
            let trapped = app.get("/bad/trap");
            trapped.assert_problem(500, "component_failed");
            let waiting = waiting.join().expect("an answer");
            if waiting.status == 200 {
                return false;
            }
            for answer in [&trapped, &waiting] {
                answer.assert_problem(500, "component_failed");
                let record = app.record(answer);
                let cause = record["cause"].as_str().unwrap_or_default();
                assert!(cause.contains("unreachable"), "{record}");
            }
            true
        });
        assert!(shared, "no two requests were in one instance");
        let other = other.join().expect("an answer");
        assert_eq!(other.assert_status(200).text(), "slept");
    });
    assert_eq!(app.text("/bad/hello"), "hello from WASI 0.3");
}

#[test]
fn a_panic_is_told_to_the_operator_only() {
    let Some(app) = app() else { return };
    let answer = app.get("/bad/panic");
    answer.assert_problem(500, "component_failed");
    assert!(!answer.text().contains("asked to panic"), "{answer:?}");
    let record = app.record(&answer);
    let cause = record["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("asked to panic"), "{record}");
    app.get("/p2/trap").assert_problem(500, "component_failed");
}

#[test]
fn one_request_an_instance_shares_nothing() {
    let Some(app) = app() else { return };
    for _ in 0..3 {
        assert_eq!(app.text("/single/served"), "1");
    }
    let with = |path: &str| h2c::get("http", "shop.test", path);
    let answers = app.h2().call_all(vec![
        with("/single/sleep?500"),
        with("/single/trap"),
        with("/single/sleep?500"),
    ]);
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 500, 200]);
}

#[test]
fn a_thousand_waiting_requests_are_bounded() {
    let manifest = r#"
        [[trigger.http]]
        route = "/..."
        component = "a"
        [component.a]
        source = "{p3}"
        [component.a.tool.lockgate]
        requests_in_flight_max = 300
        instances_max = 4
        concurrent_requests_max = 100
    "#;
    let Some(app) = AppSetup::new(manifest).start() else {
        return;
    };
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..10)
            .map(|_| {
                let app = &app;
                scope.spawn(move || {
                    let requests = (0..100)
                        .map(|_| h2c::get("http", "shop.test", "/sleep?2000"))
                        .collect();
                    app.h2().call_all(requests)
                })
            })
            .collect();
        let answers = threads.into_iter().flat_map(|t| t.join().expect("answers"));
        answers.map(|answer| answer.status).collect()
    });
    let served = answers.iter().filter(|status| **status == 200).count();
    let busy = answers.iter().filter(|status| **status == 503).count();
    assert_eq!((answers.len(), served + busy), (1000, 1000));
    assert!((1..=700).contains(&busy), "{served} served, {busy} refused");
    until("the app to serve again", || {
        (app.get("/hello").status == 200).then_some(())
    });
}
