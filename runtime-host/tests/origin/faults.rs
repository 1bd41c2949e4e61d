//! Faults of an origin, each with its status and code.

use std::net::SocketAddr;
use std::time::Duration;

use lockgate_host::origin::Origins;
use serde_json::json;
use tokio::net::TcpListener;

use crate::server::{Server, Then, always, config, fault, get, send, whole};

#[tokio::test]
async fn every_fault_has_its_status_and_code() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let origins = Origins::new(&config(closed, json!({})));
    let error = send(&origins, &get("/")).await.expect_err("nobody listens");
    assert_eq!((error.status(), error.code()), (502, "origin_unreachable"));
    assert!(error.cause().contains("refused"), "{}", error.cause());

    let quick = json!({ "first_byte_timeout_ms": 100 });
    let error = fault("", Then::Hang, quick.clone()).await;
    assert_eq!((error.status(), error.code()), (504, "origin_timeout"));
    let error = fault("HTTP/1.1 200 OK\r\nContent-", Then::Hang, quick).await;
    assert_eq!((error.status(), error.code()), (504, "origin_timeout"));

    for (bytes, then) in [
        ("", Then::Close),
        ("", Then::Reset),
        ("HTTP/1.1 200 OK\r\nContent-", Then::Close),
    ] {
        let error = fault(bytes, then, json!({})).await;
        assert_eq!(
            (error.status(), error.code()),
            (502, "origin_reset"),
            "{bytes:?}"
        );
    }
    for garbage in [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "HTTP/1.1 two OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let error = fault(garbage, Then::Keep, json!({})).await;
        assert_eq!(
            (error.status(), error.code()),
            (502, "origin_malformed"),
            "{garbage:?}"
        );
    }
}

#[tokio::test]
async fn a_head_without_end_is_malformed() {
    let line = format!("X-Long: {}\r\n", "x".repeat(4000));
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", line.repeat(90));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Many: 1\r\n".repeat(150));
    for head in [head, many] {
        let server = Server::start(move |_| (head.clone().into_bytes(), Then::Keep)).await;
        let origins = Origins::new(&config(server.address, json!({})));
        let answered = send(&origins, &get("/")).await.map(|answer| answer.status);
        let error = answered.expect_err("too much");
        assert_eq!((error.status(), error.code()), (502, "origin_malformed"));
    }
}

#[tokio::test]
async fn an_origin_that_takes_no_connection_is_504() {
    // A queue of one place, filled: the kernel drops further SYNs.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = Vec::new();
    let full = (0..16).any(|_| {
        let wait = Duration::from_millis(200);
        match std::net::TcpStream::connect_timeout(&address, wait) {
            Ok(stream) => {
                held.push(stream);
                false
            }
            Err(_) => true,
        }
    });
    assert!(full, "the queue takes all");
    let origins = Origins::new(&config(address, json!({ "connect_timeout_ms": 100 })));
    let error = send(&origins, &get("/")).await.expect_err("not connected");
    assert_eq!(
        (error.status(), error.code()),
        (504, "origin_connect_timeout"),
        "{error}"
    );
}

#[tokio::test]
async fn a_body_that_stops_fails() {
    let part = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    for (then, expected) in [
        (Then::Close, "the origin failed"),
        (Then::Reset, "the origin failed"),
        (Then::Hang, "the origin sent nothing"),
    ] {
        let server = Server::start(always(part, then)).await;
        let origins = Origins::new(&config(server.address, json!({ "idle_timeout_ms": 200 })));
        let answer = send(&origins, &get("/")).await.unwrap();
        assert_eq!(answer.length, Some(10));
        let error = whole(answer).await.expect_err("half a body").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
