//! The Core Rule Set over real requests: attacks wherever they stand, customers, hostile bodies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_tests::crs::{self, POLICY, rule_file, site};
use lockgate_tests::{Request, Response, Setup, Shared, World};
use serde_json::Value;

/// An SQL injection that is always true, and the same percent-encoded.
const INJECTION: &str = "1' OR '1'='1";
const ENCODED: &str = "1%27%20OR%20%271%27%3D%271";

const FORM: &str = "application/x-www-form-urlencoded";

/// Longest time to an answer, the waiting for other tests' requests included.
const BOUND: Duration = Duration::from_secs(20);

/// `shop.test` behind the rules, `open.test` without.
fn world() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    let folder = crs::folder()?;
    GATE.get(|| {
        let shop = site("shop", "shop", Some("rules/crs.toml"));
        let open = site("open", "shop", None);
        let setup = Setup::new(&[POLICY, &shop, &open].concat());
        let rules = rule_file(&folder, "body_bytes_max = 1048576");
        crs::start(setup.file("rules/crs.toml", &rules))
    })
}

/// As a browser sends it.
fn browser(request: Request) -> Request {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    request.agent(agent).header("Accept", "*/*")
}

fn post(target: &str, kind: &str, body: impl Into<Vec<u8>>) -> Request {
    browser(Request::post(target, body)).header("Content-Type", kind)
}

/// The ids that an inspection found.
fn rules(record: &Value) -> Vec<u64> {
    let rules = record["inspection"]["rules"].as_array();
    let rules = rules.unwrap_or_else(|| panic!("no inspection in {record}"));
    rules.iter().filter_map(Value::as_u64).collect()
}

#[track_caller]
fn assert_blocked(world: &World, answer: &Response, rule: u64) {
    answer.assert_problem(403, "blocked");
    let record = world.record(answer);
    let rules = rules(&record);
    assert!(rules.contains(&rule), "no {rule} in {record}");
    assert!(rules.contains(&949_110), "no decision in {record}");
    assert_eq!(record["stage"], "firewall", "{record}");
    assert!(
        record["inspection"]["inbound_score"].as_u64() >= Some(5),
        "{record}"
    );
    // What was sent stays out of the record but for the path.
    assert!(!record.to_string().contains(INJECTION), "{record}");
}

#[test]
fn an_injection_is_blocked_wherever_it_stands() {
    let Some(world) = world() else { return };
    let multipart = "--limit\r\nContent-Disposition: form-data; name=\"picture\"; \
                     filename=\"1;select sleep(5)=1.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nxyz\r\n--limit--\r\n";
    let field = format!(
        "--limit\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n{INJECTION}\r\n--limit--\r\n"
    );
    let json = format!("{{\"order\": {{\"notes\": [\"plain\", \"{INJECTION}\"]}}}}");
    let cases = [
        (
            "query",
            browser(Request::get(&format!("/products?q={ENCODED}"))),
            942_100,
        ),
        (
            "form",
            post("/_test/echo", FORM, format!("a=1&q={ENCODED}")),
            942_100,
        ),
        (
            "JSON",
            post("/_test/echo", "application/json", json),
            942_100,
        ),
        (
            "cookie",
            browser(Request::get("/products/1")).header("Cookie", &format!("a=1; b={INJECTION}")),
            942_100,
        ),
        (
            "multipart field",
            post("/_test/echo", "multipart/form-data; boundary=limit", field),
            942_100,
        ),
        (
            "multipart file name",
            post(
                "/_test/echo",
                "multipart/form-data; boundary=limit",
                multipart,
            ),
            920_120,
        ),
        (
            "type of body",
            post("/_test/echo", "text/plain", "hello"),
            920_420,
        ),
        (
            "method",
            browser(Request::new("PUT", "/products/1")),
            911_100,
        ),
        (
            "path of a file",
            browser(Request::get("/products?file=../../../../etc/passwd")),
            930_120,
        ),
    ];
    for (place, request, rule) in cases {
        let answer = world.send(&request);
        println!("{place}: {}", answer.status);
        assert_blocked(&world, &answer, rule);
    }
    assert_eq!(world.shop.requests("PUT", "/products/1"), 0);
}

#[test]
fn over_http_2_too() {
    let Some(world) = world() else { return };
    let mut client = world.h2();
    let request = |body_type: &str| {
        http::Request::post("http://shop.test/_test/echo")
            .header("user-agent", "Mozilla/5.0")
            .header("accept", "*/*")
            .header("content-type", body_type)
            .body(())
            .expect("a request")
    };
    let attack = client.call(request(FORM), format!("q={ENCODED}"));
    assert_blocked(&world, &attack.expect("an answer"), 942_100);
    let body = format!("note={}", "two mugs please ".repeat(4000).replace(' ', "+"));
    let passes = client.call(request(FORM), body.clone()).expect("an answer");
    assert_eq!(passes.assert_status(200).text(), body);
}

#[test]
fn customers_pass() {
    let Some(world) = world() else { return };
    let cookies = "session=8f14e45fceea167a5a36dedd4bea2543; basket=3; seen=intro";
    let get = |target: &str| browser(Request::get(target)).header("Cookie", cookies);
    let order = r#"{"product_id": 1, "quantity": 2, "note": "for Anna, Bad Homburg"}"#;
    let upload = "--limit\r\nContent-Disposition: form-data; name=\"picture\"; \
                  filename=\"cat.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nxyz\r\n--limit--\r\n";
    let requests = [
        get("/"),
        get("/products"),
        get("/products/1"),
        get("/products?q=blue+mug&sort=price"),
        get("/inventory/1"),
        post(
            "/_test/echo",
            FORM,
            "name=Mia+M%C3%BCller&city=Bad+Homburg&note=Please+ring+twice",
        ),
        post("/_test/echo", "application/json", order),
        post("/_test/echo", "multipart/form-data; boundary=limit", upload),
    ];
    let mut client = world.connect();
    for request in &requests {
        let answer = client.call(request);
        answer.assert_status(200);
        let record = world.record(&answer);
        assert!(rules(&record).is_empty(), "{} {record}", request.target);
        assert_eq!(record["inspection"]["inbound_score"], 0, "{record}");
        assert!(record["inspection"]["us"].is_u64(), "{record}");
    }
}

#[test]
fn a_site_without_the_rules_is_not_inspected() {
    let Some(world) = world() else { return };
    let request = browser(Request::get(&format!("/products?q={ENCODED}")));
    let answer = world.send(&request.clone().host("open.test"));
    answer.assert_status(200);
    assert!(world.record(&answer)["inspection"].is_null());
    assert_blocked(&world, &world.send(&request), 942_100);
}

/// Whatever the rules say of it, the gate has answered in time and by one of its own codes.
#[track_caller]
fn assert_defined(name: &str, answer: &Response, took: Duration) {
    println!("{name}: {} after {took:?}", answer.status);
    assert!(took < BOUND, "{name} took {took:?}");
    assert!(!answer.cut, "{name}: {answer:?}");
    match answer.status {
        200 => {}
        400 | 403 => {
            answer.assert_problem(answer.status, "blocked");
        }
        // The target has a bound of its own, which may come first.
        414 => {
            answer.assert_problem(414, "target_too_long");
        }
        413 => {
            let code = answer.json()["code"].as_str().map(str::to_owned);
            let codes = ["blocked", "body_too_large"];
            assert!(
                code.as_deref().is_some_and(|code| codes.contains(&code)),
                "{name}: {answer:?}"
            );
        }
        // The call was stopped at its deadline: refused, and not waited for.
        500 => {
            answer.assert_problem(500, "policy_timeout");
        }
        503 => {
            answer.assert_problem(503, "inspection_timeout");
        }
        status => panic!("{name}: {status}: {answer:?}"),
    }
}

#[test]
fn what_is_built_to_explode_has_an_answer_in_time() {
    let Some(world) = world() else { return };
    let nested_json = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let keyed_json = format!("{}1{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
    let entities: String = (1..12)
        .map(|i| {
            let of = format!("&e{};", i - 1).repeat(10);
            format!("<!ENTITY e{i} \"{of}\">")
        })
        .collect();
    let laughs =
        format!("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY e0 \"ha\">{entities}]><a>&e11;</a>");
    let deep_xml = format!("{}x{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
    let many: String = (0..10_000).map(|i| format!("a{i}={i}&")).collect();
    let parts: String = (0..5_000)
        .map(|i| format!("--limit\r\nContent-Disposition: form-data; name=\"n{i}\"\r\n\r\nx\r\n"))
        .collect();
    let cases = [
        ("nested JSON", "application/json", nested_json),
        ("nested JSON objects", "application/json", keyed_json),
        ("XML entities", "application/xml", laughs),
        ("nested XML", "application/xml", deep_xml),
        ("10,000 arguments", FORM, many),
        (
            "5,000 parts",
            "multipart/form-data; boundary=limit",
            format!("{parts}--limit--\r\n"),
        ),
        ("1 MB of %25", FORM, format!("a={}", "%25".repeat(349_000))),
        (
            "a long run of a",
            FORM,
            format!("a={}!", "a".repeat(100_000)),
        ),
        ("open tags", FORM, format!("a={}", "<a ".repeat(30_000))),
        ("quotes", FORM, format!("a={}", "'\"`".repeat(30_000))),
        ("comments", FORM, format!("a={}", "/*/*--+".repeat(15_000))),
        ("brackets", FORM, format!("a={}", "((((".repeat(25_000))),
        ("selects", FORM, format!("a={}", "select+".repeat(15_000))),
        ("climbing", FORM, format!("a={}", "..%2f".repeat(20_000))),
        ("white space", FORM, format!("a=x{}=", "+".repeat(100_000))),
    ];
    for (name, kind, body) in cases {
        let request = post("/_test/echo", kind, body);
        let begun = Instant::now();
        let answer = world.send(&request);
        assert_defined(name, &answer, begun.elapsed());
        // Others are served as before.
        let next = world.send(&browser(Request::get("/products/1")));
        next.assert_status(200);
    }
    // The same in a head, as far as a head can be long.
    for query in ["a=%25", "a=1&", "<a ", "'\"`", "(((("] {
        let encoded = query
            .replace('<', "%3C")
            .replace(' ', "%20")
            .replace('"', "%22");
        let query = encoded.repeat(7_000 / encoded.len());
        let begun = Instant::now();
        let answer = world.send(&browser(Request::get(&format!("/_test/echo?{query}"))));
        assert_defined("a query", &answer, begun.elapsed());
    }
}
