//! Requests to Spin apps: routes, both interfaces, Spin's header fields, chaining.

use lockgate_tests::app::App;
use lockgate_tests::{AppSetup, Request, h2c};

const MANIFEST: &str = r#"
[[trigger.http]]
route = "/..."
component = "three"
[[trigger.http]]
route = "/p2/..."
component = "two"
[[trigger.http]]
route = "/user/:id/..."
component = "three"
[[trigger.http]]
route = "/teapot"
static_response = { status_code = 418, headers = { "x-kind" = "pot" }, body = "short and stout" }
[[trigger.http]]
route = { private = true }
component = "hidden"

[component.three]
source = "{p3}"
allowed_outbound_hosts = ["http://*.spin.internal", "http://self"]
[component.two]
source = "{p2}"
[component.hidden]
source = "{p3}"
environment = { NAME = "hidden" }
"#;

fn app() -> Option<App> {
    AppSetup::new(MANIFEST).start()
}

#[test]
fn both_interfaces_answer_and_the_record_names_the_component() {
    let Some(app) = app() else { return };
    let three = app.get("/hello");
    assert_eq!(three.assert_status(200).text(), "hello from WASI 0.3");
    let two = app.get("/p2/x?y=1");
    assert_eq!(
        two.assert_status(200).text(),
        "hello from WASI 0.2 at /p2/x?y=1"
    );
    for (answer, component, route) in [(&three, "three", "/..."), (&two, "two", "/p2/...")] {
        let record = app.record(answer);
        assert_eq!(record["stage"], "component", "{record}");
        assert_eq!(record["origin"], component, "{record}");
        assert_eq!(record["route"], route, "{record}");
        assert_eq!(record["site"], "app", "{record}");
        assert_eq!(record["bytes_out"], answer.body.len(), "{record}");
    }
}

#[test]
fn bodies_go_both_ways_over_both_versions_of_http() {
    let Some(app) = app() else { return };
    let text = "0123456789".repeat(20_000);
    let mut client = app.connect();
    for path in ["/echo", "/p2/echo"] {
        let answer = client.call(&Request::post(path, text.clone()));
        assert_eq!(answer.assert_status(200).text().len(), text.len(), "{path}");
    }
    let mut h2 = app.h2();
    let answers = h2.call_all(vec![
        h2c::get("http", "shop.test", "/hello"),
        h2c::get("http", "shop.test", "/p2/served"),
        h2c::get("http", "shop.test", "/headers"),
    ]);
    for answer in &answers {
        answer.assert_status(200);
    }
    let seen = answers[2].text();
    assert!(seen.contains("GET http://shop.test/headers"), "{seen}");
}

#[test]
fn the_manifest_answers_itself() {
    let Some(app) = app() else { return };
    let answer = app.get("/teapot");
    assert_eq!(answer.assert_status(418).text(), "short and stout");
    assert_eq!(answer.header("x-kind"), Some("pot"));
    assert_eq!(app.text("/.well-known/spin/health"), "OK");
    app.get("/.well-known/spin/none")
        .assert_problem(404, "no_route");
}

#[test]
fn spins_fields_are_set_and_a_clients_copies_are_not_believed() {
    let Some(app) = app() else { return };
    let request = Request::get("/user/7/cart/headers?x=1")
        .header("spin-client-addr", "6.6.6.6:6")
        .header("spin-path-match-other", "6");
    let text = app.send(&request).assert_status(200).text();
    for line in [
        "GET http://shop.test/user/7/cart/headers?x=1",
        "spin-base-path: /",
        "spin-component-route: /user/:id",
        "spin-full-url: http://shop.test/user/7/cart/headers?x=1",
        "spin-matched-route: /user/:id/...",
        "spin-path-info: /cart/headers",
        "spin-path-match-id: 7",
        "spin-raw-component-route: /user/:id/...",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("spin-client-addr: 127.0.0.1:"), "{text}");
    assert!(
        !text.contains("6.6.6.6") && !text.contains("path-match-other"),
        "{text}"
    );
}

#[test]
fn fields_that_connection_names_end_at_the_gate() {
    let Some(app) = app() else { return };
    let request = Request::get("/headers")
        .header("connection", "keep-alive, X-Hop, upgrade")
        .header("x-hop", "1")
        .header("keep-alive", "timeout=5")
        .header("x-end", "2");
    let text = app.send(&request).assert_status(200).text();
    assert!(text.contains("x-end: 2"), "{text}");
    for gone in ["x-hop", "keep-alive", "connection"] {
        assert!(!text.contains(gone), "{gone} is in\n{text}");
    }
}

#[test]
fn components_ask_each_other_and_nobody_else_reaches_a_private_one() {
    let Some(app) = app() else { return };
    let chained = app.text("/fetch?http://hidden.spin.internal/env?NAME");
    assert_eq!(chained, "200 OK hidden");
    let chained = app.text("/fetch?http://hidden.spin.internal/headers");
    assert!(chained.contains("spin-client-addr: 0.0.0.0:0"), "{chained}");
    let two = app.text("/fetch?http://two.spin.internal/p2/x");
    assert_eq!(two, "200 OK hello from WASI 0.2 at /p2/x");
    let none = app.get("/fetch?http://none.spin.internal/");
    assert!(
        none.assert_status(418)
            .text()
            .contains("DestinationNotFound"),
        "{none:?}"
    );
}

#[test]
fn one_instance_of_wasi_0_3_serves_many_requests_and_one_of_0_2_a_single_one() {
    let Some(app) = app() else { return };
    let mut client = app.connect();
    let mut served = |path: &str| {
        let answer = client.call(&Request::get(path));
        answer
            .assert_status(200)
            .text()
            .parse::<u64>()
            .expect("a number")
    };
    let most = (0..50).map(|_| served("/served")).max();
    assert!(
        most >= Some(10),
        "no instance served more than {most:?} of 50"
    );
    let two: Vec<u64> = (0..3).map(|_| served("/p2/served")).collect();
    assert_eq!(two, [1, 1, 1]);
}

#[test]
fn middleware_stands_in_front_and_shares_nothing_with_what_is_behind() {
    let manifest = r#"
        [[trigger.http]]
        route = "/..."
        component = "last"
        dependencies.middleware = [{ component = "outer" }, { component = "inner" }]
        [component.outer]
        source = "{p3}"
        environment = { MIDDLEWARE = "outer" }
        [component.inner]
        source = "{p3}"
        environment = { MIDDLEWARE = "inner", SECRET = "s3" }
        [component.last]
        source = "{p3}"
        environment = { OWN = "mine" }
    "#;
    let Some(app) = AppSetup::new(manifest).start() else {
        return;
    };
    assert_eq!(app.text("/hello"), "outer(inner(hello from WASI 0.3))");
    assert_eq!(app.text("/env?OWN"), "outer(inner(mine))");
    let secret = app.text("/env?SECRET");
    assert!(
        secret.contains("environment variable not found"),
        "{secret}"
    );
    let echoed = app.send(&Request::post("/echo", "x".repeat(50_000)));
    assert_eq!(
        echoed.assert_status(200).text().len(),
        50_000 + "outer(inner())".len()
    );
}
