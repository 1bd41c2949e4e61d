//! How long versions are kept, and what a push leaves behind in log and watch.

use std::time::Duration;

use crate::rule_versions::{CAROL, audit, current, get, push, push_blocking, versions};
use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::wait::until_within;
use lockgate_tests::{Setup, World};
use serde_json::Value;

const FILE: &str = "[user_agent_lists.unwanted]\ncontains = [\"badbot\"]\n";

fn world(keys: &str) -> Option<World> {
    let site = PLAIN_SITE.replace(
        "hosts = [\"shop.test\"]",
        "hosts = [\"shop.test\"]\nrules = [\"rules/a.toml\"]",
    );
    let setup = Setup::new(&versions(&site, keys)).file("rules/a.toml", FILE);
    setup.start()
}

/// The numbers of the versions, the newest first.
fn numbers(world: &World) -> Vec<u64> {
    let listed = get(world, CAROL, "/rules/versions")
        .assert_status(200)
        .json();
    let versions = listed["versions"].as_array().expect("versions").iter();
    versions
        .map(|version| version["version"].as_u64().expect("a number"))
        .collect()
}

#[test]
fn the_oldest_versions_go_and_the_log_says_so() {
    let Some(world) = world("keep_max = 10\n") else {
        return;
    };
    for number in 0..13 {
        let text = format!("# {number}\n{FILE}");
        push(&world, &[("a.toml", &text)]).assert_status(200);
    }
    // What lay in the folder was the first one.
    assert_eq!(numbers(&world), (5..=14).rev().collect::<Vec<u64>>());
    assert_eq!(current(&world)["version"], 14);
    let entries = audit(&world);
    let pruned: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["action"] == "prune")
        .collect();
    assert_eq!(pruned.len(), 4, "{entries:?}");
    assert_eq!(pruned[0]["message"], "versions 1");
    assert_eq!(pruned[0]["actor"], "gateway");
    // The log keeps what was done with them.
    assert!(entries.iter().any(|entry| entry["version"] == 2));
    let verified = world.lockgate(&["rules", "audit", "state"]);
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn a_push_is_in_force_once() {
    let Some(world) = world("") else { return };
    let lines = || {
        let logs = world.logs();
        let in_force = logs
            .iter()
            .filter(|line| line.contains("configuration in force"));
        in_force.count()
    };
    let before = lines();
    push_blocking(&world).assert_status(200);
    push(&world, &[("a.toml", FILE)]).assert_status(200);
    // A push whose rules the configuration refuses, and whose files go back.
    push(&world, &[("b.toml", FILE)]).assert_status(422);
    // The watch looks every 200 ms.
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(lines() - before, 2, "{:?}", world.logs());
    // What is saved by hand is seen as ever.
    world.write("rules/a.toml", &format!("# by hand\n{FILE}"));
    until_within(Duration::from_secs(10), "the change by hand", || {
        (lines() - before == 3).then_some(())
    });
}
