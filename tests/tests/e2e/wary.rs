//! A policy that loops holds up its own request and nobody else's, on the same I/O thread.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, artifacts};

#[test]
fn after_a_failure_a_loop_keeps_no_other_waiting() {
    let Some(hostile) = artifacts::find()
        .and_then(|found| found.component("hostile-policy.wasm", "lockgate_hostile_policy"))
    else {
        return;
    };
    let config = format!("[server]\nthreads = 1\n[policy]\nio_deadline_ms = 3000\n{PLAIN_SITE}");
    let Some(world) = Setup::new(&config).policy(&hostile).start() else {
        return;
    };
    world.get("/trap").assert_problem(500, "policy_failed");
    let mut other = world.connect();
    let mut looping = world.connect();
    looping.send(&Request::get("/loop").to_bytes());
    // One thread serves both, and the other is not kept waiting for the loop's deadline.
    let answers: Vec<_> = (0..10)
        .map(|id| other.call(&Request::get(&format!("/products/{}", 1 + id % 8))))
        .collect();
    let stopped = looping.read("GET");
    stopped.assert_problem(500, "policy_timeout");
    // Records stand in the order in which the answers went out.
    let _ = world.record(&stopped);
    let ids: Vec<String> = world
        .records()
        .iter()
        .filter_map(|record| record["id"].as_str().map(str::to_owned))
        .collect();
    let place = |id: &str| ids.iter().position(|one| one == id);
    for answer in &answers {
        answer.assert_status(200);
        assert!(
            place(answer.id()) < place(stopped.id()),
            "{} waited for the loop: {ids:?}",
            answer.id()
        );
    }
}
