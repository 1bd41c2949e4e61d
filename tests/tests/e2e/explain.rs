//! Why a request was refused, and what would let it through: the admin address and the command line.

use std::sync::Arc;

use lockgate_tests::client::Client;
use lockgate_tests::crs::{self, POLICY, rule_file, site};
use lockgate_tests::seen::Seen;
use lockgate_tests::{Request, Response, Setup, Shared, World};
use serde_json::Value;

/// A token, and the file that has it.
const TOKEN: &str = "lgr_dora-reads";
const TOKEN_FILE: &str = "token";

/// An SQL injection that is always true, and another one, percent-encoded.
const INJECTION: &str = "1%27%20OR%20%271%27%3D%271";
const OTHER: &str = "7%27%20OR%20%277%27%3D%277";

const RULES: &str = r#"
[[rules]]
name = "no-backups"
priority = 10
action = "block"
status = 404
when = 'path ends_with ".bak"'

[[rules]]
name = "odd-words"
priority = 20
action = "block"
when = 'all_query_arguments | url_decode contains "odd words"'

[[rules]]
name = "often"
priority = 30
action = "block"
status = 429
statement = { rate_based = { limit = 2, window_s = 600, scope_down = { byte_match = { field = "path", starts_with = "/inventory" } } } }

[[rules]]
name = "noted"
priority = 40
action = "count"
when = 'path == "/noted"'
"#;

/// Cases of which one is what an exclusion on `/a.bak` lets through.
const CASES: &str = r#"
[[cases]]
title = "a backup"
target = "/a.bak"
rule = "no-backups"
[[cases]]
title = "another backup"
target = "/b.bak"
rule = "no-backups"
"#;

fn tokens() -> String {
    let digest = lockgate_versions::sha256_hex(TOKEN.as_bytes());
    format!("[admin.tokens.dora]\nrole = \"read\"\ndigest = \"sha256:{digest}\"\n")
}

/// `shop.test` with the site's own rules.
fn own() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    GATE.get(|| {
        let config = [
            tokens(),
            POLICY.to_owned(),
            site("shop", "shop", Some("rules/own.toml")),
        ]
        .concat();
        Setup::new(&config)
            .file("rules/own.toml", RULES)
            .file("rules/own.test.toml", CASES)
            .file(TOKEN_FILE, TOKEN)
            .start()
    })
}

/// `shop.test` with the Core Rule Set that blocks, `quiet.test` with one that detects.
fn set() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    let quiet = site("quiet", "shop", Some("rules/quiet.toml"));
    GATE.get(|| start_set(&quiet))
}

/// A gate with the Core Rule Set for `shop.test`, and another site.
fn start_set(other: &str) -> Option<World> {
    let folder = crs::folder()?;
    let shop = site("shop", "shop", Some("rules/crs.toml"));
    let config = [&tokens(), POLICY, &shop, other].concat();
    let setup = Setup::new(&config)
        .file("rules/crs.toml", &rule_file(&folder, ""))
        .file("rules/quiet.toml", &rule_file(&folder, "mode = \"detect\""))
        .file(TOKEN_FILE, TOKEN);
    crs::start(setup)
}

fn browser(request: Request) -> Request {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    request.agent(agent).header("Accept", "*/*")
}

fn admin(world: &World, request: &Request) -> Response {
    let mut client = Client::connect(world.admin_address(), Seen::ignored());
    client.call(&request.clone().host("admin").header("Connection", "close"))
}

fn explain(world: &World, answer: &Response) -> Value {
    let target = format!("/explain/{}", answer.id());
    admin(world, &Request::get(&target).token(TOKEN))
        .assert_status(200)
        .json()
}

fn exclude(world: &World, answer: &Response) -> Response {
    let target = format!("/rules/exclusions/{}", answer.id());
    admin(
        world,
        &Request::new("POST", &target)
            .token(TOKEN)
            .header("Content-Length", "0"),
    )
}

/// What the command line says.
fn command(world: &World, arguments: &[&str]) -> String {
    let url = format!("http://{}", world.admin_address());
    let remote = ["--admin", url.as_str(), "--token-file", TOKEN_FILE];
    let output = world.lockgate(&[arguments, &remote].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn rule<'t>(told: &'t Value, name: &str) -> &'t Value {
    let rules = told["now"]["native"]["rules"].as_array().expect("rules");
    let found = rules.iter().find(|rule| rule["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {told}"))
}

#[test]
fn a_block_of_the_set_is_told_with_the_bytes_that_matched() {
    let Some(world) = set() else { return };
    let body = format!("note=hello&q={INJECTION}");
    let form = "application/x-www-form-urlencoded";
    let answer = world.send(&browser(Request::post("/orders", body)).header("Content-Type", form));
    answer.assert_problem(403, "blocked");
    let told = explain(&world, &answer);
    assert_eq!(
        (&told["status"], &told["code"]),
        (&403.into(), &"blocked".into()),
        "{told}"
    );
    assert_eq!(told["bundle"], told["bundle_in_force"], "{told}");
    let program = &told["now"]["program"];
    assert_eq!(program["decision"]["rule"], 949_110, "{told}");
    assert!(program["asked"].as_u64() > Some(100), "{program}");
    assert!(
        program["scores"]["blocking_inbound_anomaly_score"].as_i64() >= Some(5),
        "{program}"
    );
    let findings = program["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["rule"] == 942_100);
    let value = &found.unwrap_or_else(|| panic!("{told}"))["values"][0];
    assert_eq!(value["variable"], "ARGS:q", "{value}");
    assert!(
        value["value"]["match"]
            .as_str()
            .is_some_and(|text| text.contains("OR '1'='1")),
        "{value}"
    );
    // The same was recorded then, and the record itself has none of the bytes.
    let recorded = told["recorded"]["findings"].as_array().expect("findings");
    assert!(
        recorded.iter().any(|finding| finding["rule"] == 942_100),
        "{told}"
    );
    assert!(!world.record(&answer).to_string().contains("OR '1'"));
    // A person reads the same.
    let text = command(&world, &["explain", answer.id()]);
    for part in [
        "Refused by rule 949110",
        "942100",
        "ARGS:q",
        "OR '1'='1]",
        "scores: ",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

#[test]
fn a_block_of_the_site_s_own_is_told_with_every_rule() {
    let Some(world) = own() else { return };
    let answer = world.get("/products?x=1&q=some%20odd%20words%20here");
    answer.assert_problem(403, "blocked");
    let told = explain(&world, &answer);
    let odd = rule(&told, "odd-words");
    assert_eq!(odd["came"], "blocks", "{odd}");
    assert_eq!(odd["place"]["name"], "q", "{odd}");
    assert_eq!(odd["place"]["value"]["before"], "some ", "{odd}");
    assert_eq!(odd["place"]["value"]["match"], "odd words", "{odd}");
    assert_eq!(rule(&told, "no-backups")["came"], "no_match");
    assert_eq!(rule(&told, "often")["came"], "not_reached");
    assert_eq!(told["recorded"]["rule"], "odd-words", "{told}");
    let text = command(&world, &["explain", answer.id()]);
    assert!(
        text.contains("Refused by the site's rule odd-words"),
        "{text}"
    );
    assert!(text.contains("\"some [odd words] here\""), "{text}");
    // What only counts is told as well.
    let counted = world.get("/noted");
    let told = explain(&world, &counted);
    assert_eq!(rule(&told, "noted")["came"], "counts", "{told}");
    assert_eq!(
        told["recorded"]["counted"],
        serde_json::json!(["noted"]),
        "{told}"
    );
}

#[test]
fn a_count_over_its_limit_is_told_as_it_was() {
    let Some(world) = own() else { return };
    let mut last = world.get("/inventory/1");
    for _ in 0..3 {
        last = world.get("/inventory/1");
    }
    last.assert_problem(429, "blocked");
    let told = explain(&world, &last);
    let often = rule(&told, "often");
    assert_eq!(often["came"], "blocks", "{often}");
    assert_eq!(
        (&often["rate"]["over"], &often["rate"]["limit"]),
        (&true.into(), &2.into()),
        "{often}"
    );
    assert_eq!(
        told["recorded"]["over"],
        serde_json::json!([true]),
        "{told}"
    );
}

#[test]
fn only_tokens_are_told_and_only_what_is_kept() {
    let Some(world) = own() else { return };
    let answer = world.get("/x.bak");
    answer.assert_problem(404, "blocked");
    let target = format!("/explain/{}", answer.id());
    for (request, status, code) in [
        (Request::get(&target), 401, "token_required"),
        (
            Request::get(&target).token("lgr_nobody"),
            401,
            "token_unknown",
        ),
        (
            Request::get("/explain/unknown").token(TOKEN),
            404,
            "request_unknown",
        ),
        (
            Request::new("POST", "/rules/exclusions/unknown").token(TOKEN),
            404,
            "request_unknown",
        ),
    ] {
        let refused = admin(&world, &request);
        refused.assert_status(status);
        assert_eq!(refused.json()["code"], code, "{refused:?}");
    }
    let wrong = admin(&world, &Request::new("DELETE", &target).token(TOKEN));
    wrong.assert_status(405);
    assert_eq!(wrong.header("allow"), Some("GET"));
    // A request at which nothing matched leaves nothing.
    let clean = world.get("/products/1");
    clean.assert_status(200);
    let target = format!("/explain/{}", clean.id());
    admin(&world, &Request::get(&target).token(TOKEN)).assert_status(404);
}

#[test]
fn without_tokens_there_is_nothing_to_ask() {
    let site = site("shop", "shop", Some("rules/own.toml"));
    let setup = Setup::new(&site).file("rules/own.toml", RULES);
    let Some(world) = setup.start() else { return };
    let answer = world.get("/x.bak");
    let told = admin(
        &world,
        &Request::get(&format!("/explain/{}", answer.id())).token(TOKEN),
    );
    told.assert_status(404);
    assert_eq!(told.json()["code"], "not_found", "{told:?}");
}

#[test]
fn nothing_is_kept_where_nothing_may_be() {
    let config = format!(
        "{}{}",
        tokens(),
        site("shop", "shop", Some("rules/own.toml"))
    );
    let setup = Setup::new(&config)
        .file("rules/own.toml", RULES)
        .env("LOCKGATE__RECORD__EXPLAIN_BYTES_MAX", "0");
    let Some(world) = setup.start() else { return };
    let answer = world.get("/x.bak");
    answer.assert_problem(404, "blocked");
    let target = format!("/explain/{}", answer.id());
    admin(&world, &Request::get(&target).token(TOKEN)).assert_status(404);
}

/// What an exclusion would let through of the requests that are kept.
fn let_through(proposed: &Value) -> Vec<&str> {
    let requests = proposed["proposal"]["also"]["requests"].as_array();
    let requests = requests.unwrap_or_else(|| panic!("nothing is proposed: {proposed}"));
    let passing = requests.iter().filter(|request| request["passes"] == true);
    passing
        .filter_map(|request| request["id"].as_str())
        .collect()
}

#[test]
fn an_exclusion_from_the_set_is_the_narrowest_and_says_what_else_it_lets_through() {
    // One of its own: its rules change.
    let Some(world) = start_set("") else { return };
    let send = |target: &str| {
        let answer = world.send(&browser(Request::get(target)));
        answer.assert_problem(403, "blocked");
        answer
    };
    let answer = send(&format!("/search?comment={INJECTION}"));
    let same = send(&format!("/search?comment={OTHER}"));
    let elsewhere = send(&format!("/checkout?comment={INJECTION}"));
    let proposed = exclude(&world, &answer).assert_status(200).json();
    let change = &proposed["proposal"]["changes"];
    let lines = change.to_string();
    assert!(
        lines.contains("ctl:ruleRemoveTargetById=942100;ARGS:comment"),
        "{proposed}"
    );
    assert!(lines.contains("@streq /search"), "{proposed}");
    assert_eq!(
        change[0]["lines"][0], "before = \"exclusions-before.conf\"",
        "{proposed}"
    );
    let through = let_through(&proposed);
    assert!(through.contains(&same.id()), "{proposed}");
    assert!(!through.contains(&elsewhere.id()), "{proposed}");
    // What is proposed does what is said of it: written down, it lets the request through.
    let written = change[1]["lines"][0].as_str().expect("a line");
    let folder = crs::folder().expect("the set");
    world.write("rules/exclusions-before.conf", &format!("{written}\n"));
    let bundle = world.admin("/version").json()["bundle"].clone();
    world.write(
        "rules/crs.toml",
        &rule_file(&folder, "before = \"exclusions-before.conf\""),
    );
    let slow = std::time::Duration::from_secs(120);
    lockgate_tests::wait::until_within(slow, "the exclusion in force", || {
        (world.admin("/version").json()["bundle"] != bundle).then_some(())
    });
    let retried = |target: &str| world.send(&browser(Request::get(target)));
    assert_ne!(retried(&format!("/search?comment={INJECTION}")).status, 403);
    retried(&format!("/checkout?comment={INJECTION}")).assert_problem(403, "blocked");
    // The first request is told by the rules of now, with a note.
    let told = explain(&world, &answer);
    assert_ne!(told["bundle"], told["bundle_in_force"], "{told}");
    let notes = told["notes"].to_string();
    assert!(
        notes.contains("the rules in force let this request pass"),
        "{notes}"
    );
    // There is nothing to exclude any more.
    let refused = exclude(&world, &answer);
    refused.assert_status(409);
    assert_eq!(refused.json()["code"], "request_passes", "{refused:?}");
}

#[test]
fn what_is_only_detected_can_be_excluded_before_it_blocks() {
    let Some(world) = set() else { return };
    let request = browser(Request::get(&format!("/quiet?comment={INJECTION}"))).host("quiet.test");
    let answer = world.send(&request);
    assert_ne!(answer.status, 403);
    let proposed = exclude(&world, &answer).assert_status(200).json();
    assert!(proposed["proposal"].is_object(), "{proposed}");
    assert!(
        proposed["notes"].to_string().contains("only detects"),
        "{proposed}"
    );
}

#[test]
fn an_exclusion_from_the_site_s_own_rules_is_judged_by_requests_and_cases() {
    let Some(world) = own() else { return };
    let answer = world.get("/a.bak");
    let same = world.get("/a.bak");
    let other = world.get("/c.bak");
    for answer in [&answer, &same, &other] {
        answer.assert_problem(404, "blocked");
    }
    let proposed = exclude(&world, &answer).assert_status(200).json();
    let line = proposed["proposal"]["changes"][0]["lines"][0]
        .as_str()
        .unwrap_or_default();
    assert!(
        line.starts_with("when = '(path ends_with \".bak\") and not (path == \"/a.bak\""),
        "{proposed}"
    );
    let through = let_through(&proposed);
    assert!(
        through.contains(&same.id()) && !through.contains(&other.id()),
        "{proposed}"
    );
    let cases = &proposed["proposal"]["also"]["cases"];
    assert_eq!(cases["asked"], 2, "{proposed}");
    assert_eq!(cases["lost"][0]["name"], "a backup", "{proposed}");
    assert_eq!(
        cases["lost"].as_array().map(Vec::len),
        Some(1),
        "{proposed}"
    );
    let text = command(&world, &["rules", "exclude", answer.id()]);
    assert!(
        text.contains(line) && text.contains("Nothing was changed."),
        "{text}"
    );
    // Nothing was.
    world.get("/a.bak").assert_problem(404, "blocked");
}
