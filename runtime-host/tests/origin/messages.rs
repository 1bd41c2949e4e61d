//! What passes in a message, and what does not.

use std::sync::atomic::Ordering;

use http_body_util::BodyExt as _;
use lockgate_host::http::RequestBody;
use lockgate_host::origin::{Forward, Origins};
use serde_json::json;

use crate::server::{OK, Server, Then, always, config, forward, get, head, send, whole};

#[tokio::test]
async fn all_framings_of_a_body_are_read() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
                   2\r\nok\r\n0\r\nX-Sum: 7\r\nConnection: close\r\n\r\n";
    let closing = "HTTP/1.1 200 OK\r\n\r\nok";
    let both = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n\
                2\r\nok\r\n0\r\n\r\n";
    for (bytes, then) in [
        (chunked, Then::Keep),
        (closing, Then::Close),
        (both, Then::Keep),
    ] {
        let server = Server::start(always(bytes, then)).await;
        let origins = Origins::new(&config(server.address, json!({})));
        let answer = send(&origins, &get("/")).await.unwrap();
        assert_eq!(answer.length, None, "{bytes:?}");
        for name in ["content-length", "transfer-encoding"] {
            assert!(!answer.headers.contains_key(name), "{bytes:?}");
        }
        let body = answer.body.collect().await.unwrap();
        if bytes == chunked {
            let trailers = body.trailers().expect("trailers");
            assert_eq!(
                (trailers.len(), &trailers["x-sum"]),
                (1, &"7".parse().unwrap())
            );
        }
        assert_eq!(body.to_bytes(), "ok");
    }
}

#[tokio::test]
async fn head_and_304_announce_a_body_that_does_not_come() {
    let server = Server::start(|number| match number {
        0 => (
            "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n".into(),
            Then::Keep,
        ),
        _ => (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n".into(),
            Then::Keep,
        ),
    })
    .await;
    let origins = Origins::new(&config(server.address, json!({})));
    let answer = send(&origins, &head("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"))
        .await
        .unwrap();
    assert_eq!(answer.length, Some(1234));
    assert!(whole(answer).await.unwrap().is_empty());
    let answer = send(&origins, &get("/")).await.unwrap();
    assert_eq!((answer.status, answer.length), (304, Some(99)));
    assert!(whole(answer).await.unwrap().is_empty());
}

#[tokio::test]
async fn fields_of_one_hop_stay_there() {
    let server = Server::start(always(
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
         Proxy-Authenticate: Basic\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n",
        Then::Keep,
    ))
    .await;
    let origins = Origins::new(&config(server.address, json!({})));
    let head = head(
        "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: X-Private, close\r\nX-Private: 1\r\n\
         Keep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authorization: Basic eDp5\r\nProxy: evil\r\n\
         TE: gzip, trailers\r\nUpgrade: websocket\r\nExpect: 100-continue\r\n\
         Content-Length: 0\r\nCookie: a=1\r\nCookie: b=2\r\nX-Public: 1\r\nX-Public: 2\r\n\
         Via: 1.1 cdn\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n",
    );
    let answer = send(&origins, &head).await.unwrap();
    let names: Vec<_> = answer
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    assert_eq!(names, ["set-cookie"]);
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    for name in [
        "x-private",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "proxy",
        "upgrade",
        "expect",
        "content-length",
        "transfer-encoding",
    ] {
        assert_eq!(server.received(name), [""; 0], "{name}");
    }
    assert_eq!(server.received("connection"), ["te"]);
    assert_eq!(server.received("te"), ["trailers"]);
    assert_eq!(server.received("cookie"), ["a=1; b=2"]);
    assert_eq!(server.received("x-public"), ["1", "2"]);
    assert_eq!(server.received("via"), ["1.1 cdn, 1.1 lockgate"]);
    assert_eq!(
        server.received("traceparent"),
        ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]
    );
}

const FORGED: &str = "GET / HTTP/1.1\r\nHost: Shop.test:8443\r\nX-Forwarded-For: 203.0.113.7\r\n\
    X-Forwarded-For: 203.0.113.8\r\nForwarded: for=203.0.113.7\r\nX-Forwarded-Proto: http\r\n\
    X-Forwarded-Host: evil.test\r\nX-Forwarded-Prefix: /evil\r\nX-Real-IP: 203.0.113.7\r\n\
    X_Forwarded_For: 203.0.113.7\r\nX-Request-Id: forged\r\nX-Customer: root\r\n\
    X_Customer: root\r\nX-Tier: gold\r\nX_Tier: gold\r\nX_Color: red\r\n\r\n";

#[tokio::test]
async fn a_client_does_not_say_who_it_is() {
    let server = Server::start(always(OK, Then::Keep)).await;
    let origins = Origins::new(&config(server.address, json!({})));
    let head = head(FORGED);
    let set: [(&[u8], &[u8]); 3] = [
        (b"x-customer", b"alice"),
        (b"X-Tier", b"basic"),
        (b"Content-Length", b"7"),
    ];
    let forward = Forward {
        set_headers: &set,
        ..forward(&head)
    };
    let origin = origins.get("shop").unwrap();
    origin.send(forward, RequestBody::Empty).await.unwrap();
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.1"),
        (
            "forwarded",
            "for=192.0.2.1;host=\"shop.test:8443\";proto=https",
        ),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.test:8443"),
        ("host", "shop.test:8443"),
        ("x-request-id", "id-0001"),
        ("x-customer", "alice"),
        ("x-tier", "basic"),
        ("x_color", "red"),
        ("via", "1.1 lockgate"),
    ] {
        assert_eq!(server.received(name), [value], "{name}");
    }
    for name in [
        "x-real-ip",
        "x-forwarded-prefix",
        "x_forwarded_for",
        "x_customer",
        "x_tier",
        "content-length",
    ] {
        assert_eq!(server.received(name), [""; 0], "{name}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_is_added_to() {
    let server = Server::start(always(OK, Then::Keep)).await;
    let origins = Origins::new(&config(server.address, json!({})));
    let head = head(FORGED);
    let peer = "2001:db8::1".parse().unwrap();
    let forward = Forward {
        trusted_peer: true,
        peer,
        ..forward(&head)
    };
    let origin = origins.get("shop").unwrap();
    origin.send(forward, RequestBody::Empty).await.unwrap();
    let element = "for=203.0.113.7, for=\"[2001:db8::1]\";host=\"shop.test:8443\";proto=https";
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.7, 203.0.113.8, 2001:db8::1"),
        ("forwarded", element),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "evil.test"),
        ("x-real-ip", "203.0.113.7"),
        ("x-request-id", "id-0001"),
    ] {
        assert_eq!(server.received(name), [value], "{name}");
    }
    // Neither is a proxy's to say, nor is a name that only looks like its own.
    for name in ["x-customer", "x_customer", "x_forwarded_for"] {
        assert_eq!(server.received(name), [""; 0], "{name}");
    }
}

#[tokio::test]
async fn the_source_of_a_picture_is_asked_for_whole() {
    let head = head(
        "GET / HTTP/1.1\r\nHost: shop.test\r\nRange: bytes=9-\r\nIf-Range: \"e\"\r\n\
         If-None-Match: \"e\"\r\nIf-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n\
         Accept-Encoding: gzip\r\nAccept: image/avif\r\nAccept_Encoding: br\r\nX-Color: red\r\n\r\n",
    );
    let server = Server::start(always(OK, Then::Keep)).await;
    let origins = Origins::new(&config(server.address, json!({})));
    let forward = Forward {
        picture: true,
        ..forward(&head)
    };
    let origin = origins.get("shop").unwrap();
    origin.send(forward, RequestBody::Empty).await.unwrap();
    for name in [
        "range",
        "if-range",
        "if-none-match",
        "if-modified-since",
        "accept_encoding",
    ] {
        assert_eq!(server.received(name), [""; 0], "{name}");
    }
    let accept = "image/jpeg, image/png, image/webp, */*;q=0.1";
    for (name, value) in [
        ("accept", accept),
        ("accept-encoding", "identity"),
        ("x-color", "red"),
    ] {
        assert_eq!(server.received(name), [value], "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_forwarded_is_refused() {
    let server = Server::start(always(OK, Then::Keep)).await;
    let origins = Origins::new(&config(server.address, json!({})));
    let origin = origins.get("shop").unwrap();
    let head = get("/");
    for (method, target) in [
        (&b"GET"[..], &b"/a b"[..]),
        (b"GET", b"/a#b"),
        (b"GET", b"a"),
        (b"GET", b""),
        (b"GET", b"http://evil.test/"),
        (b"GET", b"/a\r\nX: y"),
        (b"GE T", b"/"),
        (b"CONNECT", b"/"),
    ] {
        let forward = Forward {
            method,
            target,
            ..forward(&head)
        };
        let error = origin
            .send(forward, RequestBody::Empty)
            .await
            .expect_err("refused");
        assert_eq!(
            (error.status(), error.code()),
            (400, "request_not_forwardable")
        );
    }
    let set: [(&[u8], &[u8]); 1] = [(b"x-a", b"b\r\nx-c: d")];
    let forward = Forward {
        set_headers: &set,
        ..forward(&head)
    };
    assert!(origin.send(forward, RequestBody::Empty).await.is_err());
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn odd_but_valid_requests_pass() {
    let server = Server::start(always(OK, Then::Keep)).await;
    let origins = Origins::new(&config(server.address, json!({})));
    let origin = origins.get("shop").unwrap();
    let head = get("/");
    for (method, target) in [
        (&b"OPTIONS"[..], &b"*"[..]),
        (b"PURGE", b"//x/%00?q=%3Cscript%3E"),
        (b"POST", b"/"),
    ] {
        let forward = Forward {
            method,
            target,
            ..forward(&head)
        };
        whole(origin.send(forward, RequestBody::Empty).await.unwrap())
            .await
            .unwrap();
    }
    let heads = server.heads();
    assert!(heads[0].starts_with("OPTIONS * HTTP/1.1\r\n"), "{heads:?}");
    assert!(
        heads[1].starts_with("PURGE //x/%00?q=%3Cscript%3E HTTP/1.1\r\n"),
        "{heads:?}"
    );
    assert!(heads[2].contains("content-length: 0\r\n"), "{heads:?}");
}
