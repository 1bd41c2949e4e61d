//! The gateway of a Spin app, as `lockgate up` serves it: on the host's own path, and as the
//! composed component that Spin runs. The same manifest, the same answers.

use lockgate_tests::app::App;
use lockgate_tests::redis::Redis;
use lockgate_tests::shop::Shop;
use lockgate_tests::{AppSetup, Request, artifacts, tokens, until};

const CONFIG: &str = r#"
version = 1
[listeners.unused]
addresses = ["192.0.2.1:1"]
[record]
path = "unused.jsonl"

[origins.shop]
url = "http://moved.invalid"
[origins.three]
url = "http://three.spin.internal"

[secrets.key]
env = "LOCKGATE_TEST_NOBODY_SETS_THIS"
[sign_in.customers]
algorithms = ["HS256"]
secret = "key"

[rate_limits.dear]
key = ["client"]
windows = [{ requests = 2, per_s = 86400 }]

[sites.shop]
hosts = ["shop.test"]
rules = ["rules.toml"]
[[sites.shop.routes]]
path = "/products/{id}"
origin = "shop"
cache = { audience = "shared" }
[[sites.shop.routes]]
path = "/orders"
origin = "shop"
sign_in = "customers"
[[sites.shop.routes]]
path = "/dear"
respond = { body = "dear" }
rate_limits = ["dear"]
[[sites.shop.routes]]
path = "/pictures/{name}"
origin = "shop"
image = { widths = [160] }
[[sites.shop.routes]]
path = "/three/{*rest}"
origin = "three"
"#;

const RULES: &str = r#"
[user_agent_lists.bad]
contains = ["badbot"]
[[rules]]
name = "bad"
priority = 1
action = "block"
statement = { user_agent_list = "bad" }
"#;

const MANIFEST: &str = r#"
[variables]
key = { required = true, secret = true }
[[trigger.http]]
route = "/..."
component = "gateway"
[component.gateway]
source = "{gateway}"
files = [{ source = "policy", destination = "/lockgate" }]
allowed_outbound_hosts = ["http://{shop}", "http://three.spin.internal", "http://image.spin.internal"]
key_value_stores = ["default"]
sqlite_databases = ["default"]
[component.gateway.variables]
secret_key = "{{ key }}"
origin_shop = "http://{shop}"
[component.gateway.tool.lockgate]
policy = "{policy}"
config = "gateway.toml"
[[trigger.http]]
route = "/beside/..."
component = "three"
[[trigger.http]]
route = { private = true }
component = "image"
[component.image]
source = "{image_http}"
[component.three]
source = "{p3}"
"#;

/// How the gateway is served.
const WAYS: [&[&str]; 2] = [&[], &["--portable"]];

/// The app and its shop; `None` where something is not built.
fn setup(change: impl Fn(&str) -> String) -> Option<(AppSetup, Shop)> {
    let artifacts = artifacts::find()?;
    let shop = Shop::start(artifacts, "Harbour & Pine");
    let manifest = change(MANIFEST)
        .replace(
            "{gateway}",
            &artifacts.composed("gateway.wasm")?.to_string_lossy(),
        )
        .replace(
            "{image_http}",
            &artifacts.composed("image-http.wasm")?.to_string_lossy(),
        )
        .replace(
            "{policy}",
            &artifacts.components.join("policy.wasm").to_string_lossy(),
        )
        .replace("{shop}", &shop.address.to_string());
    let setup = AppSetup::new(&manifest)
        .file("gateway.toml", CONFIG)
        .file("rules.toml", RULES)
        .env("SPIN_VARIABLE_KEY", tokens::SECRET)
        .policy("gateway.toml", "policy");
    Some((setup, shop))
}

fn each_way(check: impl Fn(&App, &Shop, bool)) {
    for way in WAYS {
        let Some((setup, shop)) = setup(str::to_owned) else {
            return;
        };
        let Some(app) = setup.arguments(way).start() else {
            return;
        };
        check(&app, &shop, way.is_empty());
    }
}

#[test]
fn the_gate_decides_alike_on_both_paths() {
    each_way(|app, shop, native| {
        let blocked = app.send(&Request::get("/products/1").agent("badbot/1"));
        blocked.assert_problem(403, "blocked");
        assert_eq!(shop.requests("GET", "/products/1"), 0);
        app.get("/orders").assert_status(401);
        let signed_in = Request::get("/orders").token(&tokens::good("ada", "orders"));
        let signed_in = app.send(&signed_in);
        assert!(![401, 403].contains(&signed_in.status), "{signed_in:?}");
        for _ in 0..2 {
            assert_eq!(app.text("/dear"), "dear");
        }
        app.get("/dear").assert_problem(429, "rate_limited");
        if native {
            let record = app.record(&blocked);
            assert_eq!(record["stage"], "firewall", "{record}");
            assert_eq!(record["site"], "shop", "{record}");
            assert!(record["bundle"].is_string(), "{record}");
        }
    });
}

#[test]
fn origins_are_the_shop_and_a_component_and_answers_are_cached() {
    each_way(|app, shop, _| {
        let mut client = app.connect();
        let product = Request::get("/products/1");
        client.call(&product).assert_status(200);
        until("a stored answer", || {
            client.call(&product).is_hit().then_some(())
        });
        let asked = shop.requests("GET", "/products/1");
        assert!(client.call(&product).is_hit());
        assert_eq!(shop.requests("GET", "/products/1"), asked);
        assert_eq!(app.text("/three/hello"), "hello from WASI 0.3");
        let picture = app.get("/pictures/1.jpg?w=160");
        picture.assert_status(200);
        let picture = image::load_from_memory(&picture.body).expect("a picture");
        assert_eq!(picture.width(), 160);
    });
}

#[test]
fn other_routes_of_the_app_are_served_beside_the_gate() {
    each_way(|app, _, native| {
        let answer = app.get("/beside/hello");
        assert_eq!(answer.assert_status(200).text(), "hello from WASI 0.3");
        let record = app.record(&answer);
        assert_eq!(record["route"], "/beside/...", "{record}");
        assert_eq!(record["origin"], "three", "{record}");
        assert!(record.get("bundle").is_none_or(serde_json::Value::is_null));
        assert_eq!(app.text("/.well-known/spin/health"), "OK");
        app.get("/nothing/here")
            .assert_problem(404, "route_not_found");
        assert_eq!(native, !app.dir().join(".spin").exists());
    });
}

#[test]
fn limits_in_redis_count_for_all_hosts() {
    let Some(redis) = Redis::start() else { return };
    let url = format!("redis://{}", redis.address);
    let with_redis = |manifest: &str| {
        let hosts = format!("allowed_outbound_hosts = [\"{url}\", ");
        let variable = format!("redis_url = \"{url}\"\nsecret_key = ");
        manifest
            .replacen("allowed_outbound_hosts = [", &hosts, 1)
            .replacen("secret_key = ", &variable, 1)
    };
    let Some((setup, _shop)) = setup(with_redis) else {
        return;
    };
    let setup = setup.arguments(&["--portable"]);
    let (Some(first), Some(second)) = (setup.start(), setup.start()) else {
        return;
    };
    assert_eq!(first.text("/dear"), "dear");
    assert_eq!(second.text("/dear"), "dear");
    for app in [&first, &second] {
        app.get("/dear").assert_problem(429, "rate_limited");
    }
}

#[test]
fn a_bundle_of_another_configuration_is_warned_of() {
    let Some((setup, _shop)) = setup(str::to_owned) else {
        return;
    };
    let other = CONFIG.replace("requests = 2", "requests = 3");
    let setup = setup.file("gateway.toml", &other);
    let Some(app) = setup.start() else { return };
    let said = app.logs().join("\n");
    assert!(!said.contains("by another configuration"), "{said}");
    drop(app);
    let Some(app) = setup.after_policy("gateway.toml", CONFIG).start() else {
        return;
    };
    let warning = until("the warning", || {
        let logs = app.logs();
        logs.into_iter()
            .find(|line| line.contains("by another configuration"))
    });
    let warning: serde_json::Value = serde_json::from_str(&warning).expect("a JSON line");
    for digest in ["mounted", "compiled"] {
        assert_eq!(
            warning[digest].as_str().map(str::len),
            Some(64),
            "{warning}"
        );
    }
    assert_ne!(warning["mounted"], warning["compiled"]);
    for _ in 0..2 {
        app.get("/dear").assert_status(200);
    }
    app.get("/dear").assert_status(429);
}

#[test]
fn what_the_gate_cannot_stand_for_is_refused_with_its_place() {
    let middleware =
        "component = \"gateway\"\ndependencies.middleware = [{ component = \"three\" }]\n";
    for (from, to, expected) in [
        (
            "config = \"gateway.toml\"\n",
            "",
            "policy: needs \"config\" beside it",
        ),
        (
            "\"gateway.toml\"",
            "\"none.toml\"",
            "config: there is no such file",
        ),
        (
            "route = \"/...\"",
            "route = \"/gate/...\"",
            "route: the gate can only stand for",
        ),
        (
            "route = \"/...\"",
            "route = { private = true }",
            "policy: the gate can only stand for",
        ),
        (
            "component = \"gateway\"\n",
            middleware,
            "with middleware in front of it",
        ),
        (
            "\"http://three.spin.internal\", ",
            "",
            "origins.three.url: http://three.spin.internal is not in \
             component.gateway.allowed_outbound_hosts",
        ),
        (
            "origin_shop = \"",
            "origin_shop = \"x",
            "the variable origin_shop: ",
        ),
        (
            "secret_key = ",
            "secret_other = ",
            "secrets.key: the environment variable",
        ),
    ] {
        let Some((setup, _shop)) = setup(|manifest| manifest.replacen(from, to, 1)) else {
            return;
        };
        let Some(output) = setup.check() else { return };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(expected),
            "{expected}: {said}"
        );
    }
}
