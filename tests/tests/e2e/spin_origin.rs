//! Components of a Spin app as origins behind the whole gate.

use lockgate_tests::{Request, Setup, h2c};

const APP: &str = r#"
[[trigger.http]]
route = { private = true }
component = "three"
[component.three]
source = "{p3}"
[component.three.tool.lockgate]
timeout_ms = 1000
"#;

const GATE: &str = r#"
[origins.three]
url = "http://three.spin.internal"
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/{*rest}"
origin = "three"
[[sites.shop.routes]]
path = "/closed"
respond = { status = 403, body = "closed" }
"#;

#[test]
fn a_component_answers_behind_the_gate() {
    let Some(world) = Setup::new(GATE).app(APP).start() else {
        return;
    };
    let answer = world.get("/hello");
    assert_eq!(answer.assert_status(200).text(), "hello from WASI 0.3");
    let record = world.record(&answer);
    assert_eq!(record["stage"], "origin", "{record}");
    assert_eq!(record["origin"], "three", "{record}");
    world.get("/closed").assert_status(403);
    let request = Request::get("/headers?x=1")
        .header("spin-client-addr", "6.6.6.6:6")
        .header("x-real-ip", "6.6.6.6");
    let text = world.send(&request).assert_status(200).text();
    assert!(
        text.contains("spin-full-url: http://shop.test/headers?x=1"),
        "{text}"
    );
    assert!(text.contains("x-request-id: "), "{text}");
    assert!(!text.contains("6.6.6.6"), "{text}");
    let body = "x".repeat(100_000);
    let echoed = world.send(&Request::post("/echo", body.clone()));
    assert_eq!(echoed.assert_status(200).text(), body);
}

#[test]
fn a_component_that_fails_is_a_500_and_others_are_served() {
    let Some(world) = Setup::new(GATE).app(APP).start() else {
        return;
    };
    for (path, status, code) in [
        ("/trap", 500, "component_failed"),
        ("/sleep?5000", 504, "component_timeout"),
    ] {
        let answer = world.get(path);
        answer.assert_problem(status, code);
        let record = world.record(&answer);
        assert!(record["cause"].is_string(), "{record}");
    }
    let requests = (0..10)
        .map(|_| h2c::get("http", "shop.test", "/hello"))
        .collect();
    for answer in world.h2().call_all(requests) {
        answer.assert_status(200);
    }
}

#[test]
fn an_origin_without_its_component_is_refused() {
    let Some(world) = Setup::new(GATE).app(APP).start() else {
        return;
    };
    let store = world.dir().join("store").to_string_lossy().into_owned();
    let components = world.components().to_string_lossy().into_owned();
    let run = world.lockgate(&[
        "run",
        "--config",
        "gateway.toml",
        "--components",
        &components,
        "--store",
        &store,
    ]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("there is no app"), "{said}");
}
