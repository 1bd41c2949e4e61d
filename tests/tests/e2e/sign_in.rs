//! Sign-in: good tokens, forged ones, and what the shop learns of the customer.

use lockgate_auth::{Algorithm, MintKey, mint};
use lockgate_tests::{Request, Response, Setup, World, tokens};
use serde_json::{Value, json};

const CONFIG: &str = r#"
[secrets.key]
env = "TOKEN_KEY"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"
audience = ["shop"]
leeway_s = 0
[sign_in.partners]
algorithms = ["ES256", "EdDSA"]
jwks_file = "keys.json"
leeway_s = 0

[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/orders"
origin = "shop"
sign_in = "customers"
scopes = ["orders"]
[[sites.shop.routes]]
path = "/_test/headers"
origin = "shop"
sign_in = "customers"
[[sites.shop.routes]]
path = "/_test/headers/{*rest}"
origin = "shop"
[[sites.shop.routes]]
path = "/partners"
respond = { body = "partner" }
sign_in = "partners"
[[sites.shop.routes]]
path = "/staff"
respond = { body = "staff" }
sign_in = "customers"
claims = { role = ["staff", "admin"] }
"#;

struct Keys {
    partner: MintKey,
}

fn world() -> Option<(World, Keys)> {
    let partner = MintKey::generate(Algorithm::Es256)
        .expect("a key pair")
        .with_kid("p1");
    let jwks = partner.public_jwks().expect("a public half");
    let setup = Setup::new(CONFIG)
        .env("TOKEN_KEY", tokens::SECRET)
        .file("keys.json", &jwks);
    Some((setup.start()?, Keys { partner }))
}

fn orders(world: &World, token: &str) -> Response {
    world.send(&Request::get("/orders").token(token))
}

#[test]
fn a_good_token_opens_and_the_shop_learns_who_it_is() {
    let Some((world, keys)) = world() else { return };
    let token = tokens::good("ann", "orders other");
    for _ in 0..3 {
        orders(&world, &token).assert_status(200);
    }
    let headers = world.send(
        &Request::get("/_test/headers")
            .token(&token)
            .header("X-Customer", "root"),
    );
    let json = headers.assert_status(200).json();
    let customers: Vec<_> = json["headers"]
        .as_array()
        .expect("headers")
        .iter()
        .filter(|pair| {
            pair[0]
                .as_str()
                .is_some_and(|n| n.eq_ignore_ascii_case("x-customer"))
        })
        .map(|pair| pair[1].as_str().unwrap_or_default())
        .collect();
    assert_eq!(customers, ["ann"]);
    // Without sign-in nobody is anybody.
    let open = world.send(&Request::get("/_test/headers/x").header("X-Customer", "root"));
    assert!(
        !open.assert_status(200).text().contains("root"),
        "{}",
        open.text()
    );
    let record = world.record(&headers);
    assert!(
        record["subject"]
            .as_str()
            .is_some_and(|s| s.len() == 16 && s != "ann"),
        "{record}"
    );
    let claims = json!({ "sub": "partner", "exp": tokens::now_s() + 60 });
    let token = mint(&keys.partner, claims.as_object().expect("claims")).expect("signed");
    for _ in 0..2 {
        world
            .send(&Request::get("/partners").token(&token))
            .assert_status(200);
    }
}

#[test]
fn lockgate_token_makes_one_that_is_taken() {
    let Some((world, _)) = world() else { return };
    std::fs::write(world.dir().join("secret.txt"), tokens::SECRET).expect("a file");
    let config = world
        .config()
        .replace("env = \"TOKEN_KEY\"", "file = \"secret.txt\"");
    world.write("gateway.toml", &config);
    let made = world.lockgate(&[
        "token",
        "--sign-in",
        "customers",
        "--sub",
        "ann",
        "--scope",
        "orders",
    ]);
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    let token = String::from_utf8(made.stdout).expect("text");
    orders(&world, token.trim()).assert_status(200);
}

#[test]
fn forged_tokens_are_refused_each_for_its_reason() {
    let Some((world, keys)) = world() else { return };
    let good = tokens::good("ann", "orders");
    let with = |name: &str, value: Value| {
        let mut claims = tokens::claims("ann", "orders");
        claims[name] = value;
        tokens::hs256(tokens::SECRET.as_bytes(), &claims)
    };
    let without_exp = {
        let mut claims = tokens::claims("ann", "orders");
        claims.as_object_mut().expect("claims").remove("exp");
        tokens::hs256(tokens::SECRET.as_bytes(), &claims)
    };
    let now = tokens::now_s();
    let hs384 = MintKey::from_secret(Algorithm::Hs384, &[7; 48]).expect("a secret");
    let claims = tokens::claims("ann", "orders");
    let hs384 = mint(&hs384, claims.as_object().expect("claims")).expect("signed");
    let cut = good[..good.len() - 4].to_owned();
    let cases: Vec<(&str, String, u16, &str)> = vec![
        (
            "alg none",
            tokens::unsigned(&good),
            401,
            "token_algorithm_not_allowed",
        ),
        (
            "alg None",
            tokens::with_header(&good, &json!({ "alg": "None" })),
            401,
            "token_algorithm_not_allowed",
        ),
        (
            "a wrong key",
            tokens::hs256(&[b'k'; 40], &tokens::claims("ann", "orders")),
            401,
            "token_signature_invalid",
        ),
        (
            "another algorithm",
            hs384,
            401,
            "token_algorithm_not_allowed",
        ),
        ("a cut signature", cut, 401, "token_signature_invalid"),
        (
            "expired",
            with("exp", (now - 10).into()),
            401,
            "token_expired",
        ),
        (
            "not yet valid",
            with("nbf", (now + 3600).into()),
            401,
            "token_not_yet_valid",
        ),
        (
            "for another",
            with("aud", "bank".into()),
            401,
            "token_audience_wrong",
        ),
        ("without expiry", without_exp, 401, "token_expiry_missing"),
        (
            "no token at all",
            "nonsense".to_owned(),
            401,
            "token_malformed",
        ),
        (
            "without the scope",
            tokens::good("ann", "others"),
            403,
            "scope_missing",
        ),
    ];
    for (what, token, status, code) in cases {
        // Twice: memory never changes a verdict.
        for _ in 0..2 {
            let answer = orders(&world, &token);
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            answer.assert_problem(status, code);
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{what}: {challenge}");
            assert_eq!(world.record(&answer)["stage"], "sign_in", "{what}");
        }
    }
    let missing = world.get("/orders");
    missing.assert_problem(401, "token_missing");
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    assert_eq!(world.shop.requests("GET", "/orders"), 0);
    // A public key as an HMAC secret.
    let jwks = keys.partner.public_jwks().expect("a public half");
    let claims = json!({ "sub": "eve", "exp": now + 60 });
    let swapped = tokens::hs256(jwks.as_bytes(), &claims);
    let answer = world.send(&Request::get("/partners").token(&swapped));
    answer.assert_problem(401, "token_algorithm_not_allowed");
    // And with a header that names the partner's algorithm over that signature.
    let header = json!({ "alg": "ES256", "kid": "p1" });
    let answer =
        world.send(&Request::get("/partners").token(&tokens::with_header(&swapped, &header)));
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[test]
fn a_token_of_a_megabyte_is_refused_unread() {
    let config = format!("[server]\nheader_bytes_max = 1048576\n{CONFIG}");
    let keys = MintKey::generate(Algorithm::Es256)
        .expect("a key pair")
        .public_jwks();
    let setup = Setup::new(&config)
        .env("TOKEN_KEY", tokens::SECRET)
        .file("keys.json", &keys.expect("a public half"));
    let Some(world) = setup.start() else { return };
    let long = format!("{}.{}.x", "e".repeat(500_000), "f".repeat(500_000));
    orders(&world, &long).assert_problem(401, "token_too_large");
    orders(&world, &"g".repeat(8193)).assert_problem(401, "token_too_large");
    // Beyond the head's own limit.
    let longer = "h".repeat(1 << 20);
    let request = Request::get("/orders").token(&longer).to_bytes();
    world.raw(&request).assert_problem(431, "headers_too_large");
    orders(&world, &tokens::good("ann", "orders")).assert_status(200);
}

#[test]
fn claims_and_expiry_are_checked_in_every_call() {
    let Some((world, _)) = world() else { return };
    let with_role = |role: Value| {
        let mut claims = tokens::claims("ann", "");
        claims["role"] = role;
        tokens::hs256(tokens::SECRET.as_bytes(), &claims)
    };
    let ask = |token: &str| world.send(&Request::get("/staff").token(token));
    ask(&with_role("staff".into())).assert_status(200);
    ask(&with_role("customer".into())).assert_problem(403, "claim_mismatch");
    ask(&tokens::good("ann", "")).assert_problem(403, "claim_mismatch");
    // A remembered token ends when it ends.
    let mut claims = tokens::claims("ann", "orders");
    claims["exp"] = (tokens::now_s() + 2).into();
    let short = tokens::hs256(tokens::SECRET.as_bytes(), &claims);
    orders(&world, &short).assert_status(200);
    let ended = lockgate_tests::until("its end", || {
        let answer = orders(&world, &short);
        (answer.status == 401).then_some(answer)
    });
    ended.assert_problem(401, "token_expired");
}

#[test]
fn two_authorizations_are_none() {
    let Some((world, _)) = world() else { return };
    let token = tokens::good("ann", "orders");
    let twice = world.send(&Request::get("/orders").token(&token).token(&token));
    assert!([400, 401].contains(&twice.status), "{twice:?}");
    let basic = world.send(&Request::get("/orders").header("Authorization", "Basic YTpi"));
    basic.assert_problem(401, "token_missing");
}

/// A gate behind a proxy on this machine, so that a test can be many clients.
fn world_of_clients(signatures_per_s: u32) -> Option<World> {
    let config = format!(
        "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n\
         [policy]\nunseen_signatures_per_s = {signatures_per_s}\n{CONFIG}"
    );
    let keys = MintKey::generate(Algorithm::Es256)
        .expect("a key pair")
        .public_jwks();
    let setup = Setup::new(&config)
        .env("TOKEN_KEY", tokens::SECRET)
        .file("keys.json", &keys.expect("a public half"));
    setup.start()
}

fn orders_from(client: &str, token: &str) -> Request {
    Request::get("/orders")
        .token(token)
        .header("X-Forwarded-For", client)
}

fn forged(number: usize) -> String {
    tokens::hs256(
        &[b'k'; 40],
        &tokens::claims(&format!("eve{number}"), "orders"),
    )
}

#[test]
fn a_flood_of_unseen_signatures_stops_at_the_budget() {
    let Some(world) = world_of_clients(5) else {
        return;
    };
    let known = tokens::good("ann", "orders");
    orders(&world, &known).assert_status(200);
    let mut spent = 0;
    let mut client = world.connect();
    for i in 0..60 {
        let from = format!("203.0.113.{i}");
        let answer = client.call(&orders_from(&from, &forged(i)));
        if answer.status == 503 {
            answer.assert_problem(503, "signature_budget_spent");
            assert!(answer.header("retry-after").is_some());
            spent += 1;
        } else {
            answer.assert_problem(401, "token_signature_invalid");
        }
        // Who was seen before, and who needs no token, are served.
        client
            .call(&Request::get("/orders").token(&known))
            .assert_status(200);
        client
            .call(&Request::get("/_test/headers/x"))
            .assert_status(200);
    }
    assert!(spent > 0, "60 signatures within a budget of 5 a second");
}

#[test]
fn one_client_spends_its_share_of_the_budget_and_no_more() {
    // A share of 10 a second for each client.
    let Some(world) = world_of_clients(40) else {
        return;
    };
    let mut client = world.connect();
    let mut spent = Vec::new();
    for i in 0..120 {
        // The addresses of one IPv6 network are one client.
        let from = format!("2001:db8::{i:x}");
        let answer = client.call(&orders_from(&from, &forged(i)));
        if answer.status == 429 {
            answer.assert_problem(429, "signature_share_spent");
            assert!(answer.header("retry-after").is_some());
            spent.push(answer);
        } else {
            answer.assert_problem(401, "token_signature_invalid");
        }
        if i % 12 == 0 {
            let fresh = tokens::good(&format!("ann{i}"), "orders");
            client
                .call(&orders_from("203.0.113.1", &fresh))
                .assert_status(200);
        }
    }
    let refused = spent.first().expect("120 signatures within a share of 10");
    let record = world.record(refused);
    assert_eq!(
        (&record["stage"], &record["route"], &record["site"]),
        (&"sign_in".into(), &"/orders".into(), &"shop".into()),
        "{record}"
    );
}

#[test]
fn a_refused_token_costs_its_signature_once() {
    // A share of one signature a second.
    let Some(world) = world_of_clients(4) else {
        return;
    };
    let mut claims = tokens::claims("ann", "orders");
    claims["exp"] = (tokens::now_s() - 3600).into();
    let expired = tokens::hs256(tokens::SECRET.as_bytes(), &claims);
    let unfit = tokens::good("ann", "others");
    let cases = [
        ("203.0.113.1", forged(1), 401, "token_signature_invalid"),
        ("203.0.113.2", expired, 401, "token_expired"),
        ("203.0.113.3", unfit, 403, "scope_missing"),
    ];
    let mut client = world.connect();
    for (from, token, status, code) in cases {
        for _ in 0..20 {
            client
                .call(&orders_from(from, &token))
                .assert_problem(status, code);
        }
    }
}

#[test]
fn an_old_and_a_new_secret_overlap() {
    let config = CONFIG
        .replacen("secret = \"key\"", "secrets = [\"new\", \"key\"]", 1)
        .replace(
            "[secrets.key]",
            "[secrets.new]\nenv = \"NEW_KEY\"\n[secrets.key]",
        );
    let keys = MintKey::generate(Algorithm::Es256)
        .expect("a key pair")
        .public_jwks();
    let fresh = "the-new-secret-of-the-tests-0123456789";
    let setup = Setup::new(&config)
        .env("TOKEN_KEY", tokens::SECRET)
        .env("NEW_KEY", fresh)
        .file("keys.json", &keys.expect("a public half"));
    let Some(world) = setup.start() else { return };
    let old = tokens::good("ann", "orders");
    let new = tokens::hs256(fresh.as_bytes(), &tokens::claims("ben", "orders"));
    for token in [&old, &new] {
        orders(&world, token).assert_status(200);
    }
    orders(&world, &forged(1)).assert_problem(401, "token_signature_invalid");
    // The old one goes.
    let gone = world
        .config()
        .replace("secrets = [\"new\", \"key\"]", "secrets = [\"new\"]");
    world.write("gateway.toml", &gone);
    let refused = lockgate_tests::until("the end of the old secret", || {
        let answer = orders(&world, &old);
        (answer.status != 200).then_some(answer)
    });
    refused.assert_problem(401, "token_signature_invalid");
    orders(&world, &new).assert_status(200);
}
