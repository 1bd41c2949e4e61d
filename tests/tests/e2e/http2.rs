//! HTTP/2: requests, streams side by side, limits and floods.

use lockgate_tests::h2c::{H2, frames, get};
use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, World};

fn world(http2: &str) -> Option<World> {
    Setup::new(&format!(
        "[server]\nbody_bytes_max = 300000\n[server.http2]\n{http2}\n{PLAIN_SITE}"
    ))
    .start()
}

#[test]
fn requests_and_bodies_pass_by_prior_knowledge() {
    let Some(world) = world("") else { return };
    let mut h2 = world.h2();
    let answer = h2
        .call(get("http", "shop.test", "/products/1"), "")
        .expect("an answer");
    assert_eq!(answer.assert_status(200).json()["id"], 1);
    assert_eq!(world.record(&answer)["http"], "2");
    for name in ["connection", "transfer-encoding", "keep-alive"] {
        assert_eq!(answer.header(name), None);
    }
    let body: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
    let post = http::Request::post("http://shop.test/_test/echo")
        .body(())
        .expect("a request");
    let echo = h2.call(post, body.clone()).expect("an answer");
    assert_eq!(echo.assert_status(200).body, body);
    let large = h2
        .call(get("http", "shop.test", "/_test/bytes/3000000"), "")
        .expect("an answer");
    assert_eq!(large.assert_status(200).body.len(), 3_000_000);
    let head = http::Request::head("http://shop.test/products/1")
        .body(())
        .expect("a request");
    let head = h2.call(head, "").expect("an answer");
    assert!(head.assert_status(200).body.is_empty() && head.header("content-length").is_some());
}

#[test]
fn streams_run_side_by_side() {
    let Some(world) = world("") else { return };
    let mut h2 = world.h2();
    let mut requests = vec![get("http", "shop.test", "/_test/slow?ms=500")];
    requests.extend((1..=8).map(|id| get("http", "shop.test", &format!("/products/{id}"))));
    let answers = h2.call_all(requests);
    for (id, answer) in answers.iter().enumerate() {
        answer.assert_status(200);
        if id > 0 {
            assert_eq!(answer.json()["id"], id);
        }
    }
}

#[test]
fn refusals_are_answers_too() {
    let Some(world) = world("") else { return };
    let mut h2 = world.h2();
    let unknown = h2
        .call(get("http", "evil.test", "/"), "")
        .expect("an answer");
    assert_eq!(unknown.status, 421, "{unknown:?}");
    assert_eq!(unknown.json()["request_id"], unknown.id());
    let climb = h2
        .call(get("http", "shop.test", "/%2e%2e/x"), "")
        .expect("an answer");
    assert_eq!(climb.status, 400, "{climb:?}");
    let post = http::Request::post("http://shop.test/_test/echo")
        .body(())
        .expect("a request");
    if let Ok(large) = h2.call(post, vec![b'x'; 400_000]) {
        assert!(large.status == 413 || large.cut, "{large:?}");
    }
    // Authority and Host that disagree.
    let mut two = get("http", "shop.test", "/products/1");
    two.headers_mut()
        .insert("host", "evil.test".parse().expect("a value"));
    let two = h2.call(two, "").expect("an answer");
    assert_eq!(two.status, 400, "{two:?}");
    h2.call(get("http", "shop.test", "/products/1"), "")
        .expect("an answer")
        .assert_status(200);
}

#[test]
fn trailers_arrive() {
    let Some(world) = world("") else { return };
    let mut request = get("http", "shop.test", "/_test/trailers");
    request
        .headers_mut()
        .insert("te", "trailers".parse().expect("a value"));
    let answer = world.h2().call(request, "").expect("an answer");
    assert_eq!(answer.assert_status(200).text(), "first row\nsecond row\n");
    assert!(
        answer
            .trailers
            .iter()
            .any(|(name, value)| name == "x-rows" && value == "2"),
        "{answer:?}"
    );
}

/// Sends frames for ever until the gate ends the connection; the GOAWAY codes that it sent.
fn flood(world: &World, mut next: impl FnMut(u32) -> Vec<u8>) -> Vec<u32> {
    let mut client = world.connect();
    client.send(frames::OPENING);
    for turn in 0..200_000 {
        if client.try_send(&next(turn)).is_err() {
            break;
        }
    }
    frames::goaways(&client.read_to_end())
}

#[test]
fn floods_end_the_connection_and_nobody_elses() {
    let Some(world) = world("resets_per_connection_max = 200\npending_resets_max = 20") else {
        return;
    };
    let mut other = world.h2();
    let many = |frame: Vec<u8>, times: usize| frame.repeat(times);
    let ping = many(frames::frame(frames::PING, 0, 0, &[0; 8]), 50);
    let codes = flood(&world, |_| ping.clone());
    assert!(
        codes.is_empty() || codes.contains(&frames::ENHANCE_YOUR_CALM),
        "ping: {codes:?}"
    );
    let settings = many(frames::frame(frames::SETTINGS, 0, 0, &[]), 50);
    let codes = flood(&world, |_| settings.clone());
    assert!(
        codes.is_empty() || codes.contains(&frames::ENHANCE_YOUR_CALM),
        "settings: {codes:?}"
    );
    // Rapid reset (CVE-2023-44487).
    let block = frames::get_block();
    let codes = flood(&world, |turn| {
        let stream = turn * 2 + 1;
        [
            frames::frame(frames::HEADERS, 0x5, stream, &block),
            frames::frame(frames::RESET, 0, stream, &8_u32.to_be_bytes()),
        ]
        .concat()
    });
    assert!(
        codes.is_empty() || codes.contains(&frames::ENHANCE_YOUR_CALM),
        "resets: {codes:?}"
    );
    // CONTINUATION without end (CVE-2024-27316).
    let mut begun = false;
    let junk = [&[0x40, 1, b'a', 0x7f, 0xa1, 0x7e][..], &[b'x'; 15_000]].concat();
    let codes = flood(&world, |_| {
        let kind = if begun {
            frames::CONTINUATION
        } else {
            frames::HEADERS
        };
        begun = true;
        frames::frame(kind, 0, 1, &junk)
    });
    assert!(
        codes.iter().all(|code| *code != 0),
        "continuation: {codes:?}"
    );
    let answer = other
        .call(get("http", "shop.test", "/products/1"), "")
        .expect("an answer");
    answer.assert_status(200);
    world.get("/products/2").assert_status(200);
}

#[test]
fn a_list_of_headers_beyond_the_limit_is_431() {
    let Some(world) = world("header_list_bytes_max = 4096") else {
        return;
    };
    let mut request = get("http", "shop.test", "/products/1");
    request
        .headers_mut()
        .insert("x-long", "x".repeat(6_000).parse().expect("a value"));
    let mut h2 = world.h2();
    // Answered, or refused by the client's own h2, which has been told the limit.
    if let Ok(answer) = h2.call(request, "") {
        assert_eq!(answer.status, 431, "{answer:?}");
    }
    world
        .h2()
        .call(get("http", "shop.test", "/products/1"), "")
        .expect("an answer")
        .assert_status(200);
}

#[test]
fn a_listener_without_http2_takes_the_preface_for_what_it_is() {
    let config =
        format!("[listeners.old]\naddresses = [\"127.0.0.1:0\"]\nhttp2 = false\n{PLAIN_SITE}");
    let Some(world) = Setup::new(&config).start() else {
        return;
    };
    let mut client = lockgate_tests::Client::connect(world.listener("old"), world.seen());
    client.send(frames::OPENING);
    let answer = client.read("PRI");
    assert!([400, 505].contains(&answer.status), "{answer:?}");
    let mut client = lockgate_tests::Client::connect(world.listener("old"), world.seen());
    client.call(&Request::get("/products/1")).assert_status(200);
    let _ = H2::connect(world.listener("public"), world.seen());
}
