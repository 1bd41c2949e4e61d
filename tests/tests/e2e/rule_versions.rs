//! Changing rules through the admin address, under traffic: versions, roles, conflicts, the way back, the audit log.

use std::time::{Duration, Instant};

use crate::reload::under_load_every;
use lockgate_tests::client::Client;
use lockgate_tests::seen::Seen;
use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::wait::until_within;
use lockgate_tests::{Request, Response, Setup, World, until};
use serde_json::{Value, json};

/// Tokens of three people, and their digests (`printf TOKEN | sha256sum`).
pub(crate) const ALICE: &str = "lgr_alice-publishes";
pub(crate) const BOB: &str = "lgr_bob-edits";
pub(crate) const CAROL: &str = "lgr_carol-reads";

/// A change of native rules is in force within it; on a machine that is busy with other tests it may be more.
const IN_FORCE_MS_MAX: u64 = 5000;

/// For what is noticed, not asked for.
const SOON: Duration = Duration::from_secs(10);

const LIST: &str = "[user_agent_lists.unwanted]\ncontains = [\"badbot\"]\n";
const RULE: &str = "[[rules]]\nname = \"no-badbot\"\npriority = 1\naction = \"block\"\n\
                    statement = { user_agent_list = \"unwanted\" }\n";
pub(crate) const CASES: &str = "[[cases]]\ntitle = \"a bad bot\"\nuser_agent = \"badbot/1\"\nrule = \"no-badbot\"\n\
                     [[cases]]\ntitle = \"a browser\"\nuser_agent = \"Mozilla/5.0\"\n";

fn digest(token: &str) -> String {
    lockgate_versions::sha256_hex(token.as_bytes())
}

pub(crate) fn world() -> Option<World> {
    let site = PLAIN_SITE.replace(
        "hosts = [\"shop.test\"]",
        "hosts = [\"shop.test\"]\nrules = [\"rules/a.toml\"]",
    );
    let config = versions(&site, "");
    Setup::new(&config).file("rules/a.toml", LIST).start()
}

/// A configuration with versions of `rules`, and with the tokens of three people; `keys` are those of
/// `[rule_versions]` beside its folders.
pub(crate) fn versions(sites: &str, keys: &str) -> String {
    let mut config = format!("[rule_versions]\nrules = \"rules\"\npath = \"state\"\n{keys}{sites}");
    for (name, role, token) in [
        ("alice", "publish", ALICE),
        ("bob", "edit", BOB),
        ("carol", "read", CAROL),
    ] {
        let digest = digest(token);
        config.push_str(&format!(
            "[admin.tokens.{name}]\nrole = \"{role}\"\ndigest = \"sha256:{digest}\"\n"
        ));
    }
    config
}

fn admin(world: &World, request: &Request) -> Response {
    let mut client = Client::connect(world.admin_address(), Seen::ignored());
    client.call(&request.clone().host("admin").header("Connection", "close"))
}

pub(crate) fn get(world: &World, token: &str, target: &str) -> Response {
    admin(world, &Request::get(target).token(token))
}

pub(crate) fn post(world: &World, token: &str, target: &str, body: &Value) -> Response {
    admin(world, &Request::post(target, body.to_string()).token(token))
}

/// An answer that refuses, with a code and a text for people.
#[track_caller]
pub(crate) fn refused(answer: &Response, status: u16, code: &str) -> Value {
    answer.assert_status(status);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{answer:?}"
    );
    let problem = answer.json();
    assert_eq!(
        (&problem["code"], &problem["status"]),
        (&json!(code), &json!(status)),
        "{problem}"
    );
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty()),
        "{problem}"
    );
    problem
}

/// A push of these files, from what is in force.
pub(crate) fn push(world: &World, files: &[(&str, &str)]) -> Response {
    let base = current(world)["digest"].clone();
    post(world, ALICE, "/rules/versions", &pushed(&base, files))
}

fn pushed(base: &Value, files: &[(&str, &str)]) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|(path, text)| json!({ "path": path, "text": text }))
        .collect();
    json!({ "message": "for a test", "base": base, "files": files })
}

pub(crate) fn blocking() -> [(&'static str, String); 2] {
    [
        ("a.toml", format!("{LIST}{RULE}")),
        ("a.test.toml", CASES.to_owned()),
    ]
}

pub(crate) fn push_blocking(world: &World) -> Response {
    let files = blocking();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    push(world, &files)
}

/// What is in force: number and digest.
pub(crate) fn current(world: &World) -> Value {
    let answer = get(world, CAROL, "/rules/versions");
    answer.assert_status(200).json()["current"].clone()
}

pub(crate) fn as_badbot(world: &World) -> Response {
    world.send(&Request::get("/products/1").agent("badbot"))
}

fn file(world: &World, name: &str) -> Option<String> {
    std::fs::read_to_string(world.dir().join(name)).ok()
}

/// The entries of the audit log.
pub(crate) fn audit(world: &World) -> Vec<Value> {
    let answer = get(world, CAROL, "/rules/audit").assert_status(200).json();
    let lines = answer["lines"].as_array().expect("lines").clone();
    let entry =
        |line: &Value| serde_json::from_str(line.as_str().expect("a text")).expect("an entry");
    lines.iter().map(entry).collect()
}

#[track_caller]
fn assert_last(world: &World, expected: &Value) {
    let entries = audit(world);
    let last = entries.last().expect("an entry");
    for (key, value) in expected.as_object().expect("members") {
        assert_eq!(&last[key], value, "{key} of {last}");
    }
}

#[test]
fn a_push_under_traffic_is_in_force_when_it_is_answered() {
    let Some(world) = world() else { return };
    as_badbot(&world).assert_status(200);
    let count = under_load_every(Duration::from_millis(2), &world, || {
        let begun = Instant::now();
        let answer = push_blocking(&world);
        let answer = answer.assert_status(200).json();
        as_badbot(&world).assert_status(403);
        assert!(
            begun.elapsed() < Duration::from_millis(IN_FORCE_MS_MAX),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(
            (&answer["version"], &answer["in_force"]),
            (&json!(2), &json!(true))
        );
        assert!(
            answer["took_ms"]
                .as_u64()
                .is_some_and(|took| took < IN_FORCE_MS_MAX),
            "{answer}"
        );
        let version = world.admin("/version").json();
        assert_eq!(answer["bundle"], version["bundle"]);
    });
    assert!(count > 0);
    // The folder is what is in force.
    assert_eq!(file(&world, "rules/a.toml"), Some(format!("{LIST}{RULE}")));
    assert_eq!(file(&world, "rules/a.test.toml").as_deref(), Some(CASES));
    assert_last(
        &world,
        &json!({ "actor": "alice", "role": "publish", "action": "publish", "version": 2, "result": "done" }),
    );
    // The head stands in the gateway's log.
    let head = get(&world, CAROL, "/rules/audit").json()["head"]["hash"].clone();
    let _ = world.wait_log(head.as_str().expect("a hash"));
}

#[test]
fn rules_that_fail_their_cases_change_nothing() {
    let Some(world) = world() else { return };
    push_blocking(&world).assert_status(200);
    let before = current(&world);
    let wrong = CASES.replace("badbot/1", "good-bot/1");
    let all = format!("{LIST}{RULE}");
    let typo = RULE.replace("priority", "priorty");
    for (files, expected) in [
        (
            vec![("a.toml", all.as_str()), ("a.test.toml", wrong.as_str())],
            "no-badbot",
        ),
        // Without cases.
        (
            vec![("a.toml", all.as_str())],
            "a case that this rule must match",
        ),
        (
            vec![("a.toml", typo.as_str()), ("a.test.toml", CASES)],
            "rules/a.toml:3:1",
        ),
        // The site's rule file is gone.
        (vec![("b.toml", LIST)], "rules/a.toml"),
        (
            vec![("a.toml", "[user_agent_lists.x]\nfile = \"gone.txt\"\n")],
            "gone.txt",
        ),
    ] {
        let answer = push(&world, &files);
        let _ = refused(&answer, 422, "rules_refused");
        let faults = answer.json()["faults"].to_string();
        assert!(faults.contains(expected), "{expected}: {faults}");
        assert!(!faults.contains("state/check"), "{faults}");
        assert_last(
            &world,
            &json!({ "actor": "alice", "action": "publish", "result": "refused" }),
        );
    }
    assert_eq!(current(&world), before);
    assert_eq!(file(&world, "rules/a.toml"), Some(all));
    assert_eq!(file(&world, "rules/b.toml"), None);
    as_badbot(&world).assert_status(403);
}

#[test]
fn roles_are_kept_apart_and_strangers_get_nothing() {
    let Some(world) = world() else { return };
    for (token, code) in [
        (None, "token_required"),
        (Some("lgr_wrong"), "token_unknown"),
    ] {
        for target in ["/rules/versions", "/rules/nothing"] {
            let mut request = Request::get(target);
            if let Some(token) = token {
                request = request.token(token);
            }
            let answer = admin(&world, &request);
            let _ = refused(&answer, 401, code);
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
    }
    let base = current(&world)["digest"].clone();
    let entries = audit(&world).len();
    let files = blocking();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let body = pushed(&base, &files);
    for (token, target) in [
        (CAROL, "/rules/drafts"),
        (CAROL, "/rules/versions"),
        (CAROL, "/rules/versions/1/publish"),
        (CAROL, "/rules/rollback"),
        (BOB, "/rules/versions"),
        (BOB, "/rules/versions/1/publish"),
        (BOB, "/rules/rollback"),
    ] {
        let _ = refused(&post(&world, token, target, &body), 403, "role_too_small");
    }
    // Each is in the log.
    assert_eq!(audit(&world).len(), entries + 7);
    assert_last(
        &world,
        &json!({ "actor": "bob", "role": "edit", "action": "rollback", "result": "refused" }),
    );
    // An editor stores, a publisher puts in force.
    let draft = post(&world, BOB, "/rules/drafts", &body);
    let draft = draft.assert_status(200).json();
    assert_eq!(draft["in_force"], false);
    as_badbot(&world).assert_status(200);
    let listed = get(&world, CAROL, "/rules/versions").json();
    assert_eq!(listed["versions"][0]["draft"], true, "{listed}");
    assert_eq!(listed["versions"][0]["author"], "bob");
    let target = format!("/rules/versions/{}/publish", draft["version"]);
    post(&world, ALICE, &target, &json!({ "base": base })).assert_status(200);
    as_badbot(&world).assert_status(403);
    let _ = refused(&get(&world, CAROL, "/rules/nothing"), 404, "not_found");
    let _ = refused(
        &admin(
            &world,
            &Request::new("DELETE", "/rules/versions").token(ALICE),
        ),
        405,
        "method_not_allowed",
    );
}

#[test]
fn a_token_that_is_taken_away_lets_nobody_in() {
    let Some(world) = world() else { return };
    get(&world, CAROL, "/rules/versions").assert_status(200);
    world.write(
        "gateway.toml",
        &world.config().replace(&digest(CAROL), &digest("another")),
    );
    until_within(SOON, "the token's end", || {
        (get(&world, CAROL, "/rules/versions").status == 401).then_some(())
    });
    get(&world, "another", "/rules/versions").assert_status(200);
}

#[test]
fn whoever_comes_second_is_told() {
    let Some(world) = world() else { return };
    let base = current(&world)["digest"].clone();
    push_blocking(&world).assert_status(200);
    let files = [("a.toml", "# nothing\n")];
    let answer = post(&world, ALICE, "/rules/versions", &pushed(&base, &files));
    let _ = refused(&answer, 409, "version_conflict");
    assert_eq!(answer.json()["current"]["version"], 2);
    // Without a base as well.
    let _ = refused(
        &post(
            &world,
            ALICE,
            "/rules/versions",
            &pushed(&Value::Null, &files),
        ),
        409,
        "version_conflict",
    );
    as_badbot(&world).assert_status(403);
    // For those who mean it.
    let mut forced = pushed(&base, &files);
    forced["force"] = true.into();
    post(&world, ALICE, "/rules/versions", &forced).assert_status(200);
    as_badbot(&world).assert_status(200);
}

#[test]
fn pushes_at_the_same_time_are_one_after_the_other() {
    let Some(world) = world() else { return };
    let base = current(&world)["digest"].clone();
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let pushes: Vec<_> = (0..4)
            .map(|number| {
                let (world, base) = (&world, &base);
                scope.spawn(move || {
                    let text = format!("# push {number}\n{LIST}");
                    post(
                        world,
                        ALICE,
                        "/rules/versions",
                        &pushed(base, &[("a.toml", &text)]),
                    )
                    .status
                })
            })
            .collect();
        pushes
            .into_iter()
            .map(|push| push.join().expect("an answer"))
            .collect()
    });
    let done = answers.iter().filter(|status| **status == 200).count();
    assert_eq!(done, 1, "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|status| matches!(status, 200 | 409 | 503)),
        "{answers:?}"
    );
}

#[test]
fn the_way_back_keeps_the_numbers() {
    let Some(world) = world() else { return };
    push_blocking(&world).assert_status(200);
    as_badbot(&world).assert_status(403);
    let base = current(&world)["digest"].clone();
    let answer = post(
        &world,
        ALICE,
        "/rules/rollback",
        &json!({ "base": base, "message": "too much" }),
    );
    assert_eq!(answer.assert_status(200).json()["version"], 1);
    as_badbot(&world).assert_status(200);
    assert_eq!(file(&world, "rules/a.toml").as_deref(), Some(LIST));
    assert_eq!(
        file(&world, "rules/a.test.toml"),
        None,
        "a file that the old version does not have is gone"
    );
    assert_last(
        &world,
        &json!({ "action": "rollback", "version": 1, "message": "too much" }),
    );
    let base = current(&world)["digest"].clone();
    let _ = refused(
        &post(&world, ALICE, "/rules/rollback", &json!({ "base": base })),
        409,
        "nothing_before",
    );
    // By number, forwards again.
    post(
        &world,
        ALICE,
        "/rules/rollback",
        &json!({ "base": base, "version": 2 }),
    )
    .assert_status(200);
    as_badbot(&world).assert_status(403);
    let _ = refused(
        &post(
            &world,
            ALICE,
            "/rules/rollback",
            &json!({ "version": 9, "force": true }),
        ),
        404,
        "version_unknown",
    );
}

#[test]
fn a_change_of_the_files_is_a_version_too() {
    let Some(world) = world() else { return };
    let listed = get(&world, CAROL, "/rules/versions").json();
    assert_eq!(listed["versions"][0]["author"], "files", "{listed}");
    world.write("rules/a.toml", &format!("{LIST}{RULE}"));
    until_within(SOON, "the rule", || {
        (as_badbot(&world).status == 403).then_some(())
    });
    until("the version", || {
        (current(&world)["version"] == 2).then_some(())
    });
    assert_last(
        &world,
        &json!({ "actor": "files", "action": "files", "version": 2 }),
    );
    let base = current(&world)["digest"].clone();
    post(&world, ALICE, "/rules/rollback", &json!({ "base": base })).assert_status(200);
    as_badbot(&world).assert_status(200);
    // A broken change by hand is not swept away.
    let broken = "[[rules]]\nname = 1\n";
    world.write("rules/a.toml", broken);
    let _ = world.wait_log("refused");
    let answer = push_blocking(&world);
    let _ = refused(&answer, 409, "folder_refused");
    assert!(
        answer.text().contains("rules/a.toml:2:8"),
        "{}",
        answer.text()
    );
    assert_eq!(file(&world, "rules/a.toml").as_deref(), Some(broken));
}

#[test]
fn hostile_pushes_are_refused() {
    let Some(world) = world() else { return };
    for path in [
        "../gateway.toml",
        "/etc/passwd",
        ".hidden",
        "a/../../x",
        "a\\b",
        "",
    ] {
        let answer = post(
            &world,
            ALICE,
            "/rules/versions",
            &pushed(&Value::Null, &[(path, "x")]),
        );
        let _ = refused(&answer, 400, "bad_request");
    }
    let many: Vec<Value> = (0..1001)
        .map(|number| json!({ "path": format!("{number}.txt"), "text": "" }))
        .collect();
    let _ = refused(
        &post(&world, ALICE, "/rules/versions", &json!({ "files": many })),
        400,
        "bad_request",
    );
    let large = "x".repeat(17 * 1024 * 1024);
    let body = pushed(&Value::Null, &[("a.txt", &large)]);
    let _ = refused(
        &post(&world, ALICE, "/rules/versions", &body),
        400,
        "bad_request",
    );
    // Refused by what it says of itself, before any of it is read.
    let mut client = Client::connect(world.admin_address(), Seen::ignored());
    let head = "POST /rules/versions HTTP/1.1\r\nHost: admin\r\nContent-Length: 26214400\r\n";
    client.send(format!("{head}Authorization: Bearer {ALICE}\r\n\r\n").as_bytes());
    let _ = refused(&client.read("POST"), 413, "body_too_large");
    assert_eq!(current(&world)["version"], 1);
    assert!(world.dir().join("gateway.toml").exists());
}

#[test]
fn without_tokens_there_is_no_api() {
    let site = PLAIN_SITE.replace(
        "hosts = [\"shop.test\"]",
        "hosts = [\"shop.test\"]\nrules = [\"rules/a.toml\"]",
    );
    let Some(world) = Setup::new(&site).file("rules/a.toml", LIST).start() else {
        return;
    };
    // As any other path that the admin address does not have.
    let answer = get(&world, ALICE, "/rules/versions");
    assert_eq!(answer.assert_status(404).json()["code"], "not_found");
}
