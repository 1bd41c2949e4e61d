//! The cache: what is stored, for whom, and how an answer says so.

use lockgate_tests::{RawOrigin, Request, Response, Setup, World, tokens, until};
use serde_json::Value;

const CONFIG: &str = r#"
[secrets.key]
env = "TOKEN_KEY"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"
audience = ["shop"]

[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/_test/cache/{*rest}"
origin = "shop"
cache = { audience = "shared" }
[[sites.shop.routes]]
path = "/_test/cache"
origin = "shop"
cache = { audience = "private" }
sign_in = "customers"
[[sites.shop.routes]]
path = "/products/{id}"
origin = "shop"
cache = { audience = "shared" }
[[sites.shop.routes]]
path = "/inventory/{id}"
origin = "shop"
cache = { audience = "shared", default_ttl_s = 60 }
[[sites.shop.routes]]
path = "/_test/cache/default/{*rest}"
origin = "shop"
cache = { audience = "shared", default_ttl_s = 60 }
[[sites.shop.routes]]
path = "/_test/cache/signed/{*rest}"
origin = "shop"
cache = { audience = "shared" }
sign_in = "customers"
[[sites.shop.routes]]
path = "/_test/cache/bypass/{*rest}"
origin = "shop"
[[sites.shop.routes]]
path = "/pictures/{name}"
origin = "shop"
sign_in = "customers"
image = { }
[[sites.shop.routes]]
path = "/_test/headers"
origin = "shop"
"#;

fn world() -> Option<World> {
    Setup::new(CONFIG).env("TOKEN_KEY", tokens::SECRET).start()
}

/// The number that the shop gives each answer of `/_test/cache`.
fn number(response: &Response) -> Value {
    response.assert_status(200).json()["counter"].clone()
}

#[test]
fn a_fresh_answer_is_given_without_the_shop() {
    let Some(world) = world() else { return };
    let first = world.get("/products/1");
    first.assert_status(200);
    assert!(first.cache_status().contains("fwd=uri-miss"), "{first:?}");
    assert!(first.cache_status().contains("stored"), "{first:?}");
    let second = world.get("/products/1");
    assert!(second.assert_status(200).is_hit(), "{second:?}");
    assert_eq!(second.body, first.body);
    let age: u64 = second
        .header("age")
        .expect("Age")
        .parse()
        .expect("a number");
    assert!(age < 60, "{age}");
    for name in ["etag", "content-type", "cache-control", "last-modified"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
    assert_ne!(first.id(), second.id());
    assert_eq!(world.shop.requests("GET", "/products/1"), 1);
    assert_eq!(world.record(&first)["cache"], "stored");
    assert_eq!(world.record(&second)["cache"], "hit");
}

#[test]
fn what_the_shop_says_is_obeyed() {
    let Some(world) = world() else { return };
    // (query, whether a second request is a hit)
    let cases = [
        ("cc=max-age=60", true),
        ("cc=public,s-maxage=60", true),
        ("cc=s-maxage=0,max-age=60", false),
        ("cc=no-store,max-age=60", false),
        ("cc=private,max-age=60", false),
        ("cc=no-cache,max-age=60", false),
        ("cc=max-age=0", false),
        ("cc=max-age=60&age=120", false),
        ("cc=max-age=60&vary=*", false),
        ("cc=max-age=60&status=404", true),
        ("cc=max-age=60&status=500", true),
        ("status=500", false),
        ("cc=max-age=sixty", false),
        ("", false),
    ];
    for (i, (query, hit)) in cases.into_iter().enumerate() {
        let target = format!("/_test/cache/said/{i}?{query}");
        let (first, second) = (world.get(&target), world.get(&target));
        assert!(!first.is_hit(), "{query}: {first:?}");
        assert_eq!(second.is_hit(), hit, "{query}: {second:?}");
        assert_eq!(first.body == second.body, hit, "{query}");
    }
}

#[test]
fn an_answer_that_sets_a_cookie_is_nobody_elses() {
    let Some(world) = world() else { return };
    let target = "/_test/cache/cookie?cc=max-age=60&set_cookie=id%3D1";
    let (first, second) = (world.get(target), world.get(target));
    assert!(!second.is_hit(), "{second:?}");
    assert_ne!(number(&first), number(&second));
}

#[test]
fn a_route_gives_a_default_where_the_shop_says_nothing() {
    let Some(world) = world() else { return };
    let target = "/_test/cache/default/1";
    let first = world.get(target);
    assert_eq!(first.header("cache-control"), None);
    let second = world.get(target);
    assert!(second.is_hit(), "{second:?}");
    assert_eq!(number(&second), number(&first));
    // A default never overrules the shop, which says no-store of its stock.
    let stock = world.get("/inventory/1");
    let said = stock.assert_status(200).header("cache-control");
    assert_eq!(said, Some("no-store"));
    assert!(!world.get("/inventory/1").is_hit());
    // Nor does it reach a status that is not for keeping.
    let failed = "/_test/cache/default/2?status=500";
    assert!(!world.get(failed).is_hit() && !world.get(failed).is_hit());
    // No cache configured: not even tried.
    let bypassed = world.get("/_test/headers");
    assert_eq!(bypassed.header("age"), None);
    assert_eq!(bypassed.header("cache-status"), None);
}

#[test]
fn the_age_of_a_cache_behind_is_kept_where_none_is_counted() {
    let Some(world) = world() else { return };
    let bypassed = world.get("/_test/cache/bypass/1?age=30");
    assert_eq!(bypassed.header_all("age"), "30");
    let target = "/_test/cache/aged?cc=max-age=600&age=30";
    let miss = world.get(target);
    assert!(!miss.is_hit(), "{miss:?}");
    assert_eq!(miss.header_all("age"), "30");
    let hit = world.get(target);
    assert!(hit.is_hit(), "{hit:?}");
    let age: u64 = hit.header_all("age").parse().expect("one number");
    assert!((30..600).contains(&age), "{age}");
}

#[test]
fn a_get_with_a_body_is_neither_stored_nor_answered_from_the_store() {
    let Some(world) = world() else { return };
    let target = "/_test/cache/fat?cc=max-age=60";
    let fat = || {
        let mut request = Request::post(target, "poison");
        request.method = "GET".to_owned();
        request
    };
    let poisoned = world.send(&fat());
    assert!(
        poisoned.cache_status().contains("fwd=bypass"),
        "{poisoned:?}"
    );
    assert!(!poisoned.cache_status().contains("stored"), "{poisoned:?}");
    let plain = world.get(target);
    assert!(!plain.is_hit(), "{plain:?}");
    assert_ne!(number(&plain), number(&poisoned));
    let fat = world.send(&fat());
    assert_ne!(number(&fat), number(&plain));
    assert_eq!(world.record(&fat)["cache"], "bypass");
    assert!(world.get(target).is_hit());
}

#[test]
fn what_is_too_large_is_not_said_to_be_stored() {
    let config = format!("[cache]\nobject_bytes_max = 64\n{CONFIG}");
    let Some(world) = Setup::new(&config).env("TOKEN_KEY", tokens::SECRET).start() else {
        return;
    };
    let first = world.get("/products/1");
    assert!(first.assert_status(200).body.len() > 64);
    let status = first.cache_status();
    assert_eq!(
        status,
        "lockgate;fwd=uri-miss;fwd-status=200;detail=too-large"
    );
    assert!(!world.get("/products/1").is_hit());
    let small = "/_test/cache/s?cc=max-age=60";
    let stored = world.get(small);
    assert!(stored.cache_status().ends_with(";stored"), "{stored:?}");
    assert!(world.get(small).is_hit());
}

#[test]
fn variants_are_kept_apart() {
    let Some(world) = world() else { return };
    let ask = |language: &str| {
        world.send(
            &Request::get("/_test/cache/vary?cc=max-age=60&vary=Accept-Language")
                .header("Accept-Language", language),
        )
    };
    let (german, dutch) = (ask("de"), ask("nl"));
    assert_ne!(number(&german), number(&dutch));
    let german_again = ask("de");
    assert!(german_again.is_hit(), "{german_again:?}");
    assert_eq!(number(&german_again), number(&german));
    assert_eq!(number(&ask("nl")), number(&dutch));
    let english = ask("en");
    assert!(
        english.cache_status().contains("fwd=vary-miss"),
        "{english:?}"
    );
}

#[test]
fn variants_are_those_of_what_the_shop_was_told() {
    let Some(world) = world() else { return };
    let target = "/_test/cache/told?cc=max-age=60&vary=Accept-Language";
    let german = || Request::get(target).header("Accept-Language", "de");
    // Connection names the field, so the shop never sees it: the plain page, not the German one.
    let stripped = world.send(&german().header("Connection", "Accept-Language"));
    let asked = world.send(&german());
    assert!(!asked.is_hit(), "{asked:?}");
    assert_ne!(number(&asked), number(&stripped));
    let plain = world.get(target);
    assert!(plain.is_hit(), "{plain:?}");
    assert_eq!(number(&plain), number(&stripped));
    // What only the gate tells the shop is in no request that could be compared.
    for (vary, stored) in [
        ("X-Forwarded-For", false),
        ("X-Request-Id", false),
        ("Via", false),
        ("Forwarded", false),
        ("X-Forwarded-Proto", true),
        ("Host", true),
    ] {
        let target = format!("/_test/cache/gate?cc=max-age=60&vary={vary}");
        let (first, second) = (world.get(&target), world.get(&target));
        assert_eq!(second.is_hit(), stored, "{vary}: {first:?}");
    }
    let as_customer = |name: &str, vary: &str| {
        let target = format!("/_test/cache/signed/1?cc=max-age=60{vary}");
        world.send(&Request::get(&target).token(&tokens::good(name, "")))
    };
    let ann = as_customer("ann", "&vary=X-Customer");
    let bob = as_customer("bob", "&vary=X-Customer");
    assert!(!bob.is_hit(), "{bob:?}");
    assert_ne!(number(&ann), number(&bob));
    // Stated to be everybody's who may use the route.
    let (ann, bob) = (as_customer("ann", ""), as_customer("bob", ""));
    assert!(bob.is_hit(), "{bob:?}");
    assert_eq!(number(&ann), number(&bob));
}

#[test]
fn the_query_is_part_of_the_key_and_spelling_is_not() {
    let Some(world) = world() else { return };
    let one = world.get("/_test/cache/%71uery?cc=max-age=60&a=1");
    let same = world.get("/_test//cache/x/../query?cc=max-age=60&a=1");
    assert!(same.is_hit(), "{same:?}");
    assert_eq!(number(&one), number(&same));
    assert!(!world.get("/_test/cache/query?cc=max-age=60&a=2").is_hit());
}

#[test]
fn conditional_requests_are_answered_304_from_the_cache() {
    let Some(world) = world() else { return };
    let first = world.get("/products/3");
    let etag = first.header("etag").expect("an ETag").to_owned();
    let mut client = world.connect();
    let hit = client.call(&Request::get("/products/3").header("If-None-Match", &etag));
    assert_eq!(hit.assert_status(304).header("etag"), Some(etag.as_str()));
    assert!(hit.body.is_empty() && hit.is_hit(), "{hit:?}");
    let other = client.call(&Request::get("/products/3").header("If-None-Match", "\"other\""));
    assert_eq!(other.assert_status(200).body, first.body);
    let modified = first
        .header("last-modified")
        .expect("Last-Modified")
        .to_owned();
    let unmodified =
        client.call(&Request::get("/products/3").header("If-Modified-Since", &modified));
    unmodified.assert_status(304);
    assert_eq!(world.shop.requests("GET", "/products/3"), 1);
}

#[test]
fn head_is_answered_from_a_stored_get() {
    let Some(world) = world() else { return };
    let get = world.get("/products/4");
    let mut client = world.connect();
    let head = client.call(&Request::new("HEAD", "/products/4"));
    assert!(head.assert_status(200).is_hit(), "{head:?}");
    assert!(head.body.is_empty());
    assert_eq!(
        head.header("content-length"),
        Some(get.body.len().to_string().as_str())
    );
    client.call(&Request::get("/products/4")).assert_status(200);
    assert_eq!(world.shop.requests("HEAD", "/products/4"), 0);
    // The other way round: a stored HEAD is no answer to GET.
    world
        .connect()
        .call(&Request::new("HEAD", "/products/5"))
        .assert_status(200);
    let get = world.get("/products/5");
    assert!(!get.is_hit() && !get.body.is_empty(), "{get:?}");
}

#[test]
fn the_client_can_ask_for_more_but_not_for_less() {
    let Some(world) = world() else { return };
    let target = "/_test/cache/client?cc=max-age=60";
    let first = world.get(target);
    let only = world.send(&Request::get(target).header("Cache-Control", "only-if-cached"));
    assert_eq!(number(&only), number(&first));
    let missing = Request::get("/_test/cache/none?cc=max-age=60");
    let missing = world.send(&missing.header("Cache-Control", "only-if-cached"));
    missing.assert_problem(504, "only_if_cached");
    // An unsafe method is never answered from the store.
    let post = world.send(&Request::post(target, "x"));
    assert!(!post.is_hit(), "{post:?}");
}

#[test]
fn a_private_answer_is_its_subjects_alone() {
    let Some(world) = world() else { return };
    let ask = |subject: &str| {
        let target = "/_test/cache?cc=max-age=60";
        world.send(&Request::get(target).token(&tokens::good(subject, "")))
    };
    let ann = ask("ann");
    let ann_again = ask("ann");
    assert!(ann_again.is_hit(), "{ann_again:?}");
    assert_eq!(number(&ann), number(&ann_again));
    let bob = ask("bob");
    assert!(!bob.is_hit(), "{bob:?}");
    assert_ne!(number(&ann), number(&bob));
    // Another token of the same subject is the same person; none is refused, cache or not.
    let other = tokens::hs256(tokens::SECRET.as_bytes(), &{
        let mut claims = tokens::claims("ann", "");
        claims["jti"] = "other".into();
        claims
    });
    let same = world.send(&Request::get("/_test/cache?cc=max-age=60").token(&other));
    assert!(same.is_hit(), "{same:?}");
    world.get("/_test/cache?cc=max-age=60").assert_status(401);
}

#[test]
fn pictures_behind_a_sign_in_are_each_subjects_own() {
    let Some(world) = world() else { return };
    let ask = |subject: &str| {
        let request = Request::get("/pictures/1.jpg?w=100");
        let answer = world.send(&request.token(&tokens::good(subject, "")));
        answer.assert_status(200);
        answer
    };
    let ann = ask("ann");
    assert!(ann.cache_status().contains("stored"), "{ann:?}");
    assert!(ask("ann").is_hit());
    let bob = ask("bob");
    assert!(!bob.is_hit(), "{bob:?}");
    assert_eq!(world.shop.requests("GET", "/pictures/1.jpg"), 2);
}

#[test]
fn our_member_of_cache_status_comes_last() {
    let behind = "text/plain\r\nCache-Status: cdn;hit";
    let origin = RawOrigin::serve(vec![("/page", behind, b"page".to_vec())]);
    let config = format!(
        "[origins.raw]\nurl = \"http://{}\"\n[sites.shop]\nhosts = [\"shop.test\"]\n\
         [[sites.shop.routes]]\npath = \"/page\"\norigin = \"raw\"\n\
         cache = {{ audience = \"shared\" }}\n",
        origin.address
    );
    let Some(world) = Setup::new(&config).start() else {
        return;
    };
    let miss = world.get("/page").header_all("cache-status");
    assert!(
        miss.starts_with("cdn;hit, lockgate;fwd=uri-miss;"),
        "{miss}"
    );
    let get = lockgate_tests::h2c::get("http", "shop.test", "/page");
    let over_http2 = world.h2().call(get, "").expect("an answer");
    for hit in [world.get("/page"), over_http2] {
        let members = hit.header_all("cache-status");
        assert!(members.starts_with("cdn;hit, lockgate;hit;"), "{members}");
    }
}

#[test]
fn a_routes_own_fields_are_those_of_now_on_every_response() {
    let route = r#"
[secrets.key]
env = "TOKEN_KEY"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"
audience = ["shop"]
[rate_limits.one]
key = ["client"]
windows = [{ requests = 1, per_s = 86400 }]
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/products/{id}"
origin = "shop"
cache = { audience = "shared" }
response_headers = { "Content-Security-Policy" = "old" }
[[sites.shop.routes]]
path = "/orders"
origin = "shop"
sign_in = "customers"
response_headers = { "Access-Control-Allow-Origin" = "*", "Cache-Control" = "public" }
[[sites.shop.routes]]
path = "/hello"
respond = { body = "<p>", content_type = "text/plain" }
rate_limits = ["one"]
response_headers = { "Access-Control-Allow-Origin" = "*", "Content-Type" = "text/html" }
"#;
    let Some(world) = Setup::new(route).env("TOKEN_KEY", tokens::SECRET).start() else {
        return;
    };
    let page = || world.get("/products/1");
    let first = page();
    let said = first.header_all("cache-control");
    assert!(!said.is_empty() && !first.is_hit(), "{first:?}");
    for answer in [first, page()] {
        assert_eq!(answer.header_all("content-security-policy"), "old");
        assert_eq!(answer.header_all("cache-control"), said);
    }
    let old = world.config();
    let new = old.replace(
        "{ \"Content-Security-Policy\" = \"old\" }",
        "{ \"Content-Security-Policy\" = \"new\", \"Cache-Control\" = \"no-cache\" }",
    );
    for (config, policy, control) in [
        (new.as_str(), "new", "no-cache"),
        (old, "old", said.as_str()),
    ] {
        world.write("gateway.toml", config);
        let hit = until("the changed route", || {
            let answer = page();
            (answer.header_all("content-security-policy") == policy).then_some(answer)
        });
        assert!(hit.is_hit(), "{hit:?}");
        assert_eq!(hit.header_all("cache-control"), control);
    }
    assert_eq!(world.shop.requests("GET", "/products/1"), 1);

    // Refusals have them, too, but keep what is their own.
    let refused = world.get("/orders");
    refused.assert_problem(401, "token_missing");
    assert_eq!(refused.header_all("access-control-allow-origin"), "*");
    assert_eq!(refused.header_all("cache-control"), "no-store");
    let hello = world.get("/hello");
    assert_eq!(
        hello.assert_status(200).header_all("content-type"),
        "text/html"
    );
    let limited = world.get("/hello");
    limited.assert_problem(429, "rate_limited");
    assert_eq!(limited.header_all("access-control-allow-origin"), "*");
}

#[test]
fn a_body_that_was_cut_short_is_not_stored() {
    let config = CONFIG.replace(
        "[[sites.shop.routes]]\npath = \"/_test/headers\"",
        "[[sites.shop.routes]]\npath = \"/_test/truncate\"",
    );
    let config = config.replace(
        "path = \"/_test/truncate\"\norigin = \"shop\"",
        "path = \"/_test/truncate\"\norigin = \"shop\"\ncache = { audience = \"shared\", default_ttl_s = 60 }",
    );
    let Some(world) = Setup::new(&config).env("TOKEN_KEY", tokens::SECRET).start() else {
        return;
    };
    for _ in 0..2 {
        let cut = world.get("/_test/truncate?promise=10000&send=5000");
        assert!(cut.cut && !cut.is_hit(), "{cut:?}");
    }
    assert_eq!(world.shop.requests("GET", "/_test/truncate"), 2);
}
