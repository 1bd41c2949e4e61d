//! A Core Rule Set that is changed by a push, under traffic.

use std::time::{Duration, Instant};

use crate::reload::under_load_every;
use crate::rule_versions::{push, versions};
use lockgate_tests::crs::{self, POLICY, site};
use lockgate_tests::{Request, Setup, World};

/// Between two requests of a client while a change is made.
const PAUSE: Duration = Duration::from_millis(20);

fn rules(crs: &str, mode: &str, threshold: u32) -> String {
    format!(
        "[crs]\npath = \"{crs}\"\nmode = \"{mode}\"\ninbound_anomaly_threshold = {threshold}\n\
         after = \"after.conf\"\n"
    )
}

fn attack(world: &World) -> u16 {
    let target = "/products?q=1%27%20OR%20%271%27%3D%271";
    let request = Request::get(target)
        .agent("Mozilla/5.0")
        .header("Accept", "*/*");
    world.send(&request).status
}

/// What a push takes is printed, and not asserted: a machine that is busy with other tests takes longer.
#[test]
fn a_push_of_other_settings_is_in_force_when_it_is_answered_and_drops_nothing() {
    let Some(folder) = crs::folder() else { return };
    let folder = folder.display().to_string();
    let sites = format!("{POLICY}{}", site("shop", "shop", Some("rules/crs.toml")));
    let setup = Setup::new(&versions(&sites, ""))
        .file("rules/crs.toml", &rules(&folder, "detect", 5))
        .file("rules/after.conf", "# nothing yet\n");
    let Some(world) = crs::start(setup) else {
        return;
    };
    assert_eq!(attack(&world), 200);
    let after = "SecRuleUpdateTargetByTag \"OWASP_CRS\" \"!ARGS:q\"\n";
    for (name, mode, threshold, after, status) in [
        ("block instead of detect", "block", 5, "# nothing\n", 403),
        ("another threshold", "block", 50, "# nothing\n", 200),
        ("the threshold of before", "block", 5, "# nothing\n", 403),
        ("an argument that no rule looks at", "block", 5, after, 200),
    ] {
        let crs = rules(&folder, mode, threshold);
        let files = [("crs.toml", &*crs), ("after.conf", after)];
        let mut took = Duration::ZERO;
        let count = under_load_every(PAUSE, &world, || {
            let begun = Instant::now();
            let answer = push(&world, &files);
            took = begun.elapsed();
            answer.assert_status(200);
            // In force means in force.
            for _ in 0..20 {
                assert_eq!(attack(&world), status, "{name}");
            }
        });
        assert!(count > 0);
        println!(
            "{name}: in force after {:.1} s, {count} requests beside it",
            took.as_secs_f64()
        );
    }
}
