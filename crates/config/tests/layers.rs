//! Layers, where values come from, and what is shown.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::Folder;
use lockgate_config::{
    CacheAudience, Cidr, Loaded, PatternKind, RouteAction, SecretSource, SignInKeys, Statement,
    show,
};

const BASE: &str = r#"version = 1

[server]
threads = 1
headers_max = 50
trusted_proxies = ["10.0.0.0/8", "::1"]

[secrets.token-key]
env = "TOKEN_KEY"

[origins.shop]
url = "http://127.0.0.1:9000"

[sign_in.app]
algorithms = ["HS256"]
secret = "token-key"

[sites.shop]
hosts = ["Shop.localhost"]
rules = ["./rules/default.toml"]

[[sites.shop.routes]]
path = "/products/{id}"
methods = ["GET"]
origin = "shop"
cache = { audience = "shared", default_ttl_s = 60 }

[[sites.shop.routes]]
path = "/health"
respond = { status = 204 }
"#;

const RULES: &str = r#"[ip_sets.office]
addresses = ["192.0.2.7"]
file = "office.txt"

[user_agent_lists.bots]
contains = ["BadBot"]
file = "bots.txt"

[[rules]]
name = "bots"
priority = 10
action = "block"
statement = { user_agent_list = "bots" }
"#;

fn folder() -> Folder {
    Folder::new(&[
        ("gateway.toml", BASE),
        ("rules/default.toml", RULES),
        (
            "rules/office.txt",
            "# office\n198.51.100.0/24 # floor 1\n\n",
        ),
        (
            "rules/bots.txt",
            "# bots\r\ncurl/\r\n^Wget\r\nspider$\r\n^-$\r\n  C# client \r\n",
        ),
    ])
}

#[track_caller]
fn loaded(folder: &Folder, overlays: &[&str], env: &[(&str, &str)]) -> Loaded {
    match folder.load_with(overlays, env) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{refused}"),
    }
}

/// What `show` says about the gateway, as `value  # origin` by path.
fn shown(folder: &Folder, loaded: &Loaded) -> BTreeMap<String, String> {
    show(loaded)
        .into_iter()
        .filter(|value| value.rules_file.is_none())
        .map(|value| {
            let text = format!("{}  # {}", value.value, value.origin);
            (value.path, folder.strip(&text))
        })
        .collect()
}

#[test]
fn the_types_hold_what_the_files_say() {
    let folder = folder();
    let loaded = loaded(&folder, &[], &[]);
    let config = &loaded.config;
    assert_eq!(config.server.threads, 1);
    assert_eq!(config.server.body_bytes_max, 10 * 1024 * 1024);
    let proxies: Vec<String> = config
        .server
        .trusted_proxies
        .iter()
        .map(|c| c.0.to_string())
        .collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
    let secret = &config.secrets["token-key"];
    assert_eq!(secret.source, SecretSource::Env("TOKEN_KEY".to_owned()));
    assert_eq!(
        config.sign_in["app"].keys,
        SignInKeys::Secret("token-key".to_owned())
    );
    assert_eq!(config.sign_in["app"].leeway_s, 60);
    let url = &config.origins["shop"].url;
    assert_eq!(
        (url.host(), url.port(), url.authority()),
        ("127.0.0.1", 9000, "127.0.0.1:9000")
    );
    let site = &config.sites["shop"];
    assert_eq!(site.hosts[0].as_str(), "shop.localhost");
    assert_eq!(site.rules, [folder.path("rules/default.toml")]);
    let [products, health] = site.routes.as_slice() else {
        panic!("two routes");
    };
    assert_eq!(products.label(), "/products/{id}");
    assert_eq!(products.action, RouteAction::Origin("shop".to_owned()));
    let cache = products.cache.as_ref().expect("a cache");
    assert_eq!(
        (cache.audience, cache.default_ttl_s),
        (CacheAudience::Shared, Some(60))
    );
    let RouteAction::Respond(respond) = &health.action else {
        panic!("an answer");
    };
    assert_eq!(
        (respond.status, respond.content_type.as_str()),
        (204, "text/plain; charset=utf-8")
    );
}

#[test]
fn lists_are_read_in() {
    let folder = folder();
    let loaded = loaded(&folder, &[], &[]);
    let rules = &loaded.rules[&folder.path("rules/default.toml")];
    let networks: Vec<String> = rules.ip_sets["office"]
        .networks()
        .map(String::from)
        .collect();
    assert_eq!(networks, ["192.0.2.7/32", "198.51.100.0/24"]);
    let patterns: Vec<_> = rules.user_agent_lists["bots"].patterns().collect();
    assert_eq!(
        patterns,
        [
            (PatternKind::Contains, "BadBot"),
            (PatternKind::Contains, "curl/"),
            (PatternKind::StartsWith, "Wget"),
            (PatternKind::EndsWith, "spider"),
            (PatternKind::Equals, "-"),
            (PatternKind::Contains, "C# client"),
        ]
    );
    assert_eq!(
        rules.rules[0].statement,
        Some(Statement::UserAgentList("bots".to_owned()))
    );
    let files: Vec<_> = [
        "gateway.toml",
        "rules/bots.txt",
        "rules/default.toml",
        "rules/office.txt",
    ]
    .map(|name| folder.path(name))
    .to_vec();
    assert_eq!(loaded.files, files);
}

#[test]
fn later_layers_win() {
    let folder = folder();
    folder.write(
        "overlays/a.toml",
        b"[server]\nthreads = 2\ntrusted_proxies = []\n[secrets.token-key]\nfile = \"key\"\n",
    );
    folder.write(
        "overlays/b.toml",
        b"server.threads = 3\n[origins.other]\nurl = \"http://other\"\n",
    );
    let loaded = loaded(
        &folder,
        &["overlays/a.toml", "overlays/b.toml"],
        &[("LOCKGATE__SERVER__HEADERS_MAX", "60"), ("PATH", "/bin")],
    );
    assert_eq!(loaded.config.server.threads, 3);
    assert_eq!(loaded.config.server.headers_max, 60);
    assert_eq!(loaded.config.server.trusted_proxies, Vec::<Cidr>::new());
    assert_eq!(loaded.config.origins.len(), 2);
    let source = &loaded.config.secrets["token-key"].source;
    assert_eq!(*source, SecretSource::File(folder.path("overlays/key")));
    let shown = shown(&folder, &loaded);
    assert_eq!(shown["server.threads"], "3  # overlays/b.toml:1:18");
    assert_eq!(
        shown["server.trusted_proxies"],
        "[]  # overlays/a.toml:3:19"
    );
    assert_eq!(
        shown["server.headers_max"],
        "60  # LOCKGATE__SERVER__HEADERS_MAX"
    );
    assert_eq!(shown["server.idle_timeout_ms"], "60000  # default");
    assert_eq!(
        shown["origins.shop.url"],
        "\"http://127.0.0.1:9000\"  # gateway.toml:12:7"
    );
    assert_eq!(
        shown["secrets.token-key.file"],
        "\"overlays/key\"  # overlays/a.toml:5:8"
    );
    assert!(!shown.contains_key("secrets.token-key.env"));
}

#[test]
fn the_environment_sets_values_of_every_kind() {
    let folder = folder();
    let loaded = loaded(
        &folder,
        &[],
        &[
            ("LOCKGATE__ADMIN__ADDRESS", "[::1]:9090"),
            ("LOCKGATE__ORIGINS__SHOP__PRESERVE_HOST", "false"),
            ("LOCKGATE__RECORD__MASK_CLIENT_ADDRESS", "subnet"),
            ("LOCKGATE__RECORD__PATH", "records.log"),
            ("LOCKGATE__SECRETS__TOKEN_KEY__FILE", "key"),
            ("PATH", "/bin"),
        ],
    );
    assert!(!loaded.config.origins["shop"].preserve_host);
    assert_eq!(
        Path::new(&loaded.config.record.path),
        folder.path("records.log")
    );
    let source = &loaded.config.secrets["token-key"].source;
    assert_eq!(*source, SecretSource::File(folder.path("key")));
    let shown = shown(&folder, &loaded);
    assert_eq!(
        shown["admin.address"],
        "\"[::1]:9090\"  # LOCKGATE__ADMIN__ADDRESS"
    );
    let mask = "\"subnet\"  # LOCKGATE__RECORD__MASK_CLIENT_ADDRESS";
    assert_eq!(shown["record.mask_client_address"], mask);
}

#[test]
fn everything_is_shown_with_its_origin() {
    let folder = folder();
    let loaded = loaded(&folder, &[], &[]);
    let shown = shown(&folder, &loaded);
    for (path, value) in [
        ("version", "1  # gateway.toml:1:11"),
        ("admin", "unset  # default"),
        ("image.pixels_max", "40000000  # default"),
        (
            "sites.shop.hosts",
            "[\"shop.localhost\"]  # gateway.toml:19:9",
        ),
        (
            "sites.shop.rules",
            "[\"rules/default.toml\"]  # gateway.toml:20:9",
        ),
        (
            "sites.shop.routes[0].origin",
            "\"shop\"  # gateway.toml:25:10",
        ),
        (
            "sites.shop.routes[0].cache.default_ttl_s",
            "60  # gateway.toml:26:48",
        ),
        ("sites.shop.routes[0].sign_in", "unset  # default"),
        (
            "sites.shop.routes[1].respond.status",
            "204  # gateway.toml:30:22",
        ),
        ("sites.shop.routes[1].respond.body", "\"\"  # default"),
    ] {
        assert_eq!(shown.get(path).map(String::as_str), Some(value), "{path}");
    }
    let rules: Vec<String> = show(&loaded)
        .iter()
        .filter(|value| value.rules_file.is_some())
        .map(|value| folder.strip(&value.to_string()))
        .collect();
    assert_eq!(
        rules,
        [
            "body_bytes_max = 65536  # default",
            "ip_sets.office.addresses = [\"192.0.2.7/32\"]  # rules/default.toml:2:13",
            "ip_sets.office.file = \"rules/office.txt\"  # rules/default.toml:3:8",
            "rules[0].action = \"block\"  # rules/default.toml:12:10",
            "rules[0].canary = unset  # default",
            "rules[0].expires = unset  # default",
            "rules[0].group = unset  # default",
            "rules[0].labels = []  # default",
            "rules[0].name = \"bots\"  # rules/default.toml:10:8",
            "rules[0].priority = 10  # rules/default.toml:11:12",
            "rules[0].response = unset  # default",
            "rules[0].statement.user_agent_list = \"bots\"  # rules/default.toml:13:33",
            "rules[0].status = unset  # default",
            "rules[0].when = unset  # default",
            "user_agent_lists.bots.contains = [\"BadBot\"]  # rules/default.toml:6:12",
            "user_agent_lists.bots.ends_with = []  # default",
            "user_agent_lists.bots.equals = []  # default",
            "user_agent_lists.bots.file = \"rules/bots.txt\"  # rules/default.toml:7:8",
            "user_agent_lists.bots.starts_with = []  # default",
        ]
    );
}

#[test]
fn a_refusal_names_the_files_to_watch() {
    let folder = folder();
    folder.write(
        "rules/default.toml",
        b"[user_agent_lists.bots]\nfile = \"new.txt\"\n[[rule]]\n",
    );
    let refused = folder.load().expect_err("a broken rule file");
    let wanted = ["gateway.toml", "rules/default.toml", "rules/new.txt"];
    assert_eq!(refused.files, wanted.map(|name| folder.path(name)));
}

#[test]
fn long_lists_load_quickly() {
    let folder = folder();
    let patterns: String = (0..150_000).map(|i| format!("crawler-{i}/1.0\n")).collect();
    folder.write("rules/bots.txt", patterns.as_bytes());
    let start = std::time::Instant::now();
    let loaded = loaded(&folder, &[], &[]);
    // Well under a second, unoptimised; the rest is room for a busy machine.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    let rules = &loaded.rules[&folder.path("rules/default.toml")];
    assert_eq!(rules.user_agent_lists["bots"].patterns().count(), 150_001);
    let inline: String = (0..150_000)
        .map(|i| format!("\"crawler-{i}/1.0\", "))
        .collect();
    folder.write(
        "rules/default.toml",
        format!("user_agent_lists.bots.contains = [{inline}]").as_bytes(),
    );
    let start = std::time::Instant::now();
    assert!(folder.load().is_ok());
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
