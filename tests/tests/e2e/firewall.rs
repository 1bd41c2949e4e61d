//! Rules over real requests: block, allow, count, and what a record says of them.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, World};

const RULES: &str = r#"
[ip_sets.office]
addresses = ["192.0.2.0/24", "2001:db8::/32"]
[ip_sets.banned]
addresses = ["198.51.100.7", "2001:db9::/48"]
[user_agent_lists.crawlers]
contains = ["badbot"]
starts_with = ["Scraper/"]
ends_with = ["harvest"]
equals = ["x"]
file = "crawlers.txt"
[user_agent_lists.libraries]
starts_with = ["curl/"]

[[rules]]
name = "office"
priority = 10
action = "allow"
statement = { ip_set = "office" }
[[rules]]
name = "banned"
priority = 20
action = "block"
status = 451
statement = { ip_set = "banned" }
[[rules]]
name = "libraries"
priority = 30
action = "count"
statement = { user_agent_list = "libraries" }
[[rules]]
name = "crawlers"
priority = 40
action = "block"
statement = { user_agent_list = "crawlers" }
[[rules]]
name = "nameless"
priority = 50
action = "count"
statement = { user_agent_missing = true }
"#;

fn world() -> Option<World> {
    let site = PLAIN_SITE.replace(
        "hosts = [\"shop.test\"]",
        "hosts = [\"shop.test\"]\nrules = [\"rules/a.toml\"]",
    );
    let config = format!("[server]\ntrusted_proxies = [\"127.0.0.1\", \"::1\"]\n{site}");
    let crawlers: String = (0..1500)
        .map(|i| format!("crawler-number-{i}/\n"))
        .collect();
    Setup::new(&config)
        .file("rules/a.toml", RULES)
        .file("rules/crawlers.txt", &crawlers)
        .start()
}

fn from(client: &str, agent: &str) -> Request {
    Request::get("/products/1")
        .header("X-Forwarded-For", client)
        .agent(agent)
}

#[test]
fn a_crawler_is_blocked_and_the_record_says_by_what() {
    let Some(world) = world() else { return };
    for agent in [
        "Mozilla/5.0 (BadBot 1.0)",
        "scraper/2",
        "my-HARVEST",
        "X",
        "a crawler-number-1499/2",
    ] {
        let answer = world.send(&from("203.0.113.1", agent));
        answer.assert_status(403);
        let code = answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        answer.assert_problem(403, &code);
        assert!(
            !answer.text().contains("crawlers"),
            "the rule is not for the public"
        );
        let record = world.record(&answer);
        assert_eq!(
            (
                &record["rule"],
                &record["stage"],
                &record["code"],
                &record["user_agent"]
            ),
            (
                &"crawlers".into(),
                &"firewall".into(),
                &code.into(),
                &agent.into()
            )
        );
    }
    assert_eq!(world.shop.requests_total(), 0);
    for agent in [
        "Mozilla/5.0",
        "not-scraper/2",
        "harvester",
        "xx",
        "crawler-number-1500/",
    ] {
        world.send(&from("203.0.113.1", agent)).assert_status(200);
    }
}

#[test]
fn addresses_are_matched_in_every_spelling() {
    let Some(world) = world() else { return };
    let cases = [
        ("198.51.100.7", 451),
        ("::ffff:198.51.100.7", 451),
        ("198.51.100.8", 200),
        ("2001:db9:0:ffff::1", 451),
        ("[2001:db9::1]:443", 451),
        ("2001:db9:1::1", 200),
    ];
    for (client, status) in cases {
        let answer = world.send(&from(client, "Mozilla/5.0"));
        assert_eq!(answer.status, status, "{client}: {answer:?}");
    }
}

#[test]
fn allow_ends_the_firewall_and_count_does_not() {
    let Some(world) = world() else { return };
    let allowed = world.send(&from("192.0.2.5", "badbot"));
    allowed.assert_status(200);
    assert_eq!(world.record(&allowed)["rule"], "office");
    let counted = world.send(&from("203.0.113.1", "curl/8.0"));
    counted.assert_status(200);
    assert_eq!(
        world.record(&counted)["counted"],
        serde_json::json!(["libraries"])
    );
    // A rule that counts also counts what a later one blocks.
    let both = world.send(&from("203.0.113.1", "curl/8.0 badbot"));
    both.assert_status(403);
    let record = world.record(&both);
    assert_eq!(
        (&record["counted"], &record["rule"]),
        (&serde_json::json!(["libraries"]), &"crawlers".into())
    );
    let nameless =
        world.send(&Request::get("/products/1").header("X-Forwarded-For", "203.0.113.1"));
    assert_eq!(
        world.record(&nameless)["counted"],
        serde_json::json!(["nameless"])
    );
}

#[test]
fn the_default_rules_block_and_let_pass() {
    let read = |name: &str| {
        let path = format!("{}/../rules/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the default rules")
    };
    let site = PLAIN_SITE.replace(
        "hosts = [\"shop.test\"]",
        "hosts = [\"shop.test\"]\nrules = [\"rules/default.toml\"]",
    );
    let setup = Setup::new(&site)
        .file("rules/default.toml", &read("default.toml"))
        .file("rules/crawlers.txt", &read("crawlers.txt"));
    let Some(world) = setup.start() else { return };
    world
        .send(&Request::get("/products/1").agent("sqlmap/1.7"))
        .assert_status(403);
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    world
        .send(&Request::get("/products/1").agent(browser))
        .assert_status(200);
}
