//! The test endpoints and the fault listener do what they promise.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Answer, raw, start};

#[test]
fn every_request_is_counted_also_those_that_fail() {
    let shop = start();
    shop.post("/_test/reset", None);
    shop.get("/products/1");
    shop.get("/products/1?again");
    shop.get("/products/9999");
    shop.get("/nothing/here");
    shop.post("/products/1", None);
    raw(
        shop.faults.expect("a fault listener"),
        b"GET /close HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    let counts = shop.get("/_test/requests").json();
    let expected = json!({
        "GET /products/1": 2, "GET /products/9999": 1, "GET /nothing/here": 1, "POST /products/1": 1,
        "GET /close": 1,
    });
    assert_eq!(counts["by_path"], expected);
    assert_eq!(counts["total"], 6);
    shop.post("/_test/reset", None);
    assert_eq!(shop.get("/_test/requests").json()["total"], 0);
}

#[test]
fn bytes_come_as_ordered() {
    let shop = start();
    let check = |body: &[u8], length: usize| {
        assert_eq!(body.len(), length);
        assert!(
            body.iter()
                .enumerate()
                .all(|(i, byte)| usize::from(*byte) == i % 251)
        );
    };
    let whole = shop.get("/_test/bytes/300000");
    assert_eq!(whole.header("content-length"), Some("300000"));
    check(&whole.body, 300_000);
    let chunked = shop.get("/_test/bytes/300000?chunked=1&chunk=777");
    assert_eq!(chunked.header("transfer-encoding"), Some("chunked"));
    check(&chunked.body, 300_000);
    check(&shop.get("/_test/bytes/0").body, 0);
    let begin = Instant::now();
    check(&shop.get("/_test/bytes/30?chunk=10&delay_ms=50").body, 30);
    assert!(begin.elapsed() >= Duration::from_millis(150));
    shop.get("/_test/bytes/9?chunk=0")
        .assert_problem(400, "invalid_query");
}

#[test]
fn a_truncated_body_ends_early() {
    let shop = start();
    let answer = shop.get("/_test/truncate?promise=1000&send=400");
    assert_eq!(answer.header("content-length"), Some("1000"));
    assert_eq!(answer.body.len(), 400);
}

#[test]
fn trailers_follow_when_asked_for() {
    let shop = start();
    let answer = shop.get_with("/_test/trailers", &[("TE", "trailers")]);
    assert_eq!(answer.body, b"first row\nsecond row\n");
    assert!(
        answer
            .trailers
            .to_lowercase()
            .contains("x-checksum: 5eb63bbbe01eeed0\r\n")
    );
}

#[test]
fn heads_are_told_as_they_came() {
    let shop = start();
    let request = "GET /_test/headers/%7ea?b=%2F HTTP/1.1\r\nHost: x\r\nx-B: 1\r\nX-a:  two \r\nX-B: 3\r\n\
                   Connection: close\r\n\r\n";
    let told = Answer::parse(&raw(shop.address, request.as_bytes()), "GET").json();
    assert_eq!(
        (&told["method"], &told["exact"]),
        (&json!("GET"), &json!(true))
    );
    assert_eq!(told["target"], "/_test/headers/%7ea?b=%2F");
    let headers = json!([
        ["Host", "x"],
        ["x-B", "1"],
        ["X-a", "two"],
        ["X-B", "3"],
        ["Connection", "close"]
    ]);
    assert_eq!(told["headers"], headers);

    // The second request on a connection, after one with a body, is told as exactly.
    let mut stream = TcpStream::connect(shop.address).expect("it accepts");
    stream
        .write_all(b"POST /_test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
        .unwrap();
    let mut first = Vec::new();
    while !first.ends_with(b"hello") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the echo");
        first.push(byte[0]);
    }
    let second = b"PUT /_test/headers HTTP/1.1\r\nHoSt: y\r\nConnection: close\r\n\r\n";
    stream.write_all(second).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the second answer");
    let told = Answer::parse(&rest, "PUT").json();
    assert_eq!(
        told["headers"],
        json!([["HoSt", "y"], ["Connection", "close"]])
    );
}

#[test]
fn an_echo_comes_back_while_the_body_is_still_sent() {
    let shop = start();
    let mut stream = TcpStream::connect(shop.address).expect("it accepts");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let head = b"POST /_test/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    stream.write_all(head).unwrap();
    stream.write_all(b"5\r\nfirst\r\n").unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"first\r\n") {
        let mut byte = [0];
        stream
            .read_exact(&mut byte)
            .expect("the first chunk comes back before the second is sent");
        seen.push(byte[0]);
    }
    stream.write_all(b"6\r\nsecond\r\n0\r\n\r\n").unwrap();
    stream.read_to_end(&mut seen).unwrap();
    assert_eq!(Answer::parse(&seen, "POST").body, b"firstsecond");
}

#[test]
fn caching_headers_statuses_and_delays_are_as_asked() {
    let shop = start();
    let target = "/_test/cache/a?cc=max-age%3D9&vary=Accept&set_cookie=a%3Db&etag=v1&age=3";
    let (one, two) = (shop.get(target), shop.get(target));
    assert_eq!(one.header("cache-control"), Some("max-age=9"));
    assert_eq!(one.header("vary"), Some("Accept"));
    assert_eq!(one.header("set-cookie"), Some("a=b"));
    assert_eq!(
        (one.header("etag"), one.header("age")),
        (Some("\"v1\""), Some("3"))
    );
    assert_ne!(one.json()["counter"], two.json()["counter"]);
    assert_eq!(
        shop.get_with(target, &[("If-None-Match", "\"v1\"")]).status,
        304
    );
    assert_eq!(shop.get("/_test/cache").header("cache-control"), None);
    assert_eq!(shop.get("/_test/cache?status=503").status, 503);
    shop.get("/_test/cache?cc=a%0Ab")
        .assert_problem(400, "invalid_query");
    assert_eq!(shop.get("/_test/status/418").status, 418);
    assert_eq!(shop.get("/_test/status/204").body, b"");
    shop.get("/_test/status/99")
        .assert_problem(400, "invalid_status");
    let begin = Instant::now();
    assert_eq!(shop.get("/_test/slow?ms=120").status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(120));
}

#[test]
fn faults_break_the_protocol_as_named() {
    let shop = start();
    let faults = shop.faults.expect("a fault listener");
    let ask = |path: &str| {
        raw(
            faults,
            format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes(),
        )
    };
    assert!(!ask("/garbage").starts_with(b"HTTP/"));
    assert!(ask("/close").is_empty());
    assert!(ask("/huge-header?kb=64").len() > 64 * 1024);
    assert!(
        ask("/many-headers?n=500")
            .windows(4)
            .filter(|four| four == b"\r\nX-")
            .count()
            >= 500
    );
    assert!(ask("/bad-chunk").ends_with(b"zz\r\nworld\r\n0\r\n\r\n"));
    let text = |path: &str| String::from_utf8_lossy(&ask(path)).into_owned();
    assert_eq!(text("/two-lengths").matches("Content-Length").count(), 2);
    assert!(
        text("/length-and-chunked").contains("Content-Length: 3\r\nTransfer-Encoding: chunked")
    );
    assert!(text("/trailers").ends_with("0\r\nX-Checksum: 5eb63bbbe01eeed0\r\n\r\n"));
    assert!(text("/early").starts_with("HTTP/1.1 413 "));
    assert_eq!(Answer::parse(&ask("/anything"), "GET").body, b"ok");
    let begin = Instant::now();
    assert_eq!(Answer::parse(&ask("/slow-head?ms=3"), "GET").body, b"ok");
    assert!(begin.elapsed() > Duration::from_millis(200));
}

#[test]
fn resets_and_hangs_are_real() {
    let shop = start();
    let faults = shop.faults.expect("a fault listener");
    let open = |path: &str, timeout_ms: u64| {
        let mut stream = TcpStream::connect(faults).expect("it accepts");
        stream
            .set_read_timeout(Some(Duration::from_millis(timeout_ms)))
            .unwrap();
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
            .unwrap();
        stream
    };
    let mut bytes = Vec::new();
    let error = open("/reset", 10_000)
        .read_to_end(&mut bytes)
        .expect_err("a reset, no end");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(bytes.len() > 4096);
    let error = open("/reset-head", 10_000)
        .read(&mut [0])
        .expect_err("a reset, no end");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let error = open("/hang", 300)
        .read(&mut [0])
        .expect_err("nothing comes");
    assert!(matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
}
