//! Redis: for components that the manifest lets reach it, and behind key-value stores.

use lockgate_tests::app::App;
use lockgate_tests::redis::Redis;
use lockgate_tests::{AppSetup, h2c};

fn one(settings: &str) -> AppSetup {
    AppSetup::new(&format!(
        "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n\
         [component.a]\nsource = \"{{p3}}\"\n{settings}"
    ))
}

fn denied(app: &App, target: &str) -> String {
    app.get(target).assert_status(418).text()
}

#[test]
fn a_component_reaches_the_servers_that_it_was_given() {
    let Some(redis) = Redis::start() else { return };
    let port = redis.address.port();
    let target = format!("/redis?redis://127.0.0.1:{port},k");
    let by_name = format!("/redis?redis://localhost:{port},n");
    let start = |entry: &str| one(&format!("allowed_outbound_hosts = [{entry:?}]\n")).start();

    let Some(app) = start(&format!("redis://127.0.0.1:{port}")) else {
        return;
    };
    let expected = "Some(\"one\") 2 Error::TypeError [\"a\", \"b\"] 1 \
                    [RedisResult::Int64(7), RedisResult::Binary([120]), RedisResult::Nil, \
                    RedisResult::Binary([121]), RedisResult::Status(\"OK\")] 3";
    assert_eq!(app.text(&target), expected);
    assert!(denied(&app, &by_name).contains("InvalidAddress"));
    assert!(denied(&app, "/redis?127.0.0.1,k").contains("InvalidAddress"));
    drop(app);

    // Another scheme, and everything, which is not everything private.
    let Some(app) = start(&format!("http://127.0.0.1:{port}")) else {
        return;
    };
    assert!(denied(&app, &target).contains("InvalidAddress"));
    drop(app);
    let Some(app) = start("*://*:*") else { return };
    assert!(denied(&app, &target).contains("private addresses only"));
    assert!(denied(&app, &by_name).contains("private addresses only"));
    drop(app);
    let Some(app) = start(&format!("redis://localhost:{port}")) else {
        return;
    };
    assert_eq!(app.text(&by_name), expected);
}

#[test]
fn a_key_value_store_in_redis_is_one_for_all_hosts() {
    let Some(redis) = Redis::start() else { return };
    let runtime = format!(
        "[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://{}/1\"\n",
        redis.address
    );
    let setup = one("key_value_stores = [\"default\"]\n")
        .file("runtime.toml", &runtime)
        .arguments(&["--runtime-config", "{dir}/runtime.toml"]);
    let (Some(first), Some(second)) = (setup.start(), setup.start()) else {
        return;
    };
    assert_eq!(first.text("/kv?one"), r#"None true ["k"] Some("one")"#);
    assert_eq!(
        second.text("/kv?two"),
        r#"Some("one") true ["k"] Some("two")"#
    );
    let mut sums: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = [&first, &second]
            .map(|app| {
                scope.spawn(|| {
                    let requests = (0..20)
                        .map(|_| h2c::get("http", "shop.test", "/increment?n"))
                        .collect();
                    app.h2().call_all(requests)
                })
            })
            .into_iter()
            .collect();
        let answers = threads.into_iter().flat_map(|t| t.join().expect("answers"));
        answers
            .map(|answer| answer.assert_status(200).text().parse().expect("a number"))
            .collect()
    });
    sums.sort_unstable();
    let expected: Vec<u64> = (1..=40).map(|n| n * 2).collect();
    assert_eq!(sums, expected);
    let swapped = first.text("/swap?s");
    assert_eq!(swapped, r#"true false [("s", Some([50])), ("none", None)]"#);
    // What is no number is an error, not the end of the store.
    assert!(denied(&first, "/increment?k").contains("not an integer"));
    assert_eq!(first.text("/increment?n"), "82");
    assert!(!first.dir().join(".spin").exists());
}

#[test]
fn a_store_whose_server_is_gone_is_an_error_and_comes_back() {
    let Some(redis) = Redis::start() else { return };
    let address = redis.address;
    let runtime =
        format!("[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://{address}\"\n");
    let setup = one("key_value_stores = [\"default\"]\n")
        .file("runtime.toml", &runtime)
        .arguments(&["--runtime-config", "{dir}/runtime.toml"]);
    let Some(app) = setup.start() else { return };
    assert_eq!(app.text("/increment?n"), "2");
    drop(redis);
    denied(&app, "/increment?n");
    let _redis = Redis::start_at(address);
    assert_eq!(app.text("/increment?n"), "2");
}

#[test]
fn a_store_in_another_file_is_configured_too() {
    let runtime = "[key_value_store.default]\ntype = \"spin\"\npath = \"other.db\"\n";
    let setup = one("key_value_stores = [\"default\"]\n")
        .file("runtime.toml", runtime)
        .arguments(&["--runtime-config", "{dir}/runtime.toml"]);
    let Some(app) = setup.start() else { return };
    assert_eq!(app.text("/kv?one"), r#"None true ["k"] Some("one")"#);
    assert!(app.dir().join("other.db").is_file());
    let wrong = setup.file("runtime.toml", &runtime.replace("path", "paht"));
    let Some(output) = wrong.check() else { return };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("runtime.toml:3:1: key_value_store.default.paht: unknown key"),
        "{said}"
    );
}
