//! Slow and silent clients, and more of them than there is room for.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, World};

fn world(server: &str) -> Option<World> {
    Setup::new(&format!("[server]\n{server}\n{PLAIN_SITE}")).start()
}

#[test]
fn a_slow_head_is_408() {
    let Some(world) = world("header_timeout_ms = 300") else {
        return;
    };
    let mut client = world.connect();
    client.send(b"GET /products/1 HTTP/1.1\r\nHost: shop");
    let answer = client.read("GET");
    answer.assert_problem(408, "header_timeout");
    assert!(client.is_closed());
    assert!(world.record(&answer)["cause"].is_string());
    // Dripping bytes do not buy time.
    let mut client = world.connect();
    client.send(b"GET /products/1 HTTP/1.1\r\n");
    while client.try_send(b"X: y\r\n").is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(50));
        if world
            .records()
            .iter()
            .filter(|record| record["status"] == 408)
            .count()
            > 1
        {
            break;
        }
    }
    client.read("GET").assert_problem(408, "header_timeout");
}

#[test]
fn a_slow_body_is_408() {
    let Some(world) = world("body_timeout_ms = 300") else {
        return;
    };
    let mut client = world.connect();
    client.send(b"POST /_test/echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 50\r\n\r\nhalf");
    let answer = client.read("POST");
    // The echo has begun to answer, or not.
    assert!(answer.status == 408 || answer.cut, "{answer:?}");
    assert!(client.is_closed());
    assert!(world.record(&answer)["cause"].is_string());
    let mut client = world.connect();
    client.send(
        b"POST /_test/slow?ms=60000 HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 50\r\n\r\n",
    );
    let answer = client.read("POST");
    answer.assert_problem(408, "body_timeout");
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn a_body_that_trickles_is_408() {
    let Some(world) = world("body_timeout_ms = 3000\nbody_bytes_per_s_min = 100000") else {
        return;
    };
    let mut client = world.connect();
    client.send(
        b"POST /_test/slow?ms=60000 HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 50000\r\n\r\n",
    );
    // No pause is long, and all of them together are.
    lockgate_tests::until("its record", || {
        let _ = client.try_send(b"x");
        (!world.records().is_empty()).then_some(())
    });
    let answer = client.read("POST");
    answer.assert_problem(408, "body_timeout");
    let record = world.record(&answer);
    let cause = record["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("100000 bytes a second"), "{record}");
    let came = record["bytes_in"].as_u64().unwrap_or_default();
    assert!((1..50_000).contains(&came), "{record}");
}

#[test]
fn idle_connections_are_closed_without_a_word() {
    let Some(world) = world("idle_timeout_ms = 300") else {
        return;
    };
    assert!(world.connect().is_closed());
    let mut client = world.connect();
    client.call(&Request::get("/products/1")).assert_status(200);
    assert!(client.is_closed());
}

#[test]
fn a_client_that_does_not_read_is_let_go() {
    let Some(world) = world("send_timeout_ms = 300") else {
        return;
    };
    let mut client = world.connect();
    client.send(&Request::get("/_test/bytes/200000000").to_bytes());
    let record = lockgate_tests::until("its record", || {
        world
            .records()
            .into_iter()
            .find(|record| record["path"] == "/_test/bytes/200000000")
    });
    assert!(record["cause"].is_string(), "{record}");
    // The record tells how far it came.
    let told = record["bytes_out"].as_u64().unwrap_or_default();
    assert!(told > 0, "{record}");
    let answer = client.read("GET");
    assert!(answer.cut && answer.body.len() as u64 <= told, "{record}");
}

#[test]
fn a_request_has_its_place_until_its_last_byte_is_out() {
    let Some(world) = world("requests_max = 1") else {
        return;
    };
    let mut reading = world.connect();
    reading.send(&Request::get("/_test/bytes/100000000").to_bytes());
    lockgate_tests::until("it at the shop", || {
        (world.shop.requests("GET", "/_test/bytes/100000000") == 1).then_some(())
    });
    // Its head is out, and much of its body waits for the client.
    let in_flight = || {
        world
            .metrics()
            .lines()
            .any(|line| line == "lockgate_requests_in_flight 1")
    };
    assert!(in_flight(), "{}", world.metrics());
    world
        .get("/products/1")
        .assert_problem(503, "too_many_requests_in_flight");
    assert!(in_flight(), "{}", world.metrics());
    assert_eq!(
        reading.read("GET").assert_status(200).body.len(),
        100_000_000
    );
    lockgate_tests::until("its place", || {
        (world.get("/products/1").status == 200).then_some(())
    });
}

#[test]
fn beyond_requests_max_is_503_at_once() {
    let Some(world) = world("requests_max = 2") else {
        return;
    };
    let slow: Vec<_> = (0..2)
        .map(|_| {
            let mut client = world.connect();
            client.send(&Request::get("/_test/slow?ms=1500").to_bytes());
            client
        })
        .collect();
    lockgate_tests::until("both at the shop", || {
        (world.shop.requests("GET", "/_test/slow") == 2).then_some(())
    });
    let refused = world.get("/products/1");
    refused.assert_problem(503, "too_many_requests_in_flight");
    assert!(refused.header("retry-after").is_some());
    for mut client in slow {
        client.read("GET").assert_status(200);
    }
    world.get("/products/1").assert_status(200);
}

#[test]
fn beyond_connections_max_a_connection_is_told_so() {
    let Some(world) = world("connections_max = 3") else {
        return;
    };
    let held: Vec<_> = (0..3)
        .map(|_| {
            let mut client = world.connect();
            client.call(&Request::get("/products/1")).assert_status(200);
            client
        })
        .collect();
    let mut client = world.connect();
    let _ = client.try_send(&Request::get("/products/1").to_bytes());
    client
        .read("GET")
        .assert_problem(503, "too_many_connections");
    assert!(client.is_closed());
    drop(held);
    lockgate_tests::until("a free place", || {
        let mut client = world.connect();
        let _ = client.try_send(&Request::get("/products/1").to_bytes());
        (client.read("GET").status == 200).then_some(())
    });
}
