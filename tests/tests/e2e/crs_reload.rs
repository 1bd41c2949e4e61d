//! The way to a Core Rule Set that blocks: detect, exclude, block; and what changes under traffic.

use std::path::Path;
use std::time::Duration;

use crate::reload::under_load_every;
use lockgate_tests::crs::{self, POLICY, site};
use lockgate_tests::wait::until_within;
use lockgate_tests::{Request, Response, Setup, World, until};

const ENCODED: &str = "1%27%20OR%20%271%27%3D%271";

/// Compiling the rules takes this long on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(240);

/// Between two requests of a client while a change is made.
const PAUSE: Duration = Duration::from_millis(20);

/// A field that a run-time exclusion takes from all rules, on one path.
const BEFORE: &str = "# The notes of orders are free text.\n\
    SecRule REQUEST_FILENAME \"@beginsWith /_test/echo\" \\\n    \
    \"id:1000,phase:1,pass,nolog,t:none,ctl:ruleRemoveTargetByTag=OWASP_CRS;ARGS:note\"\n";

/// A field that no rule looks at.
const AFTER: &str = "# What is searched for.\n\
                     SecRuleUpdateTargetByTag \"OWASP_CRS\" \"!ARGS:search\"\n";

/// Allows PUT, which the rules take for an attack unless the set-up says otherwise.
const PUT_ALLOWED: &str = "\nSecAction \"id:900200,phase:1,pass,t:none,nolog,\
    setvar:'tx.allowed_methods=GET HEAD POST OPTIONS PUT'\"\n";

fn rules(mode: &str, excluded: &str) -> String {
    format!(
        "[crs]\npath = \"../crs\"\nmode = \"{mode}\"\nexclude_rules = [{excluded}]\n\
         before = \"before.conf\"\nafter = \"after.conf\"\n"
    )
}

/// The files of the release below `crs/` of the gate's folder, so that a test can change them.
fn with_release(mut setup: Setup, folder: &Path) -> Setup {
    let entries = std::fs::read_dir(folder.join("rules")).expect("the rules");
    for entry in entries {
        let path = entry.expect("an entry").path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if matches!(kind, Some("conf" | "data")) {
            let text = std::fs::read_to_string(&path).expect("a text");
            setup = setup.file(&format!("crs/rules/{name}"), &text);
        }
    }
    setup.file("crs/crs-setup.conf", &set_up(folder))
}

fn set_up(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("crs-setup.conf.example")).expect("the set-up")
}

fn browser(request: Request) -> Request {
    request.agent("Mozilla/5.0").header("Accept", "*/*")
}

fn attack(world: &World) -> Response {
    world.send(&browser(Request::get(&format!("/products?q={ENCODED}"))))
}

fn put(world: &World) -> Response {
    world.send(&browser(Request::new("PUT", "/_test/echo")))
}

fn text(world: &World) -> Response {
    let request = Request::post("/_test/echo", "hello").header("Content-Type", "text/plain");
    world.send(&browser(request))
}

#[track_caller]
fn assert_found(world: &World, answer: &Response, id: u64) {
    let record = world.record(answer);
    let rules = record["inspection"]["rules"].as_array();
    let found = rules.is_some_and(|rules| rules.iter().any(|rule| *rule == id));
    assert!(found, "no {id} in {record}");
}

/// One gate for the whole way: compiling the rules takes longer than the test.
#[test]
fn detect_then_exclude_then_block() {
    let Some(folder) = crs::folder() else { return };
    let setup = Setup::new(&format!(
        "{POLICY}{}",
        site("shop", "shop", Some("rules/crs.toml"))
    ));
    let setup = with_release(setup, &folder)
        .file("rules/crs.toml", &rules("detect", ""))
        .file("rules/before.conf", BEFORE)
        .file("rules/after.conf", AFTER);
    let Some(world) = crs::start(setup) else {
        return;
    };
    detection_lets_pass_and_records(&world);
    blocking_begins_without_a_dropped_request(&world);
    exclusions_are_as_narrow_as_they_say(&world);
    a_fault_has_its_place_and_the_old_rules_stay(&world);
    the_set_up_of_the_release_counts(&world, &folder);
}

fn detection_lets_pass_and_records(world: &World) {
    for (answer, id) in [
        (attack(world), 942_100),
        (put(world), 911_100),
        (text(world), 920_420),
    ] {
        answer.assert_status(200);
        assert_found(world, &answer, id);
        assert_found(world, &answer, 949_110);
        let record = world.record(&answer);
        let score = &record["inspection"]["inbound_score"];
        assert!(score.as_u64() >= Some(5), "{record}");
        assert!(record["code"].is_null(), "{record}");
    }
}

fn blocking_begins_without_a_dropped_request(world: &World) {
    let count = under_load_every(PAUSE, world, || {
        world.write("rules/crs.toml", &rules("block", "920420"));
        until_within(PATIENCE, "the rules that block", || {
            let status = attack(world).status;
            assert!([200, 403].contains(&status), "{status}");
            (status == 403).then_some(())
        });
    });
    assert!(count > 0);
    put(world).assert_problem(403, "blocked");
}

fn exclusions_are_as_narrow_as_they_say(world: &World) {
    // `exclude_rules`: this one rule and no other.
    text(world).assert_status(200);
    let get = |target: String| world.send(&browser(Request::get(&target)));
    // `before`: this field on this path.
    get(format!("/_test/echo?note={ENCODED}")).assert_status(200);
    for target in [
        format!("/_test/echo?other={ENCODED}"),
        format!("/products?note={ENCODED}"),
    ] {
        let answer = get(target);
        answer.assert_problem(403, "blocked");
        assert_found(world, &answer, 942_100);
    }
    // `after`: this field on every path.
    get(format!("/_test/echo?search={ENCODED}")).assert_status(200);
    get(format!("/products?search={ENCODED}")).assert_status(200);
}

fn a_fault_has_its_place_and_the_old_rules_stay(world: &World) {
    let broken = AFTER.replace("SecRuleUpdateTargetByTag", "SecRuleUpdateTargetByTga");
    let faults = [
        (
            broken.as_str(),
            "after.conf:2:1",
            "SecRuleUpdateTargetByTag",
        ),
        (
            "SecRule ARGS:q \"@rx x\" \\\n    \"id:1001,phase:2,t:lowercas,pass\"\n",
            "after.conf:2:",
            "lowercase",
        ),
    ];
    for (content, place, meant) in faults {
        under_load_every(PAUSE, world, || {
            world.write("rules/after.conf", content);
            let line = until_within(PATIENCE, "the refusal", || {
                let lines = world.logs().into_iter();
                let mut refused = lines.filter(|line| line.contains("refused"));
                refused.find(|line| line.contains(meant))
            });
            assert!(line.contains(place), "{line}");
        });
        let check = world.lockgate(&["check", "--config", "gateway.toml"]);
        let said = [check.stdout, check.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!check.status.success(), "{said}");
        assert!(said.contains(place) && said.contains(meant), "{said}");
        attack(world).assert_problem(403, "blocked");
    }
    // Mended, it is taken: with one field more.
    let more = format!("{AFTER}SecRuleUpdateTargetByTag \"OWASP_CRS\" \"!ARGS:find\"\n");
    world.write("rules/after.conf", &more);
    until_within(PATIENCE, "the mended rules", || {
        let request = Request::get(&format!("/products?find={ENCODED}"));
        (world.send(&browser(request)).status == 200).then_some(())
    });
    attack(world).assert_problem(403, "blocked");
}

fn the_set_up_of_the_release_counts(world: &World, folder: &Path) {
    put(world).assert_problem(403, "blocked");
    let changed = format!("{}{PUT_ALLOWED}", set_up(folder));
    under_load_every(PAUSE, world, || {
        world.write("crs/crs-setup.conf", &changed);
        until_within(PATIENCE, "the changed set-up", || {
            (put(world).status == 200).then_some(())
        });
    });
    attack(world).assert_problem(403, "blocked");
    // Off, and nothing is inspected any more.
    world.write("rules/crs.toml", "# Switched off.\n");
    until("no inspection", || {
        (attack(world).status == 200).then_some(())
    });
    assert!(world.record(&attack(world))["inspection"].is_null());
}
