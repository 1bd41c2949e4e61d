//! HTTP/2: requests, streams side by side, limits and floods.

use std::io::{Read as _, Write as _};

use lockgate_tests::client::connect;
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
    let mut requests = vec![get("http", "shop.test", "/_test/slow?ms=3000")];
    requests.extend((1..=8).map(|id| get("http", "shop.test", &format!("/products/{id}"))));
    let answers = h2.call_all(requests);
    for (id, answer) in answers.iter().enumerate() {
        answer.assert_status(200);
        if id > 0 {
            assert_eq!(answer.json()["id"], id);
        }
    }
    // Records are written in the order in which the answers end: the first request, the slow
    // one, held nobody up.
    let _ = world.record(&answers[0]);
    let records = world.records();
    assert_eq!(records.len(), answers.len());
    assert_eq!(records[8]["id"], answers[0].id(), "{records:?}");
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
    let large = h2.call(post, vec![b'x'; 400_000]).expect("an answer");
    assert!(large.status == 413 || large.cut, "{large:?}");
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

/// Sends frames until the gate ends the connection; the GOAWAY codes that it sent. What it sends
/// is read meanwhile: a gate that cannot write would not get to its limit.
fn flood(world: &World, mut next: impl FnMut(u32) -> Vec<u8>) -> Vec<u32> {
    let mut socket = connect(world.listener("public"));
    let mut reader = socket.try_clone().expect("a socket can be shared");
    let reading = std::thread::spawn(move || {
        let mut came = Vec::new();
        let mut piece = [0; 16 * 1024];
        while let Ok(read) = reader.read(&mut piece) {
            came.extend_from_slice(&piece[..read]);
            if read == 0 || !frames::goaways(&came).is_empty() {
                break;
            }
        }
        frames::goaways(&came)
    });
    let mut sent = socket.write_all(frames::OPENING);
    for turn in 0..200_000 {
        if sent.is_err() || reading.is_finished() {
            break;
        }
        sent = socket.write_all(&next(turn));
    }
    reading.join().expect("no panic")
}

/// Floods a gate with these limits, and asserts how it ends, and for whom.
fn assert_calmed(what: &str, limits: &str, next: impl FnMut(u32) -> Vec<u8>) {
    let Some(world) = world(limits) else { return };
    let mut other = world.h2();
    let codes = flood(&world, next);
    assert_eq!(codes, [frames::ENHANCE_YOUR_CALM], "{what}");
    let answer = other
        .call(get("http", "shop.test", "/products/1"), "")
        .expect("an answer");
    answer.assert_status(200);
    world.get("/products/2").assert_status(200);
}

#[test]
fn floods_of_control_frames_end_the_connection_and_nobody_elses() {
    let limits = "frames_control_per_s_max = 500";
    let ping = frames::frame(frames::PING, 0, 0, &[0; 8]).repeat(50);
    assert_calmed("ping", limits, |_| ping.clone());
    let settings = frames::frame(frames::SETTINGS, 0, 0, &[]).repeat(50);
    assert_calmed("settings", limits, |_| settings.clone());
}

#[test]
fn rapid_resets_end_the_connection_and_nobody_elses() {
    // CVE-2023-44487: first the number in the life of a connection, then those at work.
    let block = frames::get_block();
    let turn = |turn: u32| {
        let stream = turn * 2 + 1;
        [
            frames::frame(frames::HEADERS, 0x5, stream, &block),
            frames::frame(frames::RESET, 0, stream, &8_u32.to_be_bytes()),
        ]
        .concat()
    };
    let all = "resets_per_connection_max = 50\npending_resets_max = 10000";
    assert_calmed("all resets", all, turn);
    let pending = "resets_per_connection_max = 1000000\npending_resets_max = 5";
    // Many at once, so that the gate finds them before it has begun to work on them.
    assert_calmed("pending resets", pending, |batch| {
        (0..500).flat_map(|i| turn(batch * 500 + i)).collect()
    });
}

#[test]
fn headers_without_end_end_the_connection_and_nobody_elses() {
    // CVE-2024-27316.
    let mut begun = false;
    // A whole field in each frame: "a" with a value of 14,990 bytes, not indexed.
    let field = [&[0x00, 1, b'a', 0x7f, 0x8f, 0x74][..], &[b'x'; 14_990]].concat();
    assert_calmed("continuation", "", |_| {
        let kind = if begun {
            frames::CONTINUATION
        } else {
            frames::HEADERS
        };
        begun = true;
        frames::frame(kind, 0, 1, &field)
    });
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
