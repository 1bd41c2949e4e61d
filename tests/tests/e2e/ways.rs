//! The gate run in other ways: the list of what is left out, and records that are the same.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_tests::{Request, Setup, Way, World, tokens, way};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Every test of this program, as `module::name`.
fn tests() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    let files = std::fs::read_dir(folder).expect("the tests' folder");
    let mut names = BTreeSet::new();
    for file in files {
        let path = file.expect("a file").path();
        let module = path.file_stem().expect("a name").to_string_lossy();
        let source = std::fs::read_to_string(&path).unwrap_or_default();
        let mut marked = false;
        for line in source.lines() {
            if let (true, Some(rest)) = (marked, line.strip_prefix("fn ")) {
                let name = rest.split('(').next().unwrap_or_default();
                names.insert(format!("{module}::{name}"));
            }
            marked = line == "#[test]" || (marked && line.starts_with("#["));
        }
    }
    names
}

#[test]
fn the_list_names_tests_that_there_are_each_once() {
    let tests = tests();
    assert!(tests.contains("ways::the_list_names_tests_that_there_are_each_once"));
    for entry in way::left_out() {
        assert!(entry.reason.len() > 20, "no reason: {entry:?}");
        let ways = entry.ways.iter().filter(|way| **way != Way::Native).count();
        assert!(ways > 0 && ways == entry.ways.len(), "{entry:?}");
    }
    for way in [Way::Portable, Way::Spin] {
        let entries = way::left_out()
            .iter()
            .filter(|entry| entry.ways.contains(&way));
        let patterns = entries.flat_map(|entry| &entry.tests);
        let mut taken = BTreeSet::new();
        for pattern in patterns {
            let module = pattern.strip_suffix("::*");
            let named: Vec<&String> = tests
                .iter()
                .filter(|test| match module {
                    Some(module) => test.split("::").next() == Some(module),
                    None => *test == pattern,
                })
                .collect();
            assert!(!named.is_empty(), "tests/ways.toml: no test {pattern:?}");
            for test in named {
                assert!(taken.insert(test), "{} has {test} twice", way.name());
            }
        }
    }
}

/// A member of the record that may differ from `lockgate run`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    member: String,
    /// Only in the records of this path.
    path: Option<String>,
    reason: String,
}

impl Difference {
    fn covers(&self, member: &str, record: &Map<String, Value>) -> bool {
        let here = |path: &String| record.get("path").is_some_and(|value| value == path);
        self.member == member && self.path.as_ref().is_none_or(here)
    }
}

fn differences() -> Vec<Difference> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        difference: Vec<Difference>,
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/record-differences.toml");
    let text = std::fs::read_to_string(file).expect("the list");
    let list: List = toml::from_str(&text).expect("tests/record-differences.toml");
    list.difference
}

const CONFIG: &str = r#"
[server]
trusted_proxies = ["127.0.0.1"]
body_bytes_max = 1000

[secrets.key]
env = "TOKEN_KEY"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"
audience = ["shop"]
[rate_limits.dear]
key = ["client"]
windows = [{ requests = 1, per_s = 86400 }]

[sites.shop]
hosts = ["shop.test"]
rules = ["rules.toml"]
[[sites.shop.routes]]
name = "product"
path = "/products/{id}"
methods = ["GET"]
origin = "shop"
cache = { audience = "shared" }
[[sites.shop.routes]]
path = "/_test/{*rest}"
origin = "shop"
[[sites.shop.routes]]
path = "/orders"
origin = "shop"
sign_in = "customers"
scopes = ["orders"]
[[sites.shop.routes]]
path = "/dear"
respond = { body = "dear" }
rate_limits = ["dear"]
[[sites.shop.routes]]
path = "/pictures/{name}"
origin = "shop"
image = { widths = [160] }
[[sites.shop.routes]]
path = "/faults/{*rest}"
origin = "faults"
strip_prefix = "/faults"
[[sites.shop.routes]]
path = "/no-picture"
origin = "shop"
add_prefix = "/_test/status/200"
image = { }

[sites.watched]
hosts = ["watched.test"]
rules = ["watched.toml"]
[[sites.watched.routes]]
path = "/{*rest}"
origin = "shop"
"#;

/// A release of two rules.
const WATCHED: &str = r#"
[crs]
path = "release"
body_bytes_max = 1024
inspect_responses = true
"#;
const RELEASE: &str = r#"
SecRule ARGS "@contains an attack" "id:10,phase:2,deny,status:403,msg:'An attack'"
SecRule RESPONSE_BODY "@contains a secret" "id:11,phase:4,deny,status:403,msg:'A leak'"
"#;

const RULES: &str = r#"
[ip_sets.office]
addresses = ["192.0.2.0/24"]
[user_agent_lists.bad]
contains = ["badbot"]
[user_agent_lists.libraries]
starts_with = ["curl/"]
[[rules]]
name = "office"
priority = 1
action = "allow"
statement = { ip_set = "office" }
[[rules]]
name = "libraries"
priority = 2
action = "count"
statement = { user_agent_list = "libraries" }
[[rules]]
name = "bad"
priority = 3
action = "block"
statement = { user_agent_list = "bad" }
"#;

/// Requests that leave through every exit, in this order.
fn requests() -> Vec<Request> {
    let get = Request::get;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let forged = tokens::hs256(&[b'k'; 40], &tokens::claims("eve", "orders"));
    let mut requests = vec![
        get("/products/1").header("traceparent", trace),
        get("/products/1").header("Cookie", "session=1"),
        get("/products/1").header("If-None-Match", "*"),
        get("/products/1").header("Cache-Control", "only-if-cached"),
        get("/products/2").header("Cache-Control", "only-if-cached"),
        get("/products/999999"),
        Request::new("HEAD", "/products/1"),
        Request::new("DELETE", "/products/1"),
        get("/products/3?access_token=secret&a=b"),
        get("/products/1").agent("a badbot"),
        get("/products/1").agent("curl/8 badbot"),
        get("/products/4")
            .agent("badbot")
            .header("X-Forwarded-For", "192.0.2.7"),
        get("/nowhere"),
        get("/%00"),
        get("/products/1").host("unknown.test"),
        get("/orders"),
        get("/orders").token(&forged),
        get("/orders").token(&tokens::good("ann", "orders")),
        get("/orders").token(&tokens::good("ann", "orders")),
        get("/orders").token(&tokens::good("ann", "others")),
        get("/dear"),
        get("/dear"),
        get("/dear").header("X-Forwarded-For", "2001:db8::1"),
        get("/pictures/1.jpg?w=160"),
        get("/pictures/1.jpg?w=160"),
        get("/pictures/1.jpg?w=7"),
        get("/no-picture"),
        Request::post("/_test/echo", "hello"),
        Request::post("/_test/echo", vec![b'x'; 1001]),
        get("/_test/bytes/300?chunked=1"),
        get("/_test/status/304"),
    ];
    let form = |body: &str| {
        let kind = "application/x-www-form-urlencoded";
        Request::post("/_test/echo", body).header("Content-Type", kind)
    };
    let watched = [
        get("/products/1"),
        get("/products/1?q=an+attack"),
        form("q=fine"),
        form("q=an+attack"),
        Request::post("/_test/echo", "a secret").header("Content-Type", "text/plain"),
        form(&"x".repeat(1001)),
    ];
    requests.extend(watched.map(|request| request.host("watched.test")));
    for fault in ["garbage", "close", "hang", "two-lengths"] {
        requests.push(get(&format!("/faults/{fault}")));
    }
    for status in [204, 500] {
        requests.push(get(&format!("/_test/status/{status}")));
    }
    requests
}

/// The records of a gate that is run in this way; `None` where it is not built.
fn seen(way: Way) -> Option<Vec<Map<String, Value>>> {
    let setup = Setup::new(CONFIG)
        .file("rules.toml", RULES)
        .file("watched.toml", WATCHED)
        .file("release/crs-setup.conf", "")
        .file("release/rules/two.conf", RELEASE);
    let world: World = setup.env("TOKEN_KEY", tokens::SECRET).start_as(way)?;
    let records = requests().into_iter().map(|request| {
        let mut record = world.record(&world.send(&request));
        // How long it took is measured; that it was is not.
        if let Some(us) = record.pointer_mut("/inspection/us") {
            *us = us.is_u64().into();
        }
        record.as_object().expect("an object").clone()
    });
    Some(records.collect())
}

/// Holds the records of a way against those of `lockgate run`, member by member.
fn compare(way: Way) {
    let differences = differences();
    let (Some(native), Some(other)) = (seen(Way::Native), seen(way)) else {
        return;
    };
    let mut faults = Vec::new();
    for (request, (ours, theirs)) in requests().into_iter().zip(native.iter().zip(&other)) {
        let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        for name in names {
            let (one, two) = (ours.get(name), theirs.get(name));
            let listed = differences.iter().any(|known| known.covers(name, ours));
            // What differs is there in both or in neither.
            let fits = one.is_some() == two.is_some();
            if one != two && !(listed && fits) {
                let (method, target) = (&request.method, &request.target);
                faults.push(format!("{method} {target}: {name}: {one:?}, then {two:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // A member that is not looked at here is not listed.
    for difference in &differences {
        assert!(difference.reason.len() > 10, "{}", difference.member);
        let told = native
            .iter()
            .any(|record| record.keys().any(|name| difference.covers(name, record)));
        assert!(told, "no record has {:?}", difference.member);
    }
}

#[test]
fn records_of_the_component_in_our_host_are_the_same() {
    compare(Way::Portable);
}

#[test]
fn records_of_the_component_under_spin_are_the_same() {
    if way::spin().is_none() {
        eprintln!("SKIPPED records under Spin: there is no `spin` on PATH");
        return;
    }
    compare(Way::Spin);
}
