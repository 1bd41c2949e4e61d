//! Rate limits: the answer, the fields, all or none, and whose requests count together.

use lockgate_tests::{Request, Setup, World, tokens};

const CONFIG: &str = r#"
[server]
trusted_proxies = ["127.0.0.1"]

[secrets.key]
env = "TOKEN_KEY"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"

[rate_limits.clients]
key = ["client"]
windows = [{ requests = 5, per_s = 86400 }]
[rate_limits.dear]
key = ["client", "route"]
windows = [{ requests = 2, per_s = 86400 }]
[rate_limits.customers]
key = ["token"]
windows = [{ requests = 3, per_s = 86400 }, { requests = 100, per_s = 172800 }]

[sites.shop]
hosts = ["shop.test"]
rate_limits = ["clients"]
[[sites.shop.routes]]
path = "/dear"
respond = { body = "dear" }
rate_limits = ["dear"]
[[sites.shop.routes]]
path = "/cheap"
respond = { body = "cheap" }
[[sites.shop.routes]]
path = "/products/{id}"
origin = "shop"
rate_limits = ["dear"]
[[sites.shop.routes]]
path = "/inventory/{id}"
origin = "shop"

[sites.members]
hosts = ["members.test"]
[[sites.members.routes]]
path = "/badge"
respond = { body = "badge" }
sign_in = "customers"
rate_limits = ["customers"]
[[sites.members.routes]]
path = "/{*rest}"
origin = "shop"
sign_in = "customers"
rate_limits = ["customers"]
"#;

fn world() -> Option<World> {
    Setup::new(CONFIG).env("TOKEN_KEY", tokens::SECRET).start()
}

fn from(client: &str, target: &str) -> Request {
    Request::get(target).header("X-Forwarded-For", client)
}

#[test]
fn beyond_the_limit_is_429_with_its_fields() {
    let Some(world) = world() else { return };
    for left in (0..5).rev() {
        let answer = world.send(&from("203.0.113.1", "/inventory/1"));
        answer.assert_status(200);
        let field = answer.header("ratelimit").expect("RateLimit");
        assert!(
            field.contains(&format!("\"clients\";r={left};t=")),
            "{field}"
        );
        let policy = answer.header("ratelimit-policy").expect("RateLimit-Policy");
        assert_eq!(policy, "\"clients\";q=5;w=86400");
    }
    let refused = world.send(&from("203.0.113.1", "/inventory/1"));
    refused.assert_problem(429, "rate_limited");
    let after: u64 = refused
        .header("retry-after")
        .expect("Retry-After")
        .parse()
        .expect("seconds");
    assert!((1..=86_400).contains(&after), "{after}");
    assert!(
        refused
            .header("ratelimit")
            .expect("RateLimit")
            .contains("\"clients\";r=0;t=")
    );
    let record = world.record(&refused);
    assert_eq!(
        (&record["limits"], &record["limit"], &record["stage"]),
        (&"limited".into(), &"clients".into(), &"limits".into())
    );
    assert_eq!(world.shop.requests("GET", "/inventory/1"), 5);
    // Another client is not touched; nor another subnet of IPv6, but its neighbour is the same.
    world
        .send(&from("203.0.113.2", "/inventory/1"))
        .assert_status(200);
    for host in 0..5 {
        world
            .send(&from(&format!("2001:db8::{host}"), "/inventory/1"))
            .assert_status(200);
    }
    world
        .send(&from("2001:db8::ffff:1", "/inventory/1"))
        .assert_status(429);
    world
        .send(&from("2001:db8:0:1::1", "/inventory/1"))
        .assert_status(200);
}

#[test]
fn what_one_limit_refuses_is_charged_to_none() {
    let Some(world) = world() else { return };
    let client = "203.0.113.9";
    for _ in 0..2 {
        world.send(&from(client, "/products/1")).assert_status(200);
    }
    for _ in 0..10 {
        let refused = world.send(&from(client, "/products/1"));
        refused.assert_problem(429, "rate_limited");
        assert_eq!(world.record(&refused)["limit"], "dear");
    }
    // Two of five are charged, whatever was refused: three are left.
    for left in (0..3).rev() {
        let answer = world.send(&from(client, "/inventory/1"));
        assert!(
            answer
                .assert_status(200)
                .header("ratelimit")
                .is_some_and(|field| field.contains(&format!("\"clients\";r={left};"))),
            "{answer:?}"
        );
    }
    world.send(&from(client, "/inventory/1")).assert_status(429);
}

#[test]
fn a_blocked_or_unknown_request_is_not_charged() {
    let Some(world) = world() else { return };
    let client = "203.0.113.20";
    for _ in 0..10 {
        world.send(&from(client, "/nowhere")).assert_status(404);
    }
    let answer = world.send(&from(client, "/inventory/1"));
    assert!(
        answer
            .header("ratelimit")
            .is_some_and(|field| field.contains("r=4")),
        "{answer:?}"
    );
}

#[test]
fn a_token_is_counted_by_its_subject() {
    let Some(world) = world() else { return };
    let ask = |token: &str| {
        world.send(
            &Request::get("/products/1")
                .host("members.test")
                .token(token),
        )
    };
    let ann = tokens::good("ann", "");
    let mut claims = tokens::claims("ann", "");
    claims["jti"] = "second".into();
    let ann_again = tokens::hs256(tokens::SECRET.as_bytes(), &claims);
    for token in [&ann, &ann_again, &ann] {
        let answer = ask(token);
        let policy = answer
            .assert_status(200)
            .header("ratelimit-policy")
            .expect("a policy");
        assert!(
            policy.contains("q=3;w=86400") && policy.contains("q=100;w=172800"),
            "{policy}"
        );
    }
    ask(&ann_again).assert_problem(429, "rate_limited");
    ask(&tokens::good("bob", "")).assert_status(200);
    // A token that is refused charges nobody.
    for _ in 0..5 {
        ask("forged.token.here").assert_status(401);
    }
    ask(&tokens::good("carl", "")).assert_status(200);
}

#[test]
fn a_hit_in_the_cache_is_charged_too() {
    let config = CONFIG.replace(
        "path = \"/inventory/{id}\"\norigin = \"shop\"",
        "path = \"/inventory/{id}\"\norigin = \"shop\"\n[[sites.shop.routes]]\npath = \"/_test/cache/{*rest}\"\norigin = \"shop\"\ncache = { audience = \"shared\" }",
    );
    let Some(world) = Setup::new(&config).env("TOKEN_KEY", tokens::SECRET).start() else {
        return;
    };
    let request = from("203.0.113.30", "/_test/cache/x?cc=max-age=60");
    for i in 0..5 {
        assert_eq!(world.send(&request).assert_status(200).is_hit(), i > 0);
    }
    world.send(&request).assert_status(429);
}

#[test]
fn a_route_s_own_answer_is_charged() {
    let Some(world) = world() else { return };
    let client = "203.0.113.40";
    for _ in 0..2 {
        let answer = world.send(&from(client, "/dear"));
        assert_eq!(answer.assert_status(200).text(), "dear");
        assert!(answer.header("ratelimit").is_some(), "{answer:?}");
    }
    let refused = world.send(&from(client, "/dear"));
    refused.assert_problem(429, "rate_limited");
    assert_eq!(world.record(&refused)["limit"], "dear");
    // Two of the five of its site are spent.
    for _ in 0..3 {
        let answer = world.send(&from(client, "/cheap"));
        assert_eq!(answer.assert_status(200).text(), "cheap");
    }
    world
        .send(&from(client, "/cheap"))
        .assert_problem(429, "rate_limited");
}

#[test]
fn a_signed_in_route_s_own_answer_remembers_its_token() {
    let config = CONFIG.replace(
        "[secrets.key]",
        "[policy]\nunseen_signatures_per_s = 1\n\n[secrets.key]",
    );
    let Some(world) = Setup::new(&config).env("TOKEN_KEY", tokens::SECRET).start() else {
        return;
    };
    let token = tokens::good("ann", "");
    let badge = Request::get("/badge").host("members.test").token(&token);
    for _ in 0..3 {
        let answer = world.send(&badge);
        assert_eq!(answer.assert_status(200).text(), "badge");
    }
    world.send(&badge).assert_problem(429, "rate_limited");
}

#[test]
fn the_client_is_taken_from_the_field_that_is_named() {
    let config = CONFIG.replace("[server]", "[server]\nclient_address_from = \"forwarded\"");
    let Some(world) = Setup::new(&config).env("TOKEN_KEY", tokens::SECRET).start() else {
        return;
    };
    let ask = |forged: usize| {
        let forged = format!("198.51.100.{forged}");
        world.send(&from(&forged, "/cheap").header("Forwarded", "for=203.0.113.50;proto=https"))
    };
    for i in 0..5 {
        ask(i).assert_status(200);
    }
    let refused = ask(5);
    refused.assert_problem(429, "rate_limited");
    assert_eq!(world.record(&refused)["client"], "203.0.113.50");
}
