//! The end of a gate: who came before it is served, and who is cut off has a record.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, World, until};
use rustix::process::Signal;

fn world(server: &str) -> Option<World> {
    Setup::new(&format!("[server]\n{server}\n{PLAIN_SITE}")).start()
}

#[test]
fn connections_that_wait_in_the_kernel_are_answered() {
    let Some(mut world) = world("") else { return };
    // While it does not run, the kernel takes connections, and what they send.
    world.signal(Signal::STOP);
    let mut waiting: Vec<_> = (0..50)
        .map(|_| {
            let mut client = world.connect();
            client.send(&Request::get("/products/1").to_bytes());
            client
        })
        .collect();
    world.signal(Signal::TERM);
    world.signal(Signal::CONT);
    for client in &mut waiting {
        client.read("GET").assert_status(200);
        assert!(client.is_closed());
    }
    assert_eq!(world.wait_end(), Some(0));
}

#[test]
fn balancers_are_told_before_the_door_is_shut() {
    let Some(mut world) = world("drain_delay_ms = 4000") else {
        return;
    };
    let mut before = world.connect();
    before.call(&Request::get("/products/1")).assert_status(200);
    world.signal(Signal::TERM);
    until("a gate that is not ready", || {
        (world.admin("/readyz").status == 503).then_some(())
    });
    world.get("/products/2").assert_status(200);
    let kept = before.call(&Request::get("/products/3"));
    assert_eq!(kept.assert_status(200).header("connection"), None);
    // A second signal does not wait for the delay.
    world.signal(Signal::TERM);
    assert_eq!(world.wait_end(), Some(0));
    assert!(before.is_closed());
}

#[test]
fn the_drain_has_the_time_of_the_configuration_in_force() {
    let Some(mut world) = world("drain_timeout_ms = 10") else {
        return;
    };
    let changed = world
        .config()
        .replace("drain_timeout_ms = 10", "drain_timeout_ms = 30000");
    world.write("gateway.toml", &changed);
    let _ = world.wait_log("configuration in force");
    let mut slow = world.connect();
    slow.send(&Request::get("/_test/slow?ms=2500").to_bytes());
    until("the slow request at the shop", || {
        (world.shop.requests("GET", "/_test/slow") == 1).then_some(())
    });
    world.signal(Signal::TERM);
    slow.read("GET").assert_status(200);
    assert_eq!(world.wait_end(), Some(0));
}

#[test]
fn what_is_cut_off_has_a_record_that_tells_of_it() {
    let Some(mut world) = world("drain_timeout_ms = 100") else {
        return;
    };
    let mut slow = world.connect();
    slow.send(&Request::get("/_test/slow?ms=60000").to_bytes());
    until("the slow request at the shop", || {
        (world.shop.requests("GET", "/_test/slow") == 1).then_some(())
    });
    world.signal(Signal::TERM);
    assert_eq!(world.wait_end(), Some(0));
    let _ = world.wait_log("connections are cut off");
    let record = until("its record", || world.records().pop());
    assert_eq!(
        (&record["site"], &record["host"], &record["origin"]),
        (&"shop".into(), &"shop.test".into(), &"shop".into()),
        "{record}"
    );
    assert_eq!(record["cause"], "the request was abandoned", "{record}");
    assert_eq!(record["status"], 0, "{record}");
}
