//! Native rules that need more than the head: bodies, counts, places.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use lockgate_tests::backend::{Backend, Received, answer};
use lockgate_tests::certificates::{Certificate, trusting};
use lockgate_tests::crs::site;
use lockgate_tests::{Request, Setup, Shared, World, mmdb};

const FORM: &str = "application/x-www-form-urlencoded";

fn origin() -> &'static Backend {
    static ORIGIN: OnceLock<Backend> = OnceLock::new();
    ORIGIN.get_or_init(|| Backend::start(|_, stream| stream.write_all(&answer(200, &[], b"taken"))))
}

/// What reached the origin under this target, which no two requests of the tests share.
fn received(target: &str) -> Option<Received> {
    let mut all = origin().received();
    all.retain(|request| request.target == target);
    assert!(all.len() < 2, "{target} came {} times", all.len());
    all.pop()
}

fn config(sites: &[(&str, &str)]) -> String {
    let mut config = format!(
        "[server]\nbody_bytes_max = 1_000_000\nbody_timeout_ms = 1000\n\
         trusted_proxies = [\"127.0.0.1\", \"::1\"]\n\
         [policy]\ninspection_deadline_ms = 1000\nwall_clock_ms_max = 20000\n\
         [origins.backend]\nurl = \"http://{}\"\n",
        origin().address
    );
    for (name, file) in sites {
        config.push_str(&site(name, "backend", Some(file)));
    }
    config
}

const BODIES: &str = r#"
body_bytes_max = 1024

[[rules]]
name = "noted"
priority = 10
action = "count"
when = 'path starts_with "/forms"'

[[rules]]
name = "injection"
priority = 20
action = "block"
when = 'form_fields | url_decode_uni sqli_match or json_body sqli_match'

[[rules]]
name = "own-words"
priority = 30
action = "block"
status = 422
response = { body = "no such words", content_type = "text/plain" }
when = 'body contains "forbidden words"'

[[rules]]
name = "uploads"
priority = 40
action = "block"
when = 'file_names | lowercase ends_with ".php"'

[[rules]]
name = "after"
priority = 50
action = "count"
when = 'header:x-mark == "1"'
"#;

fn bodies() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    GATE.get(|| {
        Setup::new(&config(&[("forms", "rules/bodies.toml")]))
            .file("rules/bodies.toml", BODIES)
            .start()
    })
}

fn post(target: &str, kind: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::post(target, body)
        .host("forms.test")
        .agent("Mozilla/5.0")
        .header("Content-Type", kind)
}

#[test]
fn rules_look_at_bodies_of_every_kind() {
    let Some(world) = bodies() else { return };
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"Shell.PHP\"\r\n\r\nx\r\n--b--\r\n";
    let blocked = [
        (FORM, "q=1%27+OR+%271%27%3D%271", "injection"),
        (
            "application/json",
            r#"{"a": [{"q": "1' OR '1'='1"}]}"#,
            "injection",
        ),
        ("multipart/form-data; boundary=b", multipart, "uploads"),
    ];
    for (kind, body, rule) in blocked {
        let answer = world.send(&post("/forms/blocked", kind, body));
        answer.assert_problem(403, "blocked");
        let record = world.record(&answer);
        assert_eq!(record["rule"], rule, "{kind}");
        assert_eq!(record["stage"], "firewall");
        assert_eq!(record["counted"], serde_json::json!(["noted"]));
        assert!(record["cause"].as_str().unwrap_or_default().contains(rule));
    }
    assert!(received("/forms/blocked").is_none());
}

#[test]
fn what_passes_reaches_the_origin_whole_and_is_recorded_once() {
    let Some(world) = bodies() else { return };
    // Much longer than the rules look at.
    let long = format!("note={}", "please ring twice ".repeat(20_000));
    let request = post("/forms/long", FORM, long.clone()).header("X-Mark", "1");
    let answer = world.send(&request);
    answer.assert_status(200);
    assert_eq!(
        received("/forms/long").expect("it came").body,
        long.as_bytes()
    );
    let record = world.record(&answer);
    assert_eq!(record["counted"], serde_json::json!(["noted", "after"]));
    assert_eq!(record.get("rule"), None);
    assert_eq!(record.get("inspection"), None, "no Core Rule Set ran");
}

#[test]
fn a_rule_blocks_with_an_answer_of_its_own() {
    let Some(world) = bodies() else { return };
    let answer = world.send(&post("/forms/words", "text/plain", "some forbidden words"));
    answer.assert_status(422);
    assert_eq!(answer.text(), "no such words");
    let record = world.record(&answer);
    assert_eq!(
        (&record["rule"], &record["code"], &record["stage"]),
        (&"own-words".into(), &"blocked".into(), &"firewall".into())
    );
    // Without a body there is nothing that it could match.
    let get = Request::get("/forms/none")
        .host("forms.test")
        .agent("Mozilla/5.0");
    world.send(&get).assert_status(200);
}

const RATES: &str = r#"
[[rules]]
name = "logins"
priority = 10
action = "block"
status = 429
statement = { rate_based = { limit = 3, window_s = 3600, keys = ["client_ip"], scope_down = { byte_match = { field = "path", exactly = "/login" } } } }

[[rules]]
name = "by-user"
priority = 20
action = "block"
statement = { rate_based = { limit = 2, window_s = 3600, keys = ["client_ip", "header:x-user"] } }

[[rules]]
name = "never-these"
priority = 30
action = "block"
status = 451
when = 'path starts_with "/gone"'
"#;

fn rates() -> Option<Arc<World>> {
    static GATE: Shared = Shared::new();
    GATE.get(|| {
        Setup::new(&config(&[
            ("one", "rules/rates.toml"),
            ("two", "rules/rates.toml"),
        ]))
        .file("rules/rates.toml", RATES)
        .start()
    })
}

fn from(site: &str, client: &str, target: &str) -> Request {
    Request::get(target)
        .host(&format!("{site}.test"))
        .agent("Mozilla/5.0")
        .header("X-Forwarded-For", client)
}

#[test]
fn who_asks_too_often_is_blocked_alone() {
    let Some(world) = rates() else { return };
    let login = |client: &str| world.send(&from("one", client, "/login"));
    for _ in 0..3 {
        login("203.0.113.1").assert_status(200);
    }
    for _ in 0..2 {
        let answer = login("203.0.113.1");
        answer.assert_status(429);
        assert_eq!(world.record(&answer)["rule"], "logins");
    }
    // Another client, another path, another site with the same rules.
    login("203.0.113.2").assert_status(200);
    world
        .send(&from("one", "203.0.113.1", "/"))
        .assert_status(200);
    world
        .send(&from("two", "203.0.113.1", "/login"))
        .assert_status(200);
}

#[test]
fn requests_that_are_blocked_later_count_and_those_without_a_key_do_not() {
    let Some(world) = rates() else { return };
    let gone = || from("one", "203.0.113.9", "/gone/1").header("X-User", "ann");
    for _ in 0..2 {
        world.send(&gone()).assert_status(451);
    }
    let answer = world.send(&gone());
    answer.assert_status(403);
    assert_eq!(world.record(&answer)["rule"], "by-user");
    for _ in 0..5 {
        world
            .send(&from("one", "203.0.113.9", "/"))
            .assert_status(200);
    }
    let ben = from("one", "203.0.113.9", "/").header("X-User", "ben");
    world.send(&ben).assert_status(200);
}

const PLACES: &str = r#"
[[rules]]
name = "elsewhere"
priority = 10
action = "block"
when = 'path starts_with "/local" and not country in ["AT", "DE"]'

[[rules]]
name = "cloud"
priority = 20
action = "block"
statement = { geo_match = { asns = [64500] } }
"#;

#[test]
fn rules_know_where_clients_are() {
    let countries = mmdb::database(&[
        ("203.0.113.0", 24, mmdb::country("AT")),
        ("198.51.100.0", 24, mmdb::country("FR")),
        ("2001:db8::", 32, mmdb::country("DE")),
    ]);
    let systems = mmdb::database(&[("198.51.100.128", 25, mmdb::system(64_500))]);
    let folder = tempfile::tempdir().expect("a folder");
    let (country, system) = (folder.path().join("c.mmdb"), folder.path().join("a.mmdb"));
    std::fs::write(&country, countries).expect("written");
    std::fs::write(&system, systems).expect("written");
    let geo = format!(
        "[geo]\ncountry_database = {:?}\nasn_database = {:?}\n",
        country.display().to_string(),
        system.display().to_string()
    );
    let setup = Setup::new(&(geo + &config(&[("one", "rules/places.toml")])));
    let Some(world) = setup.file("rules/places.toml", PLACES).start() else {
        return;
    };
    let status = |client: &str, target: &str| {
        let answer = world.send(&from("one", client, target));
        (answer.status, world.record(&answer)["rule"].clone())
    };
    let passes = (200, serde_json::Value::Null);
    for client in ["203.0.113.5", "2001:db8::1"] {
        assert_eq!(status(client, "/local"), passes, "{client}");
    }
    for client in ["198.51.100.5", "192.0.2.1", "2001:db9::1"] {
        assert_eq!(
            status(client, "/local"),
            (403, "elsewhere".into()),
            "{client}"
        );
        assert_eq!(status(client, "/"), passes, "{client}");
    }
    assert_eq!(status("198.51.100.200", "/"), (403, "cloud".into()));
    // Without a proxy the peer's own address counts; nobody knows loopback.
    let direct = Request::get("/local").host("one.test").agent("Mozilla/5.0");
    world.send(&direct).assert_status(403);
}

#[test]
fn rules_know_the_fingerprint_of_a_clients_tls() {
    let certificate = Certificate::new("one.test");
    let mut config = config(&[("one", "rules/tls.toml")]);
    config = config.replace(
        "hosts = [\"one.test\"]\n",
        "hosts = [\"one.test\"]\ncertificate = \"one.pem\"\nprivate_key = \"one.key\"\n",
    );
    config.push_str("[listeners.tls]\naddresses = [\"127.0.0.1:0\"]\ntls = true\n");
    let rules = "[[rules]]\nname = \"speaks-old-http\"\npriority = 1\naction = \"block\"\n\
                 when = 'tls_fingerprint matches \"^t13d[0-9]{4}h1_[0-9a-f]{12}_[0-9a-f]{12}$\"'\n";
    let setup = Setup::new(&config)
        .file("rules/tls.toml", rules)
        .file("one.pem", &certificate.certificate)
        .file("one.key", &certificate.private_key);
    let Some(world) = setup.start() else { return };
    let request = Request::get("/").host("one.test").agent("Mozilla/5.0");
    let over_tls = |alpn: &[&str]| {
        let config = trusting(&[&certificate], alpn);
        let (mut client, _) = world.connect_tls("one.test", config).expect("a handshake");
        client.call(&request)
    };
    let answer = over_tls(&["http/1.1"]);
    answer.assert_status(403);
    assert_eq!(world.record(&answer)["rule"], "speaks-old-http");
    over_tls(&[]).assert_status(200);
    world.send(&request).assert_status(200);
}
