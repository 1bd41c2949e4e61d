//! The cache: what is stored, for whom, and how an answer says so.

use lockgate_tests::{Request, Response, Setup, World, tokens};
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
    let first = world.get("/inventory/1");
    first.assert_status(200);
    if first.header("cache-control").is_none() {
        assert!(world.get("/inventory/1").is_hit());
    } else {
        // The shop says no-store of its stock; a default never overrules that.
        assert!(!world.get("/inventory/1").is_hit());
    }
    // No cache configured: not even tried.
    let bypassed = world.get("/_test/headers");
    assert_eq!(bypassed.header("age"), None);
    assert!(!bypassed.is_hit());
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
