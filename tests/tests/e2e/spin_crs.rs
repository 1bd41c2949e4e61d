//! The Core Rule Set in components for Spin: programs that are in the composed file, that are
//! pushed, and the middleware. `lockgate up --portable` serves them.

use std::path::{Path, PathBuf};
use std::process::Command;

use lockgate_compose::{Part, data, plug, preload};
use lockgate_shell::Package;
use lockgate_tests::app::App;
use lockgate_tests::artifacts::{self, Artifacts};
use lockgate_tests::crs::{self, rule_file};
use lockgate_tests::shop::Shop;
use lockgate_tests::{AppSetup, Request, until};
use tempfile::TempDir;

const ENCODED: &str = "1%27%20OR%20%271%27%3D%271";

const FORM: &str = "application/x-www-form-urlencoded";

/// What opens the push route of the gateway.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// One site in front of `{origin}`, for hosts that no other site has too.
const CONFIG: &str = r#"
version = 1
[listeners.unused]
addresses = ["192.0.2.1:1"]
[origins.shop]
url = "http://{origin}"
[sites.any]
hosts = ["localhost", "shop.test"]
rules = [{rules}]
[[sites.any.routes]]
path = "/"
origin = "shop"
[[sites.any.routes]]
path = "/{*rest}"
origin = "shop"
"#;

const GATEWAY: &str = r#"
[[trigger.http]]
route = "/..."
component = "gateway"
[component.gateway]
source = "{gateway}"
files = [{ source = "{policy}", destination = "/lockgate" }]
allowed_outbound_hosts = ["http://{origin}"]
key_value_stores = ["default"]
sqlite_databases = ["default"]
[component.gateway.variables]
push_token = "{token}"
"#;

const MIDDLEWARE: &str = r#"
[[trigger.http]]
route = "/..."
component = "app"
dependencies.middleware = [{ component = "waf" }]
[component.waf]
source = "{waf}"
[component.app]
source = "{p3}"
"#;

/// A folder with built policies: `plain` without rules, `crs` with the Core Rule Set, which is what
/// takes so long.
struct Built {
    artifacts: &'static Artifacts,
    dir: TempDir,
}

impl Built {
    fn new(origin: &str, keys: &str) -> Option<Self> {
        let artifacts = artifacts::find()?;
        let folder = crs::folder()?;
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).expect("it is written");
        };
        write("crs.toml", &rule_file(&folder, keys));
        for (name, rules) in [("plain", ""), ("crs", "\"crs.toml\"")] {
            let config = CONFIG.replace("{origin}", origin).replace("{rules}", rules);
            write(&format!("{name}.gateway.toml"), &config);
            let built = Command::new(&artifacts.lockgate)
                .args(["policy", "build", "--config"])
                .arg(dir.path().join(format!("{name}.gateway.toml")))
                .arg("--out")
                .arg(dir.path().join(name))
                .output()
                .expect("lockgate starts");
            let said = String::from_utf8_lossy(&built.stderr);
            assert!(built.status.success(), "{said}");
        }
        assert!(!dir.path().join("plain/policy.programs").exists());
        Some(Self { artifacts, dir })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("it was built")
    }

    /// A component with the programs of the Core Rule Set in it.
    fn with_programs(&self, component: &[u8], name: &str) -> PathBuf {
        let (bundle, programs) = (
            self.read("crs/policy.bundle"),
            self.read("crs/policy.programs"),
        );
        let ready = preload(component, &bundle, &programs).expect("the programs go in");
        std::fs::write(self.path(name), ready).expect("it is written");
        self.path(name)
    }
}

/// The gateway in front of the shop.
fn gateway(shop: &Shop, component: &Path, policy: &Path) -> Option<App> {
    let manifest = GATEWAY
        .replace("{gateway}", &component.to_string_lossy())
        .replace("{policy}", &policy.to_string_lossy())
        .replace("{origin}", &shop.address.to_string())
        .replace("{token}", TOKEN);
    AppSetup::new(&manifest).arguments(&["--portable"]).start()
}

fn browser(request: Request) -> Request {
    request.agent("Mozilla/5.0").header("Accept", "*/*")
}

fn attack() -> Request {
    browser(Request::get(&format!("/products?q={ENCODED}")))
}

fn form(target: &str, body: &str) -> Request {
    browser(Request::post(target, body)).header("Content-Type", FORM)
}

#[test]
fn rules_that_are_in_the_file_need_no_programs_beside_it() {
    let Some(artifacts) = artifacts::find() else {
        return;
    };
    let shop = Shop::start(artifacts, "Harbour & Pine");
    let Some(built) = Built::new(&shop.address.to_string(), "") else {
        return;
    };
    let Some(plain) = built.artifacts.composed("gateway.wasm") else {
        return;
    };
    let bytes = std::fs::read(&plain).expect("it was built");
    let ready = built.with_programs(&bytes, "ready.wasm");
    std::fs::rename(built.path("crs/policy.programs"), built.path("aside")).expect("moved");
    // Without them a file that has not got them refuses everything: nothing passes unseen.
    let Some(app) = gateway(&shop, &plain, &built.path("crs")) else {
        return;
    };
    let refused = app.send(&browser(Request::get("/products/1")));
    refused.assert_problem(503, "policy_not_loaded");
    assert_eq!(shop.requests("GET", "/products/1"), 0);
    drop(app);
    let Some(app) = gateway(&shop, &ready, &built.path("crs")) else {
        return;
    };
    app.send(&attack()).assert_problem(403, "blocked");
    let product = app.send(&browser(Request::get("/products/1")));
    product.assert_status(200);
    let note = "note=please+ring+twice";
    let passes = app.send(&form("/_test/echo", note));
    assert_eq!(passes.assert_status(200).text(), note);
    let blocked = app.send(&form("/_test/echo", &format!("note={ENCODED}")));
    blocked.assert_problem(403, "blocked");
    // Every instance has them, not only the first.
    for _ in 0..300 {
        app.send(&attack()).assert_problem(403, "blocked");
    }
}

#[test]
fn a_pushed_rule_set_is_in_force_and_goes_back() {
    let Some(artifacts) = artifacts::find() else {
        return;
    };
    let shop = Shop::start(artifacts, "Harbour & Pine");
    let Some(built) = Built::new(&shop.address.to_string(), "") else {
        return;
    };
    let Some(plain) = built.artifacts.composed("gateway.wasm") else {
        return;
    };
    let Some(app) = gateway(&shop, &plain, &built.path("plain")) else {
        return;
    };
    let status = || app.send(&attack()).status;
    assert_eq!(status(), 200);
    let push = |arguments: &[&str]| {
        let pushed = Command::new(&built.artifacts.lockgate)
            .args([
                "policy",
                "push",
                "--spin",
                &format!("http://{}", app.address),
            ])
            .args(arguments)
            .env("LOCKGATE_PUSH_TOKEN", TOKEN)
            .output()
            .expect("lockgate starts");
        let said = String::from_utf8_lossy(&pushed.stderr).into_owned();
        assert!(pushed.status.success(), "{said}");
        let said: serde_json::Value =
            serde_json::from_slice(&pushed.stdout).expect("the answer is JSON");
        said["package"].as_str().expect("a digest").to_owned()
    };
    let folder = |name: &str| built.path(name).to_string_lossy().into_owned();
    let with_rules = push(&["--from", &folder("crs")]);
    until("the rules", || (status() == 403).then_some(()));
    let without = push(&["--from", &folder("plain")]);
    assert_ne!(with_rules, without);
    until("no rules", || (status() == 200).then_some(()));
    // The programs were kept: the name is enough.
    assert_eq!(push(&["--package", &with_rules]), with_rules);
    until("the rules again", || (status() == 403).then_some(()));
    let product = app.send(&browser(Request::get("/products/1")));
    product.assert_status(200);
}

#[test]
fn the_middleware_runs_them_in_front_of_any_component() {
    let Some(built) = Built::new("app.spin.internal", "inspect_responses = true") else {
        return;
    };
    let parts = [
        ("lockgate_spin_waf.wasm", "lockgate_spin_waf"),
        ("policy.wasm", "lockgate_policy"),
    ];
    let mut files = Vec::new();
    for (name, crate_name) in parts {
        let Some(file) = built.artifacts.component(name, crate_name) else {
            return;
        };
        files.push(std::fs::read(file).expect("it was built"));
    }
    let package = Package::new(
        &built.read("crs/shell.json"),
        built.read("crs/policy.bundle"),
    );
    let package = package.expect("they belong together").to_bytes();
    let package = data(&package.expect("it has bytes")).expect("it becomes a component");
    let part = |name, bytes| Part { name, bytes };
    let composed = plug(
        part("waf", &files[0]),
        &[part("policy", &files[1]), part("package", &package)],
    );
    let waf = built.with_programs(&composed.expect("they fit"), "waf.wasm");
    let manifest = MIDDLEWARE.replace("{waf}", &waf.to_string_lossy());
    let Some(app) = AppSetup::new(&manifest).start() else {
        return;
    };
    app.send(&attack()).assert_problem(403, "blocked");
    let passes = app.send(&browser(Request::get("/hello")));
    assert_eq!(passes.assert_status(200).text(), "hello from WASI 0.3");
    let note = format!("note={}", "please+ring+twice+".repeat(20_000));
    let echoed = app.send(&form("/echo", &note));
    assert!(
        echoed.assert_status(200).text() == note,
        "it came otherwise"
    );
    let blocked = app.send(&form("/echo", &format!("note={ENCODED}")));
    blocked.assert_problem(403, "blocked");
}
