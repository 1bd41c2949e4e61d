//! Origins that are down, slow, broken or talking nonsense.

use lockgate_tests::origin::NobodyThere;
use lockgate_tests::{Request, Setup, World};

fn world(nobody: &NobodyThere) -> Option<World> {
    let config = format!(
        r#"
[origins.down]
url = "http://{}"
[origins.slow]
url = "http://{{shop}}"
first_byte_timeout_ms = 300
idle_timeout_ms = 1000
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/down"
origin = "down"
[[sites.shop.routes]]
path = "/slow/{{*rest}}"
origin = "slow"
strip_prefix = "/slow"
[[sites.shop.routes]]
path = "/shop/{{*rest}}"
origin = "shop"
strip_prefix = "/shop"
[[sites.shop.routes]]
path = "/faults/{{*rest}}"
origin = "faults"
strip_prefix = "/faults"
cache = {{ audience = "shared", default_ttl_s = 60 }}
"#,
        nobody.address
    );
    Setup::new(&config).start()
}

#[test]
fn every_fault_of_an_origin_has_its_answer_and_its_cause() {
    let nobody = NobodyThere::new();
    let Some(world) = world(&nobody) else { return };
    let cases: &[(&str, u16)] = &[
        ("/down", 502),
        ("/slow/_test/slow?ms=5000", 504),
        ("/faults/hang", 504),
        ("/faults/garbage", 502),
        ("/faults/close", 502),
        ("/faults/reset-head", 502),
        ("/faults/huge-header", 502),
        ("/faults/many-headers", 502),
        ("/faults/two-lengths", 502),
    ];
    for (target, status) in cases {
        let answer = world.get(target);
        assert_eq!(answer.status, *status, "{target}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{target}"
        );
        assert_eq!(answer.json()["request_id"], answer.id(), "{target}");
        let text = answer.text();
        for internal in ["127.0.0.1", "refused", "hyper", "os error", "connection"] {
            assert!(
                !text.contains(internal),
                "{target} tells of {internal}: {text}"
            );
        }
        let record = world.record(&answer);
        assert_eq!(record["stage"], "origin", "{target}: {record}");
        assert!(
            record["cause"].as_str().is_some_and(|c| !c.is_empty()),
            "{target}: {record}"
        );
        assert!(
            record["code"].is_string() && record["origin"].is_string(),
            "{target}: {record}"
        );
    }
    // And the others go on.
    world.get("/shop/products/1").assert_status(200);
}

#[test]
fn a_body_that_breaks_off_is_cut_for_the_client_too() {
    let nobody = NobodyThere::new();
    let Some(world) = world(&nobody) else { return };
    let cases = [
        "/faults/reset",
        "/faults/bad-chunk",
        "/shop/_test/truncate?promise=9000&send=3000",
    ];
    for target in cases {
        let answer = world.get(target);
        if answer.status == 502 {
            // It broke before the head had left.
            continue;
        }
        assert!(answer.status == 200 && answer.cut, "{target}: {answer:?}");
        let record = world.record(&answer);
        assert!(
            record["cause"].as_str().is_some_and(|c| !c.is_empty()),
            "{target}: {record}"
        );
        assert!(
            !world.get(target).is_hit(),
            "{target}: half an answer was stored"
        );
    }
    // A pause in the body longer than the limit.
    let answer = world.get("/slow/_test/bytes/100?chunk=10&delay_ms=200");
    assert_eq!(answer.assert_status(200).body.len(), 100);
    let stalled = world.get("/slow/_test/bytes/100?chunk=50&delay_ms=2000&chunked=1");
    assert!(stalled.status == 504 || stalled.cut, "{stalled:?}");
}

#[test]
fn an_early_answer_to_a_long_body_arrives() {
    let nobody = NobodyThere::new();
    let Some(world) = world(&nobody) else { return };
    let answer = world.send(&Request::post("/faults/early", vec![b'x'; 2_000_000]));
    assert!([413, 502].contains(&answer.status), "{answer:?}");
    assert!(!world.record(&answer)["status"].is_null());
}

#[test]
fn pooled_connections_that_the_origin_has_closed_are_not_a_fault() {
    let nobody = NobodyThere::new();
    let Some(world) = world(&nobody) else { return };
    // The fault listener closes after each answer, with `Connection: close` or without a word.
    for _ in 0..20 {
        let answer = world.get("/faults/anything?nocache");
        answer.assert_status(200);
    }
}

#[test]
fn both_framings_from_an_origin_never_reach_the_client() {
    let nobody = NobodyThere::new();
    let Some(world) = world(&nobody) else { return };
    let answer = world.get("/faults/length-and-chunked");
    // Chunked wins (RFC 9112, section 6.3) or it is refused; never both framings, never a wrong body.
    match answer.status {
        200 => assert_eq!(answer.text(), "ok", "{answer:?}"),
        status => assert_eq!(status, 502, "{answer:?}"),
    }
}
