//! Decision records, the admin address and the metrics.

use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Request, Setup, until};

#[test]
fn every_answer_has_one_record_whatever_the_exit() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let mut answers = vec![
        world.get("/products/1"),
        world.get("/products/999999"),
        world.get("/%00"),
        world.send(&Request::get("/").host("unknown.test")),
        world.send(&Request::new("HEAD", "/products/1")),
        world.raw(b"nonsense\r\n\r\n"),
    ];
    answers.extend(world.h2().call(
        lockgate_tests::h2c::get("http", "shop.test", "/products/2"),
        "",
    ));
    for answer in &answers {
        let record = world.record(answer);
        assert_eq!(record["status"], answer.status, "{record}");
        for member in [
            "time",
            "client",
            "http",
            "stage",
            "duration_us",
            "bundle",
            "component",
        ] {
            assert!(!record[member].is_null(), "no {member} in {record}");
        }
    }
    let mut ids: Vec<_> = world
        .records()
        .iter()
        .map(|r| r["id"].to_string())
        .collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(
        (ids.len(), count),
        (answers.len(), answers.len()),
        "one record each"
    );
}

#[test]
fn sessions_in_paths_are_redacted() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    let answer = world.get("/_test/headers/a;jsessionid=canary/b;v=1");
    let record = world.record(&answer);
    assert_eq!(
        record["path"], "/_test/headers/a;jsessionid=[redacted]/b;v=1",
        "{record}"
    );
    assert!(!record.to_string().contains("canary"), "{record}");
}

#[test]
fn addresses_can_be_masked() {
    let config = format!(
        "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n{}",
        PLAIN_SITE
    );
    let setup = Setup::new(&config).env("LOCKGATE__RECORD__MASK_CLIENT_ADDRESS", "subnet");
    let Some(world) = setup.start() else { return };
    for (client, masked) in [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
    ] {
        let answer = world.send(&Request::get("/products/1").header("X-Forwarded-For", client));
        let record = world.record(&answer);
        assert!(
            record["client"]
                .as_str()
                .is_some_and(|c| c.starts_with(masked)),
            "{record}"
        );
        assert!(!record.to_string().contains(client), "{record}");
    }
}

#[test]
fn the_admin_address_tells_how_it_goes() {
    let Some(world) = Setup::new(PLAIN_SITE).start() else {
        return;
    };
    for path in ["/livez", "/readyz", "/version"] {
        world.admin(path).assert_status(200);
    }
    world.admin("/nowhere").assert_status(404);
    for _ in 0..3 {
        world.get("/products/1").assert_status(200);
    }
    // Too many for the shop, not for a limit of ours.
    world.get("/_test/status/429").assert_status(429);
    // An answer is counted when its last byte is out, and the client may have that before.
    let metrics = until("four requests of the shop", || {
        let metrics = world.metrics();
        let shop: u64 = metrics
            .lines()
            .filter(|line| {
                line.starts_with("lockgate_requests_total{") && line.contains("site=\"shop\"")
            })
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum();
        assert!(shop <= 4, "{metrics}");
        (shop == 4).then_some(metrics)
    });
    assert!(
        metrics.contains("\nlockgate_limited_total 0\n"),
        "{metrics}"
    );
    // What a client sends makes no series.
    let _ = world.get("/nowhere/at/all");
    assert!(!world.metrics().contains("nowhere"), "{metrics}");
}
