//! Two sites in one gate: nothing of one shows in the other.

use lockgate_tests::certificates::{Certificate, trusting};
use lockgate_tests::{Request, Setup, World, tokens};

const CONFIG: &str = r#"
[origins.other]
url = "http://{other_shop}"
[secrets.one]
env = "ONE_KEY"
[secrets.two]
env = "TWO_KEY"
[sign_in.one]
algorithms = ["HS256"]
secret = "one"
[sign_in.two]
algorithms = ["HS256"]
secret = "two"
[rate_limits.each]
key = ["client", "site"]
windows = [{ requests = 4, per_s = 86400 }]

[sites.one]
hosts = ["one.test"]
rules = ["rules/one.toml"]
[[sites.one.routes]]
path = "/_test/cache/{*rest}"
origin = "shop"
cache = { audience = "shared" }
[[sites.one.routes]]
path = "/products/{id}"
origin = "shop"
rate_limits = ["each"]
[[sites.one.routes]]
path = "/members"
respond = { body = "one" }
sign_in = "one"

[sites.two]
hosts = ["two.test", "*.two.test"]
rules = ["rules/two.toml"]
[[sites.two.routes]]
path = "/_test/cache/{*rest}"
origin = "other"
cache = { audience = "shared" }
[[sites.two.routes]]
path = "/products/{id}"
origin = "other"
rate_limits = ["each"]
[[sites.two.routes]]
path = "/members"
respond = { body = "two" }
sign_in = "two"
"#;

const SECOND_SECRET: &str = "the-secret-of-the-other-site-9876543210";

fn rules(agent: &str) -> String {
    format!(
        "[user_agent_lists.unwanted]\ncontains = [\"{agent}\"]\n[[rules]]\nname = \"no-{agent}\"\n\
         priority = 1\naction = \"block\"\nstatement = {{ user_agent_list = \"unwanted\" }}\n"
    )
}

fn world() -> Option<World> {
    setup(CONFIG).start()
}

fn setup(config: &str) -> Setup {
    Setup::new(config)
        .second_shop()
        .env("ONE_KEY", tokens::SECRET)
        .env("TWO_KEY", SECOND_SECRET)
        .file("rules/one.toml", &rules("onebot"))
        .file("rules/two.toml", &rules("twobot"))
}

fn at(host: &str, target: &str) -> Request {
    Request::get(target).host(host)
}

#[test]
fn a_stored_answer_stays_in_its_site() {
    let Some(world) = world() else { return };
    let target = "/_test/cache/same?cc=max-age=60";
    let (one, two) = (
        world.send(&at("one.test", target)),
        world.send(&at("two.test", target)),
    );
    assert!(!two.is_hit(), "{two:?}");
    assert_eq!(one.json()["brand"], "Harbour & Pine");
    assert_eq!(two.json()["brand"], "Northwall");
    let again = world.send(&at("two.test", target));
    assert!(again.is_hit() && again.body == two.body, "{again:?}");
    assert_eq!(world.record(&one)["site"], "one");
    assert_eq!(world.record(&two)["site"], "two");
}

#[test]
fn a_stored_answer_stays_with_its_host_port_and_scheme() {
    let certificate = Certificate::new("two.test");
    let config = format!("[listeners.tls]\naddresses = [\"127.0.0.1:0\"]\ntls = true\n{CONFIG}")
        .replace(
            "[sites.two]\n",
            "[sites.two]\ncertificate = \"two.pem\"\nprivate_key = \"two.key\"\n",
        );
    let started = setup(&config)
        .file("two.pem", &certificate.certificate)
        .file("two.key", &certificate.private_key)
        .start();
    let Some(world) = started else { return };
    let target = "/_test/cache/same?cc=max-age=60";
    let mut numbers = Vec::new();
    for host in [
        "two.test",
        "two.test:8443",
        "two.test:443",
        "a.two.test",
        "b.two.test",
    ] {
        let first = world.send(&at(host, target));
        assert!(!first.assert_status(200).is_hit(), "{host}: {first:?}");
        let again = world.send(&at(host, target));
        assert!(again.is_hit() && again.body == first.body, "{host}");
        numbers.push(first.json()["counter"].clone());
    }
    let config = trusting(&[&certificate], &["http/1.1"]);
    let (mut client, _) = world.connect_tls("two.test", config).expect("a handshake");
    let secure = client.call(&at("two.test", target));
    assert!(!secure.assert_status(200).is_hit(), "{secure:?}");
    // The port of the scheme is no other place.
    let same = client.call(&at("Two.test.:443", target));
    assert!(same.is_hit() && same.body == secure.body, "{same:?}");
    let same = world.send(&at("TWO.test:80", target));
    assert!(
        same.is_hit() && same.json()["counter"] == numbers[0],
        "{same:?}"
    );
    numbers.push(secure.json()["counter"].clone());
    for (i, number) in numbers.iter().enumerate() {
        assert!(!numbers[..i].contains(number), "{numbers:?}");
    }
}

#[test]
fn limits_rules_and_keys_stay_in_their_site() {
    let Some(world) = world() else { return };
    for _ in 0..4 {
        world
            .send(&at("one.test", "/products/1"))
            .assert_status(200);
    }
    world
        .send(&at("one.test", "/products/1"))
        .assert_status(429);
    let two = world.send(&at("two.test", "/products/1"));
    assert!(
        two.assert_status(200)
            .header("ratelimit")
            .is_some_and(|f| f.contains("r=3"))
    );
    for (host, agent, status) in [
        ("one.test", "onebot", 403),
        ("one.test", "twobot", 404),
        ("two.test", "onebot", 404),
        ("two.test", "twobot", 403),
    ] {
        let answer = world.send(&at(host, "/nowhere").agent(agent));
        assert_eq!(answer.status, status, "{agent} at {host}: {answer:?}");
    }
    let one = tokens::good("ann", "");
    let two = tokens::hs256(SECOND_SECRET.as_bytes(), &tokens::claims("ann", ""));
    for _ in 0..2 {
        world
            .send(&at("one.test", "/members").token(&one))
            .assert_status(200);
        world
            .send(&at("two.test", "/members").token(&two))
            .assert_status(200);
        world
            .send(&at("two.test", "/members").token(&one))
            .assert_status(401);
        world
            .send(&at("one.test", "/members").token(&two))
            .assert_status(401);
    }
}

#[test]
fn hosts_are_matched_in_canonical_form_and_unknown_ones_are_421() {
    let Some(world) = world() else { return };
    for host in ["ONE.test", "one.test.", "one.test:8080", "One.Test.:80"] {
        let answer = world.send(&at(host, "/products/1"));
        assert_eq!(answer.assert_status(200).json()["id"], 1, "{host}");
    }
    world
        .send(&at("deep.two.test", "/products/2"))
        .assert_status(200);
    for host in [
        "three.test",
        "test",
        "xone.test",
        "one.test.evil.test",
        "127.0.0.1",
        "[::1]",
    ] {
        let answer = world.send(&at(host, "/products/1"));
        assert_eq!(answer.status, 421, "{host}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{host}"
        );
        let record = world.record(&answer);
        assert!(record.get("site").is_none(), "{record}");
    }
}
