//! Broken configurations and the exact messages that they get.
//!
//! Each folder of `tests/broken` is a case: `gateway.toml` and what it names, perhaps
//! `overlay.toml`, variables in `env.txt`, and the messages in `faults.txt`. To rewrite the
//! messages, and then read the difference: `LOCKGATE_BLESS=1 cargo test -p lockgate-config`.

mod common;

use std::fs;
use std::path::Path;

use common::Folder;
use lockgate_config::{Sources, load};

#[test]
fn every_broken_configuration_gets_its_messages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut cases = 0;
    for case in fs::read_dir(root).expect("the cases") {
        check(&case.expect("a case").path());
        cases += 1;
    }
    assert!(cases >= 20, "only {cases} cases were found");
}

fn check(case: &Path) {
    let optional = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
    let env = optional("env.txt");
    let overlay = case.join("overlay.toml");
    let refused = load(&Sources {
        base: case.join("gateway.toml"),
        overlays: overlay.exists().then_some(overlay).into_iter().collect(),
        env: env
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    })
    .expect_err(&format!("{} is broken", case.display()));
    let folder = format!("{}/", case.display());
    let faults: String = refused
        .faults
        .iter()
        .map(|fault| format!("{fault}\n").replace(&folder, ""))
        .collect();
    assert!(!faults.contains("hunter2"), "a secret is shown: {faults}");
    if std::env::var_os("LOCKGATE_BLESS").is_some() {
        fs::write(case.join("faults.txt"), &faults).expect("faults.txt");
    }
    assert_eq!(faults, optional("faults.txt"), "{}", case.display());
}

#[test]
fn a_list_that_is_not_utf_8() {
    let folder = Folder::new(&[
        (
            "gateway.toml",
            "version = 1\n[sites.s]\nhosts = [\"s.localhost\"]\nrules = [\"r.toml\"]\n",
        ),
        ("r.toml", "[user_agent_lists.a]\nfile = \"a.txt\"\n"),
    ]);
    folder.write("a.txt", b"a\nb\xff\n");
    assert_eq!(
        folder.faults(folder.load()),
        ["r.toml:2:8: user_agent_lists.a.file: \"a.txt\" is not UTF-8 (line 2)"]
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("x{} = 1\n", ".a".repeat(60));
    let arrays = format!("x = {}{}\n", "[".repeat(50), "]".repeat(50));
    let very_deep = format!("x{} = 1\n", ".a".repeat(100_000));
    let open = "[".repeat(100_000);
    let both = format!(
        "x = {}1{}\n",
        format!("{{a{} = ", ".a".repeat(70)).repeat(70),
        "}".repeat(70)
    );
    for text in [deep, arrays, very_deep, open, both] {
        let folder = Folder::new(&[("gateway.toml", &format!("version = 1\n{text}"))]);
        assert!(folder.load().is_err());
    }
}

#[test]
fn the_number_of_faults_is_bounded() {
    let keys: String = (0..3000).map(|i| format!("unknown-{i} = 1\n")).collect();
    let folder = Folder::new(&[("gateway.toml", &format!("version = 1\n{keys}"))]);
    let faults = folder.faults(folder.load());
    assert_eq!(faults.len(), lockgate_config::FAULTS_MAX);
    assert_eq!(
        faults.last().map(String::as_str),
        Some("gateway.toml:1001:1: unknown-999: unknown key (and 2000 more faults)")
    );
}
