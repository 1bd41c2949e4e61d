//! What a component of a Spin app has, and that it has nothing else.

use lockgate_tests::app::App;
use lockgate_tests::{AppSetup, RawOrigin, h2c};

fn one(settings: &str) -> AppSetup {
    AppSetup::new(&format!(
        "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n\
         [component.a]\nsource = \"{{p3}}\"\n{settings}"
    ))
}

/// What a component says of something that it does not have.
fn denied(app: &App, target: &str) -> String {
    app.get(target).assert_status(418).text()
}

#[test]
fn files_are_read_and_not_written() {
    let settings = r#"files = ["pages/*.txt", { source = "data", destination = "/data" }]
                      exclude_files = ["pages/secret.txt"]"#;
    let setup = one(settings)
        .file("pages/a.txt", "page a")
        .file("pages/secret.txt", "secret")
        .file("data/deep/b.txt", "data b");
    // With exclusions folders are copied; without they are shown as they are.
    let plain = one(r#"files = [{ source = "data", destination = "/data" }]"#)
        .file("data/deep/b.txt", "data b");
    for setup in [setup, plain] {
        let Some(app) = setup.start() else { return };
        assert_eq!(app.text("/file?/data/deep/b.txt"), "data b");
        denied(&app, "/write?/data/new.txt");
        denied(&app, "/write?/data/deep/b.txt");
        denied(&app, "/file?/data/../spin.toml");
        denied(&app, "/file?/etc/passwd");
        assert!(!app.dir().join("data/new.txt").exists());
    }
    let Some(app) = one(settings)
        .file("pages/a.txt", "page a")
        .file("pages/secret.txt", "secret")
        .file("data/deep/b.txt", "data b")
        .start()
    else {
        return;
    };
    assert_eq!(app.text("/file?/pages/a.txt"), "page a");
    denied(&app, "/file?/pages/secret.txt");
}

#[test]
fn variables_and_environment_are_those_of_the_manifest() {
    let manifest = r#"
        [variables]
        secret = { required = true, secret = true }
        mode = { default = "slow" }
        [[trigger.http]]
        route = "/..."
        component = "a"
        [component.a]
        source = "{p3}"
        environment = { GIVEN = "yes" }
        [component.a.variables]
        url = "https://{{ mode }}.test/{{ secret }}"
    "#;
    let setup = AppSetup::new(manifest)
        .env("SPIN_VARIABLE_SECRET", "hunter-s3cret")
        .env("SPIN_VARIABLE_MODE", "fast");
    let Some(app) = setup.start() else { return };
    assert_eq!(app.text("/variable?url"), "https://fast.test/hunter-s3cret");
    assert!(denied(&app, "/variable?secret").contains("Undefined"));
    assert_eq!(app.text("/env?GIVEN"), "yes");
    denied(&app, "/env?SPIN_VARIABLE_SECRET");
    denied(&app, "/env?PATH");
    let logs = app.logs().join("\n");
    assert!(
        !logs.contains("hunter-s3cret"),
        "a secret is in the log: {logs}"
    );
}

#[test]
fn only_named_hosts_are_reached_and_private_addresses_only_by_name() {
    let origin = RawOrigin::serve(vec![("/x", "text/plain", b"from outside".to_vec())]);
    let port = origin.address.port();
    let url = format!("/fetch?http://127.0.0.1:{port}/x");
    let by_name = format!("/fetch?http://localhost:{port}/x");
    let start = |entry: &str| one(&format!("allowed_outbound_hosts = [{entry:?}]\n")).start();

    let Some(app) = start(&format!("http://127.0.0.1:{port}")) else {
        return;
    };
    assert_eq!(app.text(&url), "200 OK from outside");
    assert!(denied(&app, &by_name).contains("HttpRequestDenied"));
    let other = format!("/fetch?http://127.0.0.1:{}/x", port.wrapping_add(1));
    assert!(denied(&app, &other).contains("HttpRequestDenied"));
    drop(app);

    // Everything allowed is not everything private allowed.
    let Some(app) = start("*://*:*") else { return };
    assert!(denied(&app, &url).contains("DestinationIpProhibited"));
    assert!(denied(&app, &by_name).contains("DestinationIpProhibited"));
    drop(app);

    let Some(app) = start(&format!("http://localhost:{port}")) else {
        return;
    };
    assert_eq!(app.text(&by_name), "200 OK from outside");
    // Sockets of its own lead nowhere.
    let socket = app.text(&format!("/socket?127.0.0.1:{port}"));
    assert!(socket.starts_with("Err"), "{socket}");
    drop(app);

    let Some(app) = one("").start() else { return };
    assert!(denied(&app, &url).contains("HttpRequestDenied"));
    assert!(denied(&app, "/fetch?http://a.spin.internal/hello").contains("HttpRequestDenied"));
}

#[test]
fn key_value_stores_keep_what_was_set_and_open_by_name_only() {
    let Some(app) = one("key_value_stores = [\"default\"]\n").start() else {
        return;
    };
    assert_eq!(app.text("/kv?one"), r#"None true ["k"] Some("one")"#);
    assert_eq!(app.text("/kv?two"), r#"Some("one") true ["k"] Some("two")"#);
    assert!(app.text("/kv-deny?other").contains("AccessDenied"));
    let file = app.dir().join(".spin/sqlite_key_value.db");
    assert!(file.is_file(), "{}", file.display());
}

#[test]
fn increments_and_swaps_are_atomic() {
    let Some(app) = one("key_value_stores = [\"default\"]\n").start() else {
        return;
    };
    let requests = (0..40)
        .map(|_| h2c::get("http", "shop.test", "/increment?n"))
        .collect();
    let mut sums: Vec<u64> = app
        .h2()
        .call_all(requests)
        .iter()
        .map(|answer| answer.assert_status(200).text().parse().expect("a number"))
        .collect();
    sums.sort_unstable();
    let expected: Vec<u64> = (1..=40).map(|n| n * 2).collect();
    assert_eq!(sums, expected);
    let swapped = app.text("/swap?s");
    assert_eq!(swapped, r#"true false [("s", Some([50])), ("none", None)]"#);
    // What is no number is an error, not the end of the store.
    assert!(denied(&app, "/increment?s").contains("no number"));
    assert_eq!(app.text("/increment?n"), "82");
}

#[test]
fn databases_are_kept_and_lead_to_no_other_file() {
    let Some(app) = one("sqlite_databases = [\"default\"]\n").start() else {
        return;
    };
    let first = app.text("/sql?a");
    assert!(first.contains(r#"["id", "text"]"#), "{first}");
    assert!(first.contains("attached=false out=false"), "{first}");
    let second = app.text("/sql?b");
    assert!(
        second.contains(r#"Text("a")"#) && second.contains(r#"Text("b")"#),
        "{second}"
    );
    drop(app);
    let Some(app) = one("").start() else { return };
    assert!(denied(&app, "/sql?a").contains("AccessDenied"));
}
