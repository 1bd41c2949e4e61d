//! `Expect: 100-continue` over HTTP/2 (RFC 9110, section 10.1.1; RFC 9113, section 8.1).

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Setup, World};

fn world() -> Option<World> {
    Setup::new(&format!("[server]\nbody_bytes_max = 100000\n{PLAIN_SITE}")).start()
}

fn post(path: &str, length: usize) -> http::Request<()> {
    http::Request::post(format!("http://shop.test{path}"))
        .header("content-length", length)
        .body(())
        .expect("a request")
}

#[test]
fn a_body_is_invited_before_it_is_sent() {
    let Some(world) = world() else { return };
    let mut h2 = world.h2();
    let body: Vec<u8> = (0..90_000_u32).map(|i| (i % 251) as u8).collect();
    // The client would wait for ever if it were not invited.
    let echo = h2.call_expecting(post("/_test/echo", body.len()), body.clone());
    let echo = echo.expect("an answer");
    assert_eq!(echo.interim, [100]);
    assert_eq!(echo.assert_status(200).body, body);
    let record = world.record(&echo);
    assert_eq!(
        (&record["http"], &record["bytes_in"]),
        (&"2".into(), &body.len().into()),
        "{record}"
    );
    // The streams after it are as good as ever.
    let plain = h2.call(post("/_test/echo", 5), "plain").expect("an answer");
    assert!(plain.interim.is_empty());
    assert_eq!(plain.assert_status(200).text(), "plain");
}

#[test]
fn a_refusal_comes_without_an_invitation() {
    let Some(world) = world() else { return };
    let mut h2 = world.h2();
    for (request, status) in [
        (post("/_test/echo", 200_000), 413),
        (post("/%2e%2e/x", 5), 400),
    ] {
        let refused = h2.call_expecting(request, "").expect("an answer");
        assert_eq!(refused.status, status, "{refused:?}");
        assert!(refused.interim.is_empty(), "{refused:?}");
        assert_eq!(refused.json()["request_id"], refused.id());
    }
    assert_eq!(world.shop.requests("POST", "/_test/echo"), 0);
    // Another expectation cannot be met.
    let mut miracle = post("/_test/echo", 0);
    let value = http::HeaderValue::from_static("a-miracle");
    miracle.headers_mut().insert("expect", value);
    let refused = h2.call(miracle, "").expect("an answer");
    assert_eq!(refused.status, 417, "{refused:?}");
    h2.call(post("/_test/echo", 4), "next")
        .expect("an answer")
        .assert_status(200);
}
