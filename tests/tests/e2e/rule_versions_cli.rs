//! Changing rules by the command line, and the audit log that is left.

use std::process::Output;

use crate::rule_versions::{
    ALICE, BOB, CAROL, CASES, as_badbot, blocking, get, post, push_blocking, refused, world,
};
use lockgate_tests::World;
use serde_json::json;

/// A command of `lockgate rules` with a token.
fn rules(world: &World, token: &str, arguments: &[&str]) -> Output {
    let url = format!("http://{}", world.admin_address());
    world.write("token", token);
    let arguments = [
        &["rules"],
        arguments,
        &["--admin", &url, "--token-file", "token"],
    ]
    .concat();
    world.lockgate(&arguments)
}

#[track_caller]
fn said(output: &Output, success: bool) -> String {
    let text = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat())
        .into_owned();
    assert_eq!(output.status.success(), success, "{text}");
    text
}

#[test]
fn the_command_line_does_all_of_it() {
    let Some(world) = world() else { return };
    let got = said(
        &rules(&world, CAROL, &["show", "current", "--out", "mine"]),
        true,
    );
    assert!(got.contains("1 file in mine"), "{got}");
    for (path, text) in blocking() {
        world.write(&format!("mine/{path}"), &text);
    }
    let diff = said(&rules(&world, CAROL, &["diff", "current", "mine"]), true);
    assert!(
        diff.contains("+++ mine/a.toml\n") && diff.contains("+name = \"no-badbot\"\n"),
        "{diff}"
    );
    assert!(
        diff.contains("--- /dev/null\n+++ mine/a.test.toml\n"),
        "{diff}"
    );
    let refused = said(&rules(&world, BOB, &["push", "mine"]), false);
    assert!(refused.contains("role_too_small"), "{refused}");
    let pushed = said(
        &rules(&world, ALICE, &["push", "mine", "-m", "no bad bots"]),
        true,
    );
    assert!(pushed.contains("version 2 is in force"), "{pushed}");
    as_badbot(&world).assert_status(403);
    // A failure is told as a person can act on it.
    world.write("mine/a.test.toml", &CASES.replace("badbot/1", "good-bot/1"));
    let refused = said(&rules(&world, ALICE, &["push", "mine"]), false);
    assert!(
        refused.contains("a bad bot") && refused.contains("rules/a.toml"),
        "{refused}"
    );
    let listed = said(&rules(&world, CAROL, &["list"]), true);
    assert!(
        listed.contains("no bad bots") && listed.contains("in force"),
        "{listed}"
    );
    let shown = said(
        &rules(&world, CAROL, &["show", "2", "--file", "a.test.toml"]),
        true,
    );
    assert_eq!(shown, CASES);
    let back = said(&rules(&world, ALICE, &["rollback"]), true);
    assert!(back.contains("version 1 is in force"), "{back}");
    as_badbot(&world).assert_status(200);
    // From a folder that was made from what is no longer in force.
    world.write("mine/a.test.toml", &format!("{CASES}\n"));
    let conflict = said(&rules(&world, ALICE, &["push", "mine"]), false);
    assert!(conflict.contains("version_conflict"), "{conflict}");
    said(
        &rules(&world, ALICE, &["push", "mine", "--base", "current"]),
        true,
    );
    as_badbot(&world).assert_status(403);
}

#[test]
fn the_audit_log_shows_what_is_done_to_it() {
    let Some(world) = world() else { return };
    push_blocking(&world).assert_status(200);
    let _ = refused(
        &post(&world, BOB, "/rules/rollback", &json!({})),
        403,
        "role_too_small",
    );
    let text = said(&rules(&world, CAROL, &["audit"]), true);
    assert!(
        text.contains("ok: 3 entries") && text.contains("REFUSED"),
        "{text}"
    );
    let head = get(&world, CAROL, "/rules/versions").json()["audit"]["hash"].clone();
    let head = head.as_str().expect("a hash").to_owned();
    said(&rules(&world, CAROL, &["audit", "--head", &head]), true);

    let folder =
        |arguments: &[&str]| world.lockgate(&[&["rules", "audit", "state"], arguments].concat());
    said(&folder(&["--head", &head]), true);
    let file = world.dir().join("state/audit.jsonl");
    let log = std::fs::read_to_string(&file).expect("the log");
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    for (tampered, expected) in [
        (log.replacen("alice", "mallo", 1), "line 2"),
        ([lines[0], lines[2]].concat(), "line 2"),
        ([lines[0], lines[2], lines[1]].concat(), "line 2"),
        ([lines[0], lines[0], lines[1]].concat(), "line 2"),
        ([lines[0], lines[1]].concat(), "cut off"),
    ] {
        std::fs::write(&file, &tampered).expect("a file");
        let text = said(&folder(&["--head", &head]), false);
        assert!(text.contains(expected), "{expected}: {text}");
    }
    std::fs::write(&file, &log).expect("a file");
    // What the gateway hands out is followed by the one who asks.
    std::fs::write(&file, log.replacen("alice", "mallo", 1)).expect("a file");
    let text = said(&rules(&world, CAROL, &["audit"]), false);
    assert!(text.contains("line 2: it was changed"), "{text}");
    std::fs::write(&file, &log).expect("a file");
}
