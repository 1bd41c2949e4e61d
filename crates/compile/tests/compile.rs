//! From files to a bundle: orders, sharing, reproducibility, faults.

use std::fs;
use std::path::Path;

use lockgate_auth::KeySource;
use lockgate_bundle::{Bundle, KeyPart, digest};
use lockgate_compile::{Compiled, Fault, compile};
use lockgate_config::{Sources, load};

const GATEWAY: &str = r#"
version = 1

[origins.api]
url = "http://127.0.0.1:9000"

[secrets.key]
file = "key"

[sign_in.customers]
algorithms = ["HS256"]
secret = "key"

[rate_limits.b]
key = ["token", "client"]
windows = [{ requests = 1, per_s = 1 }]

[rate_limits.a]
key = ["site"]
windows = [{ requests = 1, per_s = 1 }]

[sites.zoo]
hosts = ["zoo.example"]
rules = ["two.toml", "one.toml"]
routes = [{ path = "/z", origin = "api" }]

[sites.art]
hosts = ["art.example"]
rules = ["one.toml", "two.toml"]
rate_limits = ["b"]

[[sites.art.routes]]
path = "/late"
origin = "api"
rate_limits = ["a", "b"]
sign_in = "customers"

[[sites.art.routes]]
path = "/café/{id}"
origin = "api"
strip_prefix = "/café"

[sites.open]
hosts = ["open.example"]
"#;

/// A rule file whose lists have the same names as those of the other file.
fn rules(name: &str, priority: u32, pattern: &str) -> String {
    format!(
        r#"
[user_agent_lists.agents]
contains = ["{pattern}"]

[user_agent_lists.nobody_asks_for]
contains = ["unused"]

[[rules]]
name = "{name}"
priority = {priority}
action = "block"
statement = {{ user_agent_list = "agents" }}
"#
    )
}

fn write(folder: &Path, gateway: &str) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    write("gateway.toml", gateway);
    write("one.toml", &rules("first", 10, "sqlmap"));
    write("two.toml", &rules("second", 5, "nikto"));
    write("key", "0123456789abcdef0123456789abcdef");
}

fn compiled(gateway: &str) -> Result<Compiled, Vec<Fault>> {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), gateway);
    let loaded = load(&Sources {
        base: folder.path().join("gateway.toml"),
        ..Sources::default()
    });
    compile(&loaded.unwrap_or_else(|refused| panic!("{refused}")))
}

#[test]
fn indexes_follow_names_and_files() {
    let bundle = compiled(GATEWAY).expect("compiled").bundle;
    let sites: Vec<_> = bundle.sites.iter().map(|site| site.name.as_str()).collect();
    assert_eq!(sites, ["art", "open", "zoo"]);
    let routes: Vec<_> = bundle
        .plans
        .iter()
        .map(|plan| (plan.site, plan.name.as_str()))
        .collect();
    assert_eq!(routes, [(0, "/late"), (0, "/café/{id}"), (2, "/z")]);
    let limits: Vec<_> = bundle
        .limits
        .iter()
        .map(|limit| limit.name.as_str())
        .collect();
    assert_eq!(limits, ["a", "b"]);
    // Those of site and route, each once.
    assert_eq!(bundle.plans[0].limits, [0, 1]);
    assert_eq!(bundle.plans[1].limits, [1]);
    assert_eq!(bundle.limits[1].key, [KeyPart::Client, KeyPart::Token]);
    // Prefixes are those of canonical paths.
    assert_eq!(bundle.plans[1].strip_prefix, "/caf%C3%A9");
}

#[test]
fn sites_with_the_same_rules_share_a_firewall() {
    let bundle = compiled(GATEWAY).expect("compiled").bundle;
    let firewalls: Vec<_> = bundle.sites.iter().map(|site| site.firewall).collect();
    assert_eq!(firewalls, [Some(0), None, Some(0)]);
    assert_eq!(bundle.rule_names, ["second", "first"]);
    // Each file sees its own list; a list that no rule names is left out.
    assert_eq!(bundle.firewalls[0].compiled.user_agent_lists.len(), 2);
}

#[test]
fn rules_that_a_gateway_would_never_match_are_refused() {
    let rule = |when: &str| {
        format!("[[rules]]\nname = \"r\"\npriority = 1\naction = \"block\"\nwhen = '{when}'\n")
    };
    let refused = |when: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), GATEWAY);
        fs::write(folder.path().join("two.toml"), rule(when)).expect("written");
        let loaded = load(&Sources {
            base: folder.path().join("gateway.toml"),
            ..Sources::default()
        });
        compile(&loaded.unwrap_or_else(|refused| panic!("{refused}"))).map(|_| ())
    };
    for runs in [
        "path starts_with \"/admin\"",
        "body contains \"x\"",
        "tls_fingerprint contains \"x\"",
    ] {
        assert_eq!(refused(runs), Ok(()));
    }
    for (when, reason) in [
        ("country in [\"DE\"]", "there is no geo.country_database"),
        ("asn in 64500", "there is no geo.asn_database"),
    ] {
        let faults = refused(when).expect_err(when);
        let text = faults.iter().map(ToString::to_string).collect::<String>();
        assert!(text.contains(reason), "{when}: {text}");
    }
}

#[test]
fn the_same_configuration_gives_the_same_bytes() {
    let one = compiled(GATEWAY).expect("compiled");
    // In another folder.
    let two = compiled(GATEWAY).expect("compiled");
    assert_eq!(one, two);
    assert_eq!(one.digest, digest(&one.bytes).to_string());
    assert_eq!(Bundle::from_bytes(&one.bytes), Ok(one.bundle));
    let other = compiled(&GATEWAY.replace("/late", "/later")).expect("compiled");
    assert_ne!(one.digest, other.digest);
    assert_eq!(two.bundle.sign_in_digest(), other.bundle.sign_in_digest());
    let leeway = GATEWAY.replace("secret = \"key\"", "secret = \"key\"\nleeway_s = 5");
    let leeway = compiled(&leeway).expect("compiled");
    assert_ne!(two.bundle.sign_in_digest(), leeway.bundle.sign_in_digest());
}

#[test]
fn secrets_overlap_in_their_order() {
    let two = GATEWAY
        .replace(
            "secret = \"key\"",
            "secrets = [\"new\", \"key\"]\ntoken_types = [\"at+jwt\"]",
        )
        .replace(
            "[secrets.key]",
            "[secrets.new]\nfile = \"key\"\n\n[secrets.key]",
        );
    let bundle = compiled(&two).expect("compiled").bundle;
    let sign_in = &bundle.sign_ins[0].compiled;
    let KeySource::Secrets(secrets) = &sign_in.keys else {
        panic!("{sign_in:?}")
    };
    let names: Vec<_> = secrets.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["new", "key"]);
    assert_eq!(sign_in.token_types, ["at+jwt"]);
}

#[test]
fn no_secret_is_in_a_bundle() {
    let bytes = compiled(GATEWAY).expect("compiled").bytes;
    let secret = b"0123456789abcdef";
    assert!(!bytes.windows(secret.len()).any(|window| window == secret));
}

#[test]
fn faults_name_their_key() {
    let many = GATEWAY.replace("[\"HS256\"]", "[\"HS256\", \"HS384\"]");
    let faults = compiled(&many).expect_err("two algorithms for one secret");
    assert_eq!(
        texts(&faults),
        ["11:14: sign_in.customers.algorithms: a secret serves one algorithm: name only that one"]
    );
}

/// Faults without the name of the file.
fn texts(faults: &[Fault]) -> Vec<String> {
    let cut = |fault: &Fault| {
        let text = fault.to_string();
        let place = text
            .split_once("gateway.toml:")
            .map(|(_, rest)| rest.to_owned());
        place.unwrap_or(text)
    };
    faults.iter().map(cut).collect()
}

#[test]
fn limits_that_cannot_be_charged_are_refused() {
    let windows = "windows = [{ requests = 1, per_s = 1 }]";
    let twice = "windows = [{ requests = 1, per_s = 1 }, { requests = 5, per_s = 1 }]";
    let faults = compiled(&GATEWAY.replacen(windows, twice, 1)).expect_err("two of one length");
    assert_eq!(
        texts(&faults),
        ["16:25: rate_limits.b.windows: limit \"b\" has two windows of 1s"]
    );
    let burst = "windows = [{ requests = 1, per_s = 31536000, burst = 1000000000 }]";
    let faults = compiled(&GATEWAY.replacen(windows, burst, 1)).expect_err("out of range");
    assert!(texts(&faults)[0].contains("out of range"), "{faults:?}");

    let names = |range: std::ops::Range<u32>| {
        let names: Vec<_> = range.map(|n| format!("\"l{n}\"")).collect();
        names.join(", ")
    };
    let mut many = GATEWAY
        .replace(
            "rate_limits = [\"b\"]",
            &format!("rate_limits = [{}]", names(0..5)),
        )
        .replace(
            "rate_limits = [\"a\", \"b\"]",
            &format!("rate_limits = [{}]", names(5..9)),
        );
    for n in 0..9 {
        many.push_str(&format!(
            "\n[rate_limits.l{n}]\nkey = [\"client\"]\n{windows}\n"
        ));
    }
    let faults = compiled(&many).expect_err("nine limits on a route");
    let reason = "with those of its site the route has 9 limits; at most 8 are allowed";
    assert!(
        texts(&faults)[0].ends_with(&format!("sites.art.routes[0].rate_limits: {reason}")),
        "{faults:?}"
    );
    let eight = many.replace(", \"l8\"", "");
    assert_eq!(
        compiled(&eight).expect("eight").bundle.plans[0]
            .limits
            .len(),
        8
    );
}

#[test]
fn the_gateway_file_of_the_demo_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let loaded = load(&Sources {
        base: root.join("gateway.toml"),
        ..Sources::default()
    });
    let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
    let compiled = compile(&loaded).unwrap_or_else(|faults| panic!("{faults:?}"));
    let routes = loaded.config.sites.values().map(|site| site.routes.len());
    assert_eq!(compiled.bundle.plans.len(), routes.sum::<usize>());
    assert_eq!(Bundle::from_bytes(&compiled.bytes), Ok(compiled.bundle));
}

#[test]
fn an_open_route_beside_a_signed_in_one_is_told() {
    let told = |more: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let gateway = GATEWAY.replace("[sites.open]", &format!("{more}\n[sites.open]"));
        write(folder.path(), &gateway);
        let loaded = load(&Sources {
            base: folder.path().join("gateway.toml"),
            ..Sources::default()
        })
        .unwrap_or_else(|refused| panic!("{refused}"));
        let bundle = compile(&loaded).expect("compiled").bundle;
        texts(&lockgate_compile::warnings(&loaded, &bundle))
    };
    assert_eq!(told(""), Vec::<String>::new());
    let catch_all = "[[sites.art.routes]]\npath = \"/{*rest}\"\norigin = \"api\"\n";
    assert_eq!(
        told(catch_all),
        [
            "33:8: sites.art.routes[0].path: is signed in, but the open route \"/{*rest}\" takes \
          \"/late/\": if the origin reads both alike, nobody needs to sign in"
        ]
    );
    let signed_in = format!("{catch_all}sign_in = \"customers\"\n");
    assert_eq!(told(&signed_in), Vec::<String>::new());
}
