//! A gate that runs out of file descriptors: it waits, serves those it has, and comes back.

use std::time::{Duration, Instant};

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Client, Request, Setup, World, until};
use serde_json::Value;

/// What the gate pauses after an accept that failed.
const PAUSE: Duration = Duration::from_millis(50);

/// How often accepting failed, as the log tells it: a line a second, with the number of those
/// that had none.
fn failures(world: &World) -> Vec<u64> {
    world
        .logs()
        .iter()
        .filter(|line| line.contains("cannot accept connections"))
        .map(|line| {
            let event: Value = serde_json::from_str(line).expect("the log is JSON");
            assert!(line.contains("Too many open files"), "{line}");
            1 + event["more"].as_u64().expect("a number")
        })
        .collect()
}

#[test]
fn without_descriptors_the_gate_waits_and_comes_back() {
    let config = format!(
        "{PLAIN_SITE}\n[[sites.shop.routes]]\npath = \"/own\"\nrespond = {{ body = \"own\" }}\n"
    );
    let Some(world) = Setup::new(&config).start() else {
        return;
    };
    let mut before = world.connect();
    before.call(&Request::get("/own")).assert_status(200);
    let limit = world.limit_open_files(8);
    let begun = Instant::now();
    // The kernel takes them all; the gate has descriptors for eight.
    let crowd: Vec<Client> = (0..64).map(|_| world.connect()).collect();
    let _ = world.wait_log("cannot accept connections");
    // Who is in is served, and what would need another descriptor has a clear answer.
    before.call(&Request::get("/own")).assert_status(200);
    let no_socket = before.call(&Request::get("/products/1"));
    assert_eq!(no_socket.assert_status(502).json()["status"], 502);
    let record = world.record(&no_socket);
    let cause = record["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("Too many open files"), "{record}");
    // It pauses after each failure. Without that, thousands would have failed by the next line.
    let failed = until("another line", || {
        Some(failures(&world)).filter(|lines| lines.len() > 1)
    });
    let failed: u64 = failed.iter().sum();
    let room = begun.elapsed().as_millis() / PAUSE.as_millis() + 2;
    assert!(failed > 2, "{failed} failures: it does not try again");
    assert!(
        u128::from(failed) <= room,
        "{failed} failures where there is time for {room}"
    );
    // A client that waits in the kernel's queue is served once others have left.
    let mut waiting = world.connect();
    waiting.send(&Request::get("/own").to_bytes());
    drop(crowd);
    waiting.read("GET").assert_status(200);
    world.get("/own").assert_status(200);
    before.call(&Request::get("/products/1")).assert_status(200);
    // No descriptor was lost: the same crowd fits, now that there is room for it.
    world.set_open_files(limit);
    let mut crowd: Vec<Client> = (0..64).map(|_| world.connect()).collect();
    for client in &mut crowd {
        client.call(&Request::get("/own")).assert_status(200);
    }
}
