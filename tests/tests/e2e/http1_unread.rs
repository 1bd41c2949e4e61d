//! Requests that are answered before their body was read: the connection goes on, or says that
//! it does not.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup};

/// A path that the policy refuses.
const REFUSED: &str = "/%2e%2e/x";

#[test]
fn a_small_body_that_has_come_does_not_cost_the_connection() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let mut client = world.connect();
    let chunked = format!(
        "POST {REFUSED} HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"
    );
    for bytes in [
        Request::post(REFUSED, "not wanted").to_bytes(),
        chunked.into_bytes(),
    ] {
        client.send(&bytes);
        let refused = client.read("POST");
        assert_eq!(refused.assert_status(400).header("connection"), None);
        // What follows is a request, not the rest of the body.
        let next = client.call(&Request::get("/products/1"));
        assert_eq!(next.assert_status(200).json()["id"], 1);
    }
}

#[test]
fn who_has_not_sent_its_body_is_told_that_the_connection_ends() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    for (fields, sent) in [
        ("Content-Length: 100000", "a part"),
        ("Content-Length: 5", ""),
        ("Content-Length: 5\r\nExpect: 100-continue", ""),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n"),
        // A body whose end cannot be found.
        ("Transfer-Encoding: chunked", "zz\r\nhello\r\n0\r\n\r\n"),
    ] {
        let mut client = world.connect();
        let head = format!("POST {REFUSED} HTTP/1.1\r\nHost: shop.test\r\n{fields}\r\n\r\n{sent}");
        client.send(head.as_bytes());
        let refused = client.read("POST");
        assert_eq!(
            refused.assert_status(400).header("connection"),
            Some("close"),
            "{fields} {sent}"
        );
        assert!(refused.interim.is_empty(), "{fields}");
        assert!(client.is_closed(), "{fields} {sent}");
    }
}
