//! Changes under traffic, refusals of broken ones, signals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lockgate_tests::records::records_of;
use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::wait::until_within;
use lockgate_tests::{Request, Response, Setup, World, until};
use rustix::process::Signal;

/// In force within a second, says the guide; on a machine that is busy it may be more.
const SOON: Duration = Duration::from_secs(5);

const RULES: &str = "[user_agent_lists.unwanted]\ncontains = [\"badbot\"]\n";
const RULE: &str = "[[rules]]\nname = \"no-badbot\"\npriority = 1\naction = \"block\"\n\
                    statement = { user_agent_list = \"unwanted\" }\n";

fn world() -> Option<World> {
    let site = PLAIN_SITE.replace(
        "hosts = [\"shop.test\"]",
        "hosts = [\"shop.test\"]\nrules = [\"rules/a.toml\"]",
    );
    Setup::new(&site).file("rules/a.toml", RULES).start()
}

fn as_badbot(world: &World) -> Response {
    world.send(&Request::get("/products/1").agent("badbot"))
}

/// Runs `change` while requests flow on a connection that stays and on new ones; how many did.
fn under_load(world: &World, change: impl FnOnce()) -> usize {
    // A steady flow, not a flood: every answer is held against its record.
    under_load_every(Duration::from_millis(2), world, change)
}

/// The same with a pause between two requests of a client.
pub(crate) fn under_load_every(pause: Duration, world: &World, change: impl FnOnce()) -> usize {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load: Vec<_> = (0..3)
            .map(|worker| {
                let ended = &ended;
                scope.spawn(move || {
                    let mut client = world.connect();
                    let mut count = 0;
                    while !ended.load(Ordering::Relaxed) {
                        let request = Request::get("/products/1").agent("Mozilla/5.0");
                        let answer = if worker == 0 {
                            world.send(&request)
                        } else {
                            client.call(&request)
                        };
                        answer.assert_status(200);
                        count += 1;
                        std::thread::sleep(pause);
                    }
                    count
                })
            })
            .collect();
        // Whatever becomes of the change, the load must end.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(change));
        ended.store(true, Ordering::Relaxed);
        let count = load
            .into_iter()
            .map(|worker| worker.join().expect("no request fails"))
            .sum();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        count
    })
}

#[test]
fn a_new_rule_works_without_a_dropped_request() {
    let Some(world) = world() else { return };
    as_badbot(&world).assert_status(200);
    let count = under_load(&world, || {
        world.write("rules/a.toml", &format!("{RULES}{RULE}"));
        until_within(SOON, "the new rule", || {
            (as_badbot(&world).status == 403).then_some(())
        });
        world.write("rules/a.toml", RULES);
        until_within(SOON, "the old rules", || {
            (as_badbot(&world).status == 200).then_some(())
        });
    });
    assert!(count > 0);
    let _ = world.wait_log("configuration in force");
}

#[test]
fn a_typo_is_refused_with_its_place_and_the_old_rules_stay() {
    let Some(world) = world() else { return };
    world.write("rules/a.toml", &format!("{RULES}{RULE}"));
    until_within(SOON, "the rule", || {
        (as_badbot(&world).status == 403).then_some(())
    });
    let typo = format!("{RULES}{}", RULE.replace("priority", "priorty"));
    under_load(&world, || {
        world.write("rules/a.toml", &typo);
        let line = world.wait_log("refused");
        assert!(line.contains("a.toml:5:1"), "{line}");
        assert!(
            line.contains("did you mean") && line.contains("priority"),
            "{line}"
        );
        as_badbot(&world).assert_status(403);
    });
    // The same from the command line, and a failure.
    let check = world.lockgate(&["check", "--config", "gateway.toml"]);
    let said = [check.stdout, check.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!check.status.success(), "{said}");
    assert!(
        said.contains("a.toml:5:1") && said.contains("priority"),
        "{said}"
    );
    // Mended, it is taken.
    world.write("rules/a.toml", RULES);
    until_within(SOON, "the mended rules", || {
        (as_badbot(&world).status == 200).then_some(())
    });
    let check = world.lockgate(&["check", "--config", "gateway.toml"]);
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}

#[test]
fn routes_and_origins_change_and_what_is_broken_does_not() {
    let Some(world) = world() else { return };
    world.get("/health").assert_status(404);
    let more = "[[sites.shop.routes]]\npath = \"/health\"\nrespond = { body = \"well\" }\n";
    world.write("gateway.toml", &format!("{}{more}", world.config()));
    until("the new route", || {
        (world.get("/health").status == 200).then_some(())
    });
    for broken in [
        "not toml at all [",
        "version = 1\n[sites.shop]\nhosts = []\n",
        "",
    ] {
        let refused = || {
            world
                .logs()
                .iter()
                .filter(|line| line.contains("refused"))
                .count()
        };
        let before = refused();
        world.write("gateway.toml", broken);
        until("a refusal", || (refused() > before).then_some(()));
        world.get("/health").assert_status(200);
    }
    let metrics = world.metrics();
    assert!(
        metrics.contains("lockgate_reloads_refused_total"),
        "{metrics}"
    );
}

#[test]
fn counters_and_cache_outlive_a_change() {
    let config = r#"
[rate_limits.few]
key = ["client"]
windows = [{ requests = 3, per_s = 86400 }]
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "/products/{id}"
origin = "shop"
rate_limits = ["few"]
[[sites.shop.routes]]
path = "/_test/cache/{*rest}"
origin = "shop"
cache = { audience = "shared" }
"#;
    let Some(world) = Setup::new(config).start() else {
        return;
    };
    for _ in 0..3 {
        world.get("/products/1").assert_status(200);
    }
    let stored = world.get("/_test/cache/a?cc=max-age=600");
    let more = "[[sites.shop.routes]]\npath = \"/health\"\nrespond = { body = \"well\" }\n";
    world.write("gateway.toml", &format!("{}{more}", world.config()));
    until("the new route", || {
        (world.get("/health").status == 200).then_some(())
    });
    world.get("/products/1").assert_status(429);
    let again = world.get("/_test/cache/a?cc=max-age=600");
    assert!(again.is_hit() && again.body == stored.body, "{again:?}");
}

#[test]
fn sighup_opens_the_record_file_again() {
    let Some(mut world) = world() else { return };
    let first = world.get("/products/1");
    let _ = world.record(&first);
    let (file, rotated) = (
        world.dir().join("records.jsonl"),
        world.dir().join("records.1"),
    );
    std::fs::rename(&file, &rotated).expect("a rotation");
    world.signal(Signal::HUP);
    let _ = world.wait_log("records reopened");
    until("the new file", || file.exists().then_some(()));
    let second = world.get("/products/2");
    let _ = world.record(&second);
    let old = records_of(&rotated);
    assert!(old.iter().any(|record| record["id"] == first.id()));
    assert!(old.iter().all(|record| record["id"] != second.id()));
    // The final check reads the new file only.
    world.without_final_check();
}

#[test]
fn sigterm_drains() {
    let Some(mut world) = world() else { return };
    let mut slow = world.connect();
    slow.send(&Request::get("/_test/slow?ms=800").to_bytes());
    until("the slow request at the shop", || {
        (world.shop.requests("GET", "/_test/slow") == 1).then_some(())
    });
    let mut idle = world.connect();
    idle.call(&Request::get("/products/1")).assert_status(200);
    world.signal(Signal::TERM);
    assert!(idle.is_closed(), "an idle connection ends at once");
    let answer = slow.read("GET");
    assert_eq!(
        answer.assert_status(200).header("connection"),
        Some("close")
    );
    assert_eq!(world.wait_end(), Some(0));
    let refused = std::net::TcpStream::connect(world.listener("public"));
    assert!(refused.is_err(), "a stopped gate accepts");
}
