//! The plain way through the gate: what reaches the shop, and what comes back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use lockgate_tests::client::connect;
use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Response, Setup, until};
use serde_json::Value;

/// The values of a header as the shop received it at `/_test/headers`.
fn received(response: &Response, name: &str) -> Vec<String> {
    let json = response.assert_status(200).json();
    let headers = json["headers"].as_array().expect("a list of headers");
    headers
        .iter()
        .filter(|pair| {
            pair[0]
                .as_str()
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
        })
        .map(|pair| pair[1].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn get_and_post_reach_the_shop_and_come_back_whole() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let page = world.get("/products/1");
    page.assert_status(200);
    assert_eq!(page.json()["id"], 1);
    let body: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
    let echo = world.send(
        &Request::post("/_test/echo", body.clone()).header("Content-Type", "application/x-test"),
    );
    assert_eq!(echo.assert_status(200).body, body);
    assert_eq!(echo.header("content-type"), Some("application/x-test"));
    let record = world.record(&echo);
    assert_eq!(
        (
            &record["method"],
            &record["path"],
            &record["bytes_in"],
            &record["bytes_out"]
        ),
        (
            &"POST".into(),
            &"/_test/echo".into(),
            &200_000.into(),
            &200_000.into()
        )
    );
    assert_eq!(
        (&record["site"], &record["origin"]),
        (&"shop".into(), &"shop".into())
    );
}

/// Reads until what came ends with `end`.
fn read_until(socket: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut piece = [0; 4096];
    while !text.ends_with(end) {
        let read = socket.read(&mut piece).expect("more of the answer");
        assert!(read > 0, "the connection ended after {text:?}");
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    text
}

#[test]
fn chunked_bodies_stream_both_ways() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let mut socket = connect(world.listener("public"));
    socket
        .write_all(
            b"POST /_test/echo HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n\
              5\r\nfirst\r\n",
        )
        .expect("an open connection");
    // Half the answer before half the request: nothing waits for a whole body.
    let begun = read_until(&mut socket, "first\r\n");
    assert!(begun.starts_with("HTTP/1.1 200 OK\r\n"), "{begun}");
    assert!(begun.contains("transfer-encoding: chunked\r\n"), "{begun}");
    socket
        .write_all(b"7;ext=1\r\n second\r\n0\r\n\r\n")
        .expect("an open connection");
    let rest = read_until(&mut socket, "0\r\n\r\n");
    assert_eq!(rest, "7\r\n second\r\n0\r\n\r\n");
    let record = until("its record", || world.records().pop());
    assert_eq!(
        (&record["bytes_in"], &record["bytes_out"]),
        (&12.into(), &12.into()),
        "{record}"
    );
    let bytes = world.get("/_test/bytes/300000?chunked=1&chunk=1000");
    assert!(
        bytes
            .assert_status(200)
            .body
            .iter()
            .enumerate()
            .all(|(i, b)| usize::from(*b) == i % 251)
    );
    assert_eq!(bytes.body.len(), 300_000);
}

#[test]
fn a_connection_serves_many_requests() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let mut client = world.connect();
    for id in 1..=5 {
        let answer = client.call(&Request::get(&format!("/products/{id}")));
        assert_eq!(answer.assert_status(200).json()["id"], id);
    }
    let answer = client.call(&Request::get("/products/1").header("Connection", "close"));
    assert_eq!(
        answer.assert_status(200).header("connection"),
        Some("close")
    );
    assert!(client.is_closed());
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let get = world.get("/_test/bytes/4321");
    let mut client = world.connect();
    let head = client.call(&Request::new("HEAD", "/_test/bytes/4321"));
    assert_eq!(
        head.assert_status(200).header("content-length"),
        get.header("content-length")
    );
    assert_eq!(head.header("content-type"), get.header("content-type"));
    assert!(head.body.is_empty());
    // Nothing of a body is left over on the connection.
    client.call(&Request::get("/products/1")).assert_status(200);
}

#[test]
fn statuses_and_problems_of_the_shop_pass_unchanged() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    for status in [204, 301, 304, 400, 404, 418, 500, 503] {
        let answer = world.get(&format!("/_test/status/{status}"));
        assert_eq!(answer.assert_status(status).header("connection"), None);
        if status == 500 {
            // The invariant "a 500 has its reason" is about the gate's own: this is the shop's.
            let record = world.record(&answer);
            assert_eq!(
                (&record["stage"], &record["code"]),
                (&"origin".into(), &Value::Null)
            );
        }
    }
    let missing = world.get("/products/999999");
    assert_eq!(
        missing.assert_status(404).json()["code"],
        "product_not_found"
    );
}

#[test]
fn hop_by_hop_fields_end_at_the_gate() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let answer = world.send(
        &Request::get("/_test/headers")
            .header("Connection", "X-Private, keep-alive")
            .header("X-Private", "1")
            .header("Keep-Alive", "timeout=5")
            .header("Proxy-Authorization", "Basic eDp5")
            .header("Upgrade", "foo")
            .header("TE", "trailers")
            .header("X-Public", "2"),
    );
    for name in ["x-private", "keep-alive", "proxy-authorization", "upgrade"] {
        assert_eq!(received(&answer, name), [""; 0], "{name}");
    }
    assert_eq!(received(&answer, "x-public"), ["2"]);
    assert_eq!(received(&answer, "host").len(), 1);
}

#[test]
fn nobody_says_for_the_gate_who_the_client_is() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let answer = world.send(
        &Request::get("/_test/headers")
            .header("X-Forwarded-For", "203.0.113.7")
            .header("Forwarded", "for=203.0.113.7;proto=https")
            .header("X-Real-IP", "203.0.113.7")
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Host", "evil.test")
            .header("X-Request-Id", "forged-request-id")
            .header("X-Customer", "root"),
    );
    assert_eq!(received(&answer, "x-forwarded-for"), ["127.0.0.1"]);
    let forwarded = received(&answer, "forwarded");
    assert!(
        forwarded.iter().all(|value| !value.contains("203.0.113.7")),
        "{forwarded:?}"
    );
    assert_eq!(
        received(&answer, "x-customer"),
        [""; 0],
        "a forged customer"
    );
    for name in ["x-real-ip", "x-forwarded-proto", "x-forwarded-host"] {
        let values = received(&answer, name);
        let forged = ["203.0.113.7", "https", "evil.test"];
        assert!(
            values.iter().all(|value| !forged.contains(&value.as_str())),
            "{name}: {values:?}"
        );
    }
    assert_ne!(answer.id(), "forged-request-id");
    assert_eq!(
        received(&answer, "x-request-id"),
        [answer.id()],
        "the shop gets the gate's id"
    );
    let record = world.record(&answer);
    assert_eq!(record["client"], "127.0.0.1");
}

#[test]
fn a_trusted_proxy_is_believed() {
    let config = format!("[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n{PLAIN_SITE}");
    let Some(world) = Setup::new(&config).start() else {
        return;
    };
    let through = |for_: &str| {
        world.send(
            &Request::get("/_test/headers")
                .header("X-Forwarded-For", for_)
                .header("X-Request-Id", "from-the-proxy-0001"),
        )
    };
    let answer = through("203.0.113.7");
    assert_eq!(answer.id(), "from-the-proxy-0001");
    let record = world.record(&answer);
    assert_eq!(
        (&record["client"], &record["peer"]),
        (&"203.0.113.7".into(), &"127.0.0.1".into())
    );
    let list = received(&answer, "x-forwarded-for").join(", ");
    assert_eq!(list, "203.0.113.7, 127.0.0.1");
    // What stands before the proxy's own entry was said by the client.
    let _ = through("198.51.100.1, 203.0.113.8");
    let clients: Vec<_> = until("both records", || {
        let records = world.records();
        (records.len() >= 2).then(|| records.iter().map(|r| r["client"].clone()).collect())
    });
    assert_eq!(clients, ["203.0.113.7", "203.0.113.8"]);
    // An id that is none is replaced.
    let answer = world.send(&Request::get("/products/1").header("X-Request-Id", "a b<script>"));
    answer.assert_status(200);
    assert_eq!(answer.id().len(), 36, "{}", answer.id());
    assert!(!answer.id().contains("script"), "{}", answer.id());
}

#[test]
fn request_ids_are_uuid_v7_and_the_trace_goes_on() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = world.send(&Request::get("/_test/headers").header("traceparent", trace));
    assert_eq!(answer.id().len(), 36);
    assert_eq!(answer.id().as_bytes()[14], b'7', "{}", answer.id());
    let passed = received(&answer, "traceparent");
    assert!(passed.len() == 1 && passed[0].contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(
        world.record(&answer)["trace"],
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
}

#[test]
fn routes_answer_404_405_and_their_own() {
    let config = r#"
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
name = "product"
path = "/products/{id}"
methods = ["GET"]
origin = "shop"
response_headers = { "X-Frame-Options" = "DENY", "Server" = "gate" }
[[sites.shop.routes]]
path = "/health"
respond = { status = 201, body = "fine\n", content_type = "text/x-health" }
response_headers = { "X-Own" = "1" }
[[sites.shop.routes]]
path = "/api/{*rest}"
origin = "shop"
strip_prefix = "/api"
add_prefix = "/_test"
"#;
    let Some(world) = Setup::new(config).start() else {
        return;
    };
    let product = world.get("/products/2");
    assert_eq!(
        product.assert_status(200).header("x-frame-options"),
        Some("DENY")
    );
    assert_eq!(product.header_all("server"), "gate");
    assert_eq!(world.record(&product)["route"], "product");
    let own = world.get("/health");
    assert!(
        own.header("date")
            .is_some_and(|date| date.ends_with(" GMT"))
    );
    assert_eq!(own.assert_status(201).text(), "fine\n");
    assert_eq!(
        (own.header("content-type"), own.header("x-own")),
        (Some("text/x-health"), Some("1"))
    );
    let rewritten = world.get("/api/headers?a=b");
    assert_eq!(
        rewritten.assert_status(200).json()["target"],
        "/_test/headers?a=b"
    );
    let none = world.get("/nowhere");
    none.assert_status(404);
    assert!(
        none.header("date")
            .is_some_and(|date| date.ends_with(" GMT"))
    );
    assert_eq!(
        none.header("content-type"),
        Some("application/problem+json")
    );
    let method = world.send(&Request::new("DELETE", "/products/2"));
    method.assert_status(405);
    let allow = method.header("allow").expect("Allow");
    assert!(allow.contains("GET") && allow.contains("HEAD"), "{allow}");
    assert_eq!(world.shop.requests("DELETE", "/products/2"), 0);
}

#[test]
fn trailers_reach_who_asks_for_them() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let answer = world.send(&Request::get("/_test/trailers").header("TE", "trailers"));
    assert_eq!(answer.assert_status(200).text(), "first row\nsecond row\n");
    assert!(
        answer
            .trailers
            .iter()
            .any(|(name, value)| name == "x-rows" && value == "2"),
        "{answer:?}"
    );
}
