//! Connections: kept, replaced, never used twice for what was sent.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lockgate_host::origin::Origins;
use serde_json::json;

use crate::server::{OK, Server, Then, always, config, get, send, whole};

#[tokio::test]
async fn a_connection_is_used_again_even_after_a_reload() {
    let server = Server::start(always(OK, Then::Keep)).await;
    let config = config(server.address, json!({}));
    let mut origins = Origins::new(&config);
    for _ in 0..3 {
        let answer = send(&origins, &get("/a?b=c")).await.unwrap();
        assert_eq!((answer.status, answer.length), (200, Some(2)));
        assert_eq!(whole(answer).await.unwrap(), "ok");
        // The connection goes back to the pool when its task has seen the end of the body.
        tokio::time::sleep(Duration::from_millis(10)).await;
        origins = origins.updated(&config);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    assert!(
        server
            .heads()
            .iter()
            .all(|head| head.starts_with("GET /a?b=c HTTP/1.1\r\n"))
    );
}

#[tokio::test]
async fn a_changed_origin_gets_other_connections() {
    let server = Server::start(always(OK, Then::Keep)).await;
    let origins = Origins::new(&config(server.address, json!({})));
    whole(send(&origins, &get("/")).await.unwrap())
        .await
        .unwrap();
    let origins = origins.updated(&config(server.address, json!({ "preserve_host": false })));
    whole(send(&origins, &get("/")).await.unwrap())
        .await
        .unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
    let own = format!("host: {}\r\n", server.address);
    assert!(server.heads()[0].contains("host: shop.test\r\n"));
    assert!(server.heads()[1].contains(&own));
    assert!(origins.updated(&BTreeMap::new()).get("shop").is_none());
}

#[tokio::test]
async fn a_kept_connection_that_closed_is_replaced() {
    let server = Server::start(always(OK, Then::Close)).await;
    let origins = Origins::new(&config(server.address, json!({})));
    for _ in 0..3 {
        whole(send(&origins, &get("/")).await.unwrap())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again() {
    // The second request is read, and answered by the end of the connection.
    let server = Server::start(|number| match number {
        0 => (OK.into(), Then::Keep),
        _ => (Vec::new(), Then::Close),
    })
    .await;
    let origins = Origins::new(&config(server.address, json!({})));
    whole(send(&origins, &get("/")).await.unwrap())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let error = send(&origins, &get("/")).await.expect_err("no answer");
    assert_eq!((error.status(), error.code()), (502, "origin_reset"));
    assert_eq!(server.heads().len(), 2);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}
