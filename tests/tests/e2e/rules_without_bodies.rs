//! Requests with a body that end behind the rules and before their body is read: the rules behind the first
//! one that waits for the body have their say all the same.

use std::sync::Arc;

use lockgate_tests::{Request, Response, Setup, Shared, World, tokens};
use serde_json::{Value, json};

const CONFIG: &str = r#"
[server]
body_bytes_max = 100_000
body_timeout_ms = 1000
[secrets.key]
env = "TOKEN_KEY"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"
[rate_limits.one]
key = ["token"]
windows = [{ requests = 1, per_s = 86400 }]

[sites.shop]
hosts = ["shop.test"]
rules = ["rules/mixed.toml"]
[[sites.shop.routes]]
path = "/reviews"
methods = ["POST"]
origin = "shop"
body_bytes_max = 100
[[sites.shop.routes]]
path = "/limited"
origin = "shop"
sign_in = "customers"
rate_limits = ["one"]
"#;

const RULES: &str = r#"
[[rules]]
name = "early"
priority = 10
action = "count"
when = 'header:x-early == "1"'

[[rules]]
name = "evil"
priority = 20
action = "block"
labels = ["body:evil"]
when = 'body contains "evil"'

[[rules]]
name = "not-evil"
priority = 25
action = "block"
when = 'header:x-label == "1" and not label "body:evil"'

[[rules]]
name = "noted"
priority = 30
action = "count"
when = 'header:x-note == "1"'

[[rules]]
name = "refused"
priority = 40
action = "block"
status = 451
when = 'header:x-refuse == "1"'
"#;

fn world() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    GATE.get(|| {
        Setup::new(CONFIG)
            .env("TOKEN_KEY", tokens::SECRET)
            .file("rules/mixed.toml", RULES)
            .start()
    })
}

fn post(target: &str, body: &str) -> Request {
    Request::post(target, body)
        .host("shop.test")
        .agent("Mozilla/5.0")
        .header("Content-Type", "text/plain")
}

/// Status, rule and counted rules of the record.
fn said(world: &World, answer: &Response) -> (u16, Value, Value) {
    let record = world.record(answer);
    (
        answer.status,
        record["rule"].clone(),
        record["counted"].clone(),
    )
}

/// Each way in which a request ends before its body is read: how it is made, and its answer.
fn ends() -> Vec<(Request, u16)> {
    vec![
        (post("/nothing-here", "evil words"), 404),
        (post("/limited", "evil words"), 401),
        (post("/limited", "evil words").token("no.such.token"), 401),
        // Longer than the route takes.
        (post("/reviews", &"evil".repeat(100)), 413),
    ]
}

#[test]
fn rules_behind_one_that_waits_count_what_ends_before_its_body_is_read() {
    let Some(world) = world() else { return };
    for (request, status) in ends() {
        let plain = world.send(&request);
        assert_eq!(said(&world, &plain), (status, Value::Null, Value::Null));
        let noted = request.header("X-Early", "1").header("X-Note", "1");
        let answer = world.send(&noted);
        let counted = json!(["early", "noted"]);
        assert_eq!(said(&world, &answer), (status, Value::Null, counted));
    }
}

#[test]
fn rules_behind_one_that_waits_block_what_ends_before_its_body_is_read() {
    let Some(world) = world() else { return };
    for (request, _) in ends() {
        let refused = request.header("X-Note", "1").header("X-Refuse", "1");
        let answer = world.send(&refused);
        answer.assert_problem(451, "blocked");
        assert_eq!(
            said(&world, &answer),
            (451, "refused".into(), json!(["noted"]))
        );
        assert_eq!(world.record(&answer)["stage"], "firewall");
    }
}

#[test]
fn what_hangs_on_a_label_of_the_body_is_left_open() {
    let Some(world) = world() else { return };
    for (request, status) in ends() {
        let answer = world.send(&request.header("X-Label", "1"));
        assert_eq!(said(&world, &answer).0, status);
    }
    // Where the body is read it is known.
    let label = post("/reviews", "kind words").header("X-Label", "1");
    let answer = world.send(&label);
    assert_eq!(said(&world, &answer).1, "not-evil");
}

#[test]
fn a_limit_that_is_over_hides_nobody_from_the_rules() {
    let Some(world) = world() else { return };
    let token = tokens::good("limited", "");
    let limited = || post("/limited", "kind words").token(&token);
    let first = world.send(&limited()).status;
    assert!(first != 429 && first != 401, "{first}");
    let answer = world.send(&limited().header("X-Note", "1"));
    assert_eq!(said(&world, &answer), (429, Value::Null, json!(["noted"])));
    assert!(answer.header("ratelimit").is_some());
    let answer = world.send(&limited().header("X-Refuse", "1"));
    answer.assert_problem(451, "blocked");
    assert_eq!(said(&world, &answer), (451, "refused".into(), Value::Null));
    assert_eq!(answer.header("ratelimit"), None);
}

#[test]
fn with_its_body_read_the_order_is_the_same() {
    let Some(world) = world() else { return };
    let both = post("/reviews", "evil words").header("X-Refuse", "1");
    let answer = world.send(&both);
    answer.assert_problem(403, "blocked");
    assert_eq!(said(&world, &answer).1, "evil");
    let refused = post("/reviews", "kind words").header("X-Refuse", "1");
    let answer = world.send(&refused);
    assert_eq!(said(&world, &answer).1, "refused");
}
