//! Malformed, ambiguous and oversized HTTP/1: one request, one defined answer, nothing smuggled.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, World};

fn world() -> Option<World> {
    let server = "[server]\nbody_bytes_max = 100000\ntarget_bytes_max = 2000\n\
                  header_bytes_max = 16384\nheaders_max = 50\n";
    Setup::new(&format!("{server}{PLAIN_SITE}")).start()
}

/// A request with these lines; `\r\n` is put after each.
fn lines(lines: &[&str]) -> Vec<u8> {
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

#[test]
fn ambiguous_and_malformed_requests_are_refused_and_the_connection_ends() {
    let Some(world) = world() else { return };
    let host = "Host: shop.test";
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        (
            "both lengths",
            [
                &lines(&[
                    "POST / HTTP/1.1",
                    host,
                    "Content-Length: 5",
                    "Transfer-Encoding: chunked",
                ])[..],
                b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop.test\r\n\r\n",
            ]
            .concat(),
            400,
        ),
        (
            "two lengths",
            lines(&[
                "POST / HTTP/1.1",
                host,
                "Content-Length: 5",
                "Content-Length: 6",
            ]),
            400,
        ),
        (
            "a list of lengths",
            lines(&["POST / HTTP/1.1", host, "Content-Length: 5, 5"]),
            400,
        ),
        (
            "a signed length",
            lines(&["POST / HTTP/1.1", host, "Content-Length: +5"]),
            400,
        ),
        (
            "a huge length",
            lines(&[
                "POST / HTTP/1.1",
                host,
                "Content-Length: 99999999999999999999",
            ]),
            400,
        ),
        (
            "gzip, chunked",
            lines(&["POST / HTTP/1.1", host, "Transfer-Encoding: gzip, chunked"]),
            400,
        ),
        (
            "chunked twice",
            lines(&[
                "POST / HTTP/1.1",
                host,
                "Transfer-Encoding: chunked, chunked",
            ]),
            400,
        ),
        (
            "chunked in 1.0",
            lines(&["POST / HTTP/1.0", host, "Transfer-Encoding: chunked"]),
            400,
        ),
        (
            "a folded field",
            lines(&["GET / HTTP/1.1", host, "X: a", " b"]),
            400,
        ),
        (
            "white space before the colon",
            lines(&["GET / HTTP/1.1", host, "X : a"]),
            400,
        ),
        ("no colon", lines(&["GET / HTTP/1.1", host, "X"]), 400),
        (
            "a NUL in a value",
            b"GET / HTTP/1.1\r\nHost: shop.test\r\nX: a\0b\r\n\r\n".to_vec(),
            400,
        ),
        (
            "a bare CR in a value",
            b"GET / HTTP/1.1\r\nHost: shop.test\r\nX: a\rb\r\n\r\n".to_vec(),
            400,
        ),
        (
            "no request line",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            400,
        ),
        ("HTTP/0.9", b"GET /\r\n\r\n".to_vec(), 400),
        ("HTTP/3.0", lines(&["GET / HTTP/3.0", host]), 505),
        ("two spaces", lines(&["GET  / HTTP/1.1", host]), 400),
    ];
    for (what, bytes, status) in cases {
        let mut client = world.connect();
        let _ = client.try_send(&bytes);
        let answer = client.read("GET");
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{what}"
        );
        assert_eq!(answer.json()["request_id"], answer.id(), "{what}");
        assert_eq!(answer.header("connection"), Some("close"), "{what}");
        assert!(client.is_closed(), "{what}: the connection goes on");
        let record = world.record(&answer);
        assert!(record["cause"].is_string(), "{what}: {record}");
    }
    assert_eq!(world.shop.requests_total(), 0);
}

#[test]
fn hosts_must_be_one() {
    let Some(world) = world() else { return };
    let cases: &[(&[&str], u16)] = &[
        (&["GET /products/1 HTTP/1.1"], 400),
        (
            &[
                "GET /products/1 HTTP/1.1",
                "Host: shop.test",
                "Host: shop.test",
            ],
            400,
        ),
        (
            &[
                "GET /products/1 HTTP/1.1",
                "Host: shop.test",
                "Host: evil.test",
            ],
            400,
        ),
        (
            &["GET /products/1 HTTP/1.1", "Host: shop.test, evil.test"],
            400,
        ),
        (&["GET /products/1 HTTP/1.1", "Host: user@shop.test"], 400),
        (&["GET /products/1 HTTP/1.1", "Host: shop.test/x"], 400),
        (&["GET /products/1 HTTP/1.1", "Host:"], 400),
        (
            &[
                "GET http://shop.test/products/1 HTTP/1.1",
                "Host: shop.test",
            ],
            200,
        ),
        (
            &[
                "GET http://evil.test/products/1 HTTP/1.1",
                "Host: shop.test",
            ],
            400,
        ),
        (
            &["GET ftp://shop.test/products/1 HTTP/1.1", "Host: shop.test"],
            400,
        ),
        (&["GET /products/1 HTTP/1.1", "Host: evil.test"], 421),
        (&["GET /products/1 HTTP/1.0", "Host: shop.test"], 200),
    ];
    for (head, status) in cases {
        let answer = world.raw(&lines(head));
        assert_eq!(answer.status, *status, "{head:?}: {answer:?}");
    }
}

#[test]
fn targets_have_one_reading() {
    let Some(world) = world() else { return };
    // What the shop gets, or the status of the refusal.
    let cases: &[(&[u8], Result<&str, u16>)] = &[
        (b"/_test/headers/%61?b=%41", Ok("/_test/headers/a?b=A")),
        (b"/_test//headers///x", Ok("/_test/headers/x")),
        (b"/x/%2e%2e/_test/headers", Ok("/_test/headers")),
        (b"/x/.%2E/_test/./headers", Ok("/_test/headers")),
        (
            b"/_test/headers/caf\xc3\xa9",
            Ok("/_test/headers/caf%C3%A9"),
        ),
        (b"/_test/headers/<b>", Ok("/_test/headers/%3Cb%3E")),
        (b"/%2e%2e/etc/passwd", Err(400)),
        (b"/../etc/passwd", Err(400)),
        (b"/a%2fb", Err(400)),
        (b"/a%5cb", Err(400)),
        (b"/a\\b", Err(400)),
        (b"/%00", Err(400)),
        (b"/a?b=%00", Err(400)),
        (b"/%c0%ae%c0%ae/", Err(400)),
        (b"/%e0%80%af", Err(400)),
        (b"/%ff", Err(400)),
        (b"/a?b=%c0%af", Err(400)),
        (b"/a?b=%ed%a0%80", Err(400)),
        (b"/%zz", Err(400)),
        (b"/a%0d%0aSet-Cookie:x", Err(400)),
        (b"/a#b", Err(400)),
        (b"*", Err(400)),
    ];
    for (target, expected) in cases {
        let shown = String::from_utf8_lossy(target);
        let request = [b"GET ", *target, b" HTTP/1.1\r\nHost: shop.test\r\n\r\n"].concat();
        let answer = world.raw(&request);
        match expected {
            Ok(canonical) => {
                assert_eq!(
                    answer.assert_status(200).json()["target"],
                    *canonical,
                    "{shown}"
                );
            }
            Err(status) => {
                assert_eq!(answer.status, *status, "{shown}: {answer:?}");
                assert_eq!(
                    answer.header("content-type"),
                    Some("application/problem+json"),
                    "{shown}"
                );
            }
        }
    }
    // Bytes that are no UTF-8 and not encoded: refused, whoever notices first.
    for target in [&b"/\xff"[..], b"/a?b=\xe9", b"/a\xc3"] {
        let request = [b"GET ", target, b" HTTP/1.1\r\nHost: shop.test\r\n\r\n"].concat();
        assert_eq!(world.raw(&request).status, 400, "{target:?}");
    }
}

#[test]
fn bytes_beyond_ascii_in_headers_pass_as_they_are() {
    let Some(world) = world() else { return };
    let bytes = b"GET /_test/headers HTTP/1.1\r\nHost: shop.test\r\nX-Latin: caf\xe9\r\nX-Utf: caf\xc3\xa9\r\nUser-Agent: \xff\xfe\r\n\r\n";
    let answer = world.raw(bytes);
    let text = answer.assert_status(200).text();
    assert!(
        text.contains("caf\u{fffd}") && text.contains("café"),
        "{text}"
    );
    let record = world.record(&answer);
    assert!(record["user_agent"].is_string(), "{record}");
}

#[test]
fn oversized_heads_have_their_answers() {
    let Some(world) = world() else { return };
    let get = |more: String| {
        world.raw(format!("GET / HTTP/1.1\r\nHost: shop.test\r\n{more}\r\n").as_bytes())
    };
    get(format!("X: {}\r\n", "x".repeat(20_000))).assert_problem(431, "headers_too_large");
    let many: String = (0..60).map(|i| format!("X-{i}: x\r\n")).collect();
    get(many).assert_problem(431, "headers_too_many");
    let long = world.get(&format!("/{}", "x".repeat(2_000)));
    long.assert_problem(414, "target_too_long");
    // No line end in sight: refused when the limit is reached, not when the client stops.
    world
        .raw(format!("GET /{}", "x".repeat(20_000)).as_bytes())
        .assert_problem(414, "target_too_long");
}

#[test]
fn bodies_beyond_the_limit_are_413() {
    let Some(world) = world() else { return };
    let announced = world
        .raw(b"POST /_test/echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 100001\r\n\r\n");
    announced.assert_problem(413, "body_too_large");
    assert_eq!(world.shop.requests("POST", "/_test/echo"), 0);
    let mut client = world.connect();
    client.send(
        b"POST /_test/echo HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    let chunk = [&b"8000\r\n"[..], &[b'x'; 0x8000], b"\r\n"].concat();
    let sent = (0..10)
        .take_while(|_| client.try_send(&chunk).is_ok())
        .count();
    let answer = client.read("POST");
    // The shop has begun to answer, or not: then it is 413, or the answer is cut off.
    assert!(
        answer.status == 413 || answer.cut,
        "after {sent} chunks: {answer:?}"
    );
    let record = world.record(&answer);
    assert!(record["cause"].is_string(), "{record}");
    world
        .send(&Request::post("/_test/echo", vec![b'x'; 100_000]))
        .assert_status(200);
}

#[test]
fn garbage_in_chunks_ends_the_request() {
    let Some(world) = world() else { return };
    for garbage in [
        &b"zz\r\nhello\r\n"[..],
        b"5\nhello\r\n",
        b"5\r\nhelloX\r\n",
        b"-1\r\n",
        b"\r\n\r\n",
    ] {
        let mut client = world.connect();
        client.send(
            b"POST /_test/slow?ms=60000 HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        client.send(garbage);
        // The shop has not begun to answer, so there is one answer to this.
        let answer = client.read("POST");
        answer.assert_problem(400, "body_malformed");
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(world.record(&answer)["cause"].is_string());
        assert!(client.is_closed(), "{garbage:?}");
    }
}

#[test]
fn expect_100_is_answered_when_the_body_is_wanted() {
    let Some(world) = world() else { return };
    let mut client = world.connect();
    client.send(
        b"POST /_test/echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.read_interim("POST").ok(), Some(100));
    client.send(b"hello");
    assert_eq!(client.read("POST").assert_status(200).text(), "hello");
    // A refusal comes without the invitation.
    let mut client = world.connect();
    client.send(
        b"POST /_test/echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 200000\r\nExpect: 100-continue\r\n\r\n",
    );
    let refused = client.read("POST");
    assert!(refused.interim.is_empty());
    refused.assert_problem(413, "body_too_large");
    let other = world.raw(b"GET / HTTP/1.1\r\nHost: shop.test\r\nExpect: a-miracle\r\n\r\n");
    other.assert_status(417);
}

#[test]
fn a_half_closed_connection_still_gets_its_answer() {
    let Some(world) = world() else { return };
    let mut client = world.connect();
    client.send(&Request::get("/_test/slow?ms=200").to_bytes());
    client.finish_sending();
    client.read("GET").assert_status(200);
    assert!(client.is_closed());
    let mut client = world.connect();
    client.send(&Request::post("/_test/echo", "whole").to_bytes());
    client.finish_sending();
    assert_eq!(client.read("POST").assert_status(200).text(), "whole");
    // Closed in the middle of a body: no answer is due, but a record is.
    let before = world.records().len();
    let mut client = world.connect();
    client.send(b"POST /_test/echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 50\r\n\r\nhalf");
    client.finish_sending();
    let _ = client.try_read("POST");
    lockgate_tests::until("its record", || {
        (world.records().len() > before).then_some(())
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let Some(world) = world() else { return };
    let mut client = world.connect();
    let mut bytes = Vec::new();
    for id in 1..=4 {
        bytes.extend(Request::get(&format!("/products/{id}")).to_bytes());
        bytes.extend(Request::post("/_test/echo", format!("body {id}")).to_bytes());
    }
    client.send(&bytes);
    for id in 1..=4 {
        assert_eq!(client.read("GET").assert_status(200).json()["id"], id);
        assert_eq!(
            client.read("POST").assert_status(200).text(),
            format!("body {id}")
        );
    }
    // An empty line before a request is skipped (RFC 9112, section 2.2).
    client.send(&[b"\r\n", &Request::get("/products/1").to_bytes()[..]].concat());
    client.read("GET").assert_status(200);
}

#[test]
fn http_1_0_closes_unless_asked_to_stay() {
    let Some(world) = world() else { return };
    let mut client = world.connect();
    client.send(b"GET /products/1 HTTP/1.0\r\nHost: shop.test\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(
        client.read("GET").assert_status(200).header("connection"),
        Some("keep-alive")
    );
    client.send(b"GET /_test/bytes/500?chunked=1 HTTP/1.0\r\nHost: shop.test\r\n\r\n");
    let answer = client.read("GET");
    assert_eq!(
        answer.assert_status(200).header("transfer-encoding"),
        None,
        "{answer:?}"
    );
    assert_eq!(answer.body.len(), 500);
    assert!(client.is_closed());
}
