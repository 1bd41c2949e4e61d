//! Exclusions from the real Core Rule Set: each is compiled, loaded and asked, as the gateway does it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lockgate_bundle::Bundle;
use lockgate_compile::{Compiled, Trial, compile, compile_trial};
use lockgate_config::{Loaded, Sources, load};
use lockgate_policy::Policy;
use lockgate_rules::exclude::cases;
use lockgate_rules::exclude::program::{Directives, Scope, directives, to_exclude};
use lockgate_waf::Engine;
use lockgate_wire::explanation::{Block, Explanation};
use lockgate_wire::{Facts, HeadRanges, HeaderRange, write_input};

const GATEWAY: &str = r#"
version = 1
[listeners.public]
addresses = ["127.0.0.1:0"]
[sites.shop]
hosts = ["shop.test"]
rules = ["crs.toml"]
[[sites.shop.routes]]
path = "/{*rest}"
respond = { status = 200, body = "fine" }
"#;

/// The release beside the project; `None` where there is none.
fn release() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/crs");
    if !folder.join("rules").is_dir() {
        eprintln!("SKIPPED: there is no Core Rule Set at {}", folder.display());
        return None;
    }
    Some(folder)
}

fn loaded(release: &Path) -> (tempfile::TempDir, Loaded) {
    let dir = tempfile::tempdir().unwrap();
    let crs = format!(
        "[crs]\npath = {:?}\n",
        release.canonicalize().unwrap().display().to_string()
    );
    fs::write(dir.path().join("gateway.toml"), GATEWAY).unwrap();
    fs::write(dir.path().join("crs.toml"), crs).unwrap();
    let sources = Sources {
        base: dir.path().join("gateway.toml"),
        ..Sources::default()
    };
    let loaded = load(&sources).unwrap_or_else(|refused| panic!("{refused}"));
    (dir, loaded)
}

fn policy(compiled: &Compiled) -> Policy {
    Policy::load(compiled.bytes.clone(), &[]).unwrap()
}

fn engine(compiled: &Compiled) -> Engine {
    let (_, images) = Bundle::with_images(compiled.bytes.clone()).unwrap();
    Engine::load(&images[0]).unwrap()
}

/// A GET as a browser sends it.
fn explain(policy: &Policy, target: &str) -> Explanation {
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Mozilla/5.0 Firefox/128.0\r\nAccept: */*\r\n\r\n"
    );
    let at = |text: &str| u32::try_from(head.find(text).unwrap()).unwrap();
    let field = |name: &str, value: &str| HeaderRange {
        name_start: at(&format!("\r\n{name}:")) + 2,
        name_len: u32::try_from(name.len()).unwrap(),
        value_start: at(&format!(": {value}\r\n")) + 2,
        value_len: u32::try_from(value.len()).unwrap(),
    };
    let fields = [
        field("Host", "shop.test"),
        field("User-Agent", "Mozilla/5.0 Firefox/128.0"),
        field("Accept", "*/*"),
    ];
    let ranges = HeadRanges {
        version: 11,
        method: (0, 3),
        target: (4, u32::try_from(target.len()).unwrap()),
        authority: None,
    };
    let facts = Facts {
        now_ms: 1_800_000_000_000,
        peer: std::net::Ipv4Addr::new(192, 0, 2, 7)
            .to_ipv6_mapped()
            .octets(),
        ..Facts::default()
    };
    let mut input = Vec::new();
    write_input(&mut input, &facts, &ranges, &fields, head.as_bytes());
    serde_json::from_slice(&policy.explain(&input, "id", None)).unwrap()
}

#[test]
fn every_scope_lets_the_request_through_and_only_as_much_as_it_says() {
    let Some(release) = release() else { return };
    let (dir, loaded) = loaded(&release);
    let before = compile(&loaded).unwrap_or_else(|faults| panic!("{faults:?}"));
    let policy_before = policy(&before);
    let injected = "/search?comment=1%27%20OR%20%271%27%3D%271";
    let said = explain(&policy_before, injected);
    let Some(Block::Program(program, decision)) = said.block() else {
        panic!("{said:?}");
    };
    assert_eq!(decision.rule, 949_110);
    assert!(
        program.asked > 100 && program.asked < program.rules,
        "{} {}",
        program.asked,
        program.rules
    );
    let excluded = to_exclude(program, 1, &[]);
    assert_eq!(
        excluded.iter().map(|one| one.rule).collect::<Vec<_>>(),
        [942_100],
        "{program:?}"
    );
    let engine_before = engine(&before);
    let used: BTreeSet<u32> = engine_before
        .program()
        .rules
        .iter()
        .map(|rule| rule.id)
        .collect();
    let file = dir.path().join("crs.toml");
    // With each scope: the path and field of the request, its path, its field, neither.
    for (scope, passing) in [
        (Scope::FieldsOnPath, [true, false, false, false]),
        (Scope::RulesOnPath, [true, true, false, false]),
        (Scope::Fields, [true, false, true, false]),
        (Scope::Rules, [true, true, true, true]),
    ] {
        let made = directives(scope, &excluded, &said.path, &used).unwrap();
        let after = attempt(&loaded, &file, &made);
        let policy_after = policy(&after);
        let attack = "1%27%20OR%20%271%27%3D%271";
        let targets = [
            format!("/search?comment={attack}"),
            format!("/search?other={attack}"),
            format!("/checkout?comment={attack}"),
            format!("/checkout?other={attack}"),
        ];
        let passes = targets.map(|target| explain(&policy_after, &target).block().is_none());
        assert_eq!(passes, passing, "{scope:?} {made:?}");
        if scope == Scope::Rules {
            let all = cases::of_release(&release);
            assert!(all.len() > 2_500, "{}", all.len());
            let lost = cases::program(&all, &engine_before, &engine(&after)).lost;
            assert!(
                !lost.is_empty()
                    && lost
                        .iter()
                        .all(|case| case.passes || case.rules == ["942100"]),
                "{lost:?}"
            );
            assert!(
                lost.iter()
                    .any(|case| case.passes && case.rules == ["942100"]),
                "{lost:?}"
            );
        }
    }
}

fn attempt(loaded: &Loaded, file: &Path, made: &Directives) -> Compiled {
    let mut loaded = loaded.clone();
    let crs = loaded
        .rules
        .get_mut(file)
        .and_then(|rules| rules.crs.as_mut());
    crs.unwrap().exclude_rules.extend(&made.exclude_rules);
    let trial = Trial {
        file: file.to_owned(),
        before: made.before.clone(),
        after: made.after.clone(),
    };
    compile_trial(&loaded, &trial).unwrap_or_else(|faults| panic!("{faults:?}"))
}
