//! Rules that are not in their folder yet, loaded as if they were.

mod common;

use common::Folder;
use lockgate_config::{
    Early, Instead, RuleVersions, Sources, early, load, load_instead, load_rules_instead,
};

const GATEWAY: &str = r#"
version = 1
[listeners.a]
addresses = ["127.0.0.1:0"]
[admin]
address = "127.0.0.1:9090"
[rule_versions]
rules = "rules"
path = "deep/state"
[sites.s]
hosts = ["s.test"]
rules = ["rules/a.toml", "other/b.toml"]
"#;

fn rules(name: &str) -> String {
    format!(
        "[user_agent_lists.{name}]\nfile = \"list.txt\"\n[user_agent_lists.{name}_outside]\nfile = \"../shared.txt\"\n\
         [[rules]]\nname = \"{name}\"\npriority = 1\naction = \"block\"\nstatement = {{ user_agent_list = \"{name}\" }}\n"
    )
}

fn folder() -> (Folder, Sources, Instead) {
    let folder = Folder::new(&[
        ("gateway.toml", GATEWAY),
        ("shared.txt", "shared\n"),
        ("rules/a.toml", &rules("old")),
        ("rules/list.txt", "old\n"),
        (
            "other/b.toml",
            &rules("other").replace("priority = 1", "priority = 2"),
        ),
        ("other/list.txt", "other\n"),
        (
            "deep/state/check/a.toml",
            &rules("new").replace("../shared.txt", "list.txt"),
        ),
        ("deep/state/check/list.txt", "new\n"),
    ]);
    let sources = Sources {
        base: folder.path("gateway.toml"),
        ..Sources::default()
    };
    let instead = Instead {
        folder: folder.path("rules"),
        files: folder.path("deep/state/check"),
    };
    (folder, sources, instead)
}

#[test]
fn files_of_the_folder_are_read_elsewhere_and_others_where_they_are() {
    let (folder, sources, instead) = folder();
    let loaded = load_instead(&sources, &instead).unwrap();
    let new = &loaded.rules[&folder.path("deep/state/check/a.toml")];
    assert_eq!(new.rules[0].name, "new");
    let listed = |name: &str| -> Vec<String> {
        let patterns = new.user_agent_lists[name].patterns();
        patterns.map(|(_, text)| text.to_owned()).collect()
    };
    assert_eq!(listed("new"), ["new"]);
    // A rule file outside of the folder is the operator's own, and names what it likes.
    let other = &loaded.rules[&folder.path("other/b.toml")];
    assert_eq!(other.rules[0].name, "other");
    let shared = other.user_agent_lists["other_outside"].patterns();
    assert_eq!(shared.map(|(_, text)| text).collect::<Vec<_>>(), ["shared"]);
    assert_eq!(loaded.rules.len(), 2);
    // The folder that versions are of is the one that it is called.
    let versions = loaded.config.rule_versions.unwrap();
    assert_eq!(versions.rules, folder.path("rules"));
    // Nothing of it stays.
    let own = load(&sources).unwrap();
    assert_eq!(own.rules[&folder.path("rules/a.toml")].rules[0].name, "old");
}

#[test]
fn a_rule_file_alone_is_read_elsewhere_too() {
    let (folder, _, instead) = folder();
    let file = folder.path("deep/state/check/a.toml");
    let loaded = load_rules_instead(std::slice::from_ref(&file), &instead).unwrap();
    assert_eq!(loaded[&file].rules[0].name, "new");
}

#[test]
fn a_file_that_is_not_among_the_others_is_missing() {
    let (folder, sources, instead) = folder();
    std::fs::remove_file(folder.path("deep/state/check/list.txt")).unwrap();
    let faults = folder.faults(load_instead(&sources, &instead));
    // Both lists of the file name it.
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].starts_with("deep/state/check/a.toml:2:8: "),
        "{faults:?}"
    );
}

#[test]
fn rules_of_the_folder_name_no_file_outside_of_it() {
    let (folder, sources, instead) = folder();
    let absolute = folder.path("shared.txt");
    for outside in ["../shared.txt", absolute.to_str().unwrap()] {
        let text = rules("new").replace("../shared.txt", outside);
        folder.write("deep/state/check/a.toml", text.as_bytes());
        let faults = folder.faults(load_instead(&sources, &instead));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].contains("outside of the folder of the rules"),
            "{faults:?}"
        );
    }
}

#[test]
fn what_is_needed_early_is_found_in_a_broken_configuration() {
    let (folder, sources, _) = folder();
    let expected = Early {
        admin: Some("127.0.0.1:9090".parse().unwrap()),
        rule_versions: Some(RuleVersions {
            rules: folder.path("rules"),
            path: folder.path("deep/state"),
            keep_max: 1000,
        }),
    };
    assert_eq!(early(&sources), expected);
    folder.write("rules/a.toml", b"no toml at all");
    folder.write(
        "gateway.toml",
        format!("{GATEWAY}\nunknown = 1\n[sites.t]\n").as_bytes(),
    );
    assert!(load(&sources).is_err());
    assert_eq!(early(&sources), expected);
    folder.write("gateway.toml", b"version = 1\n");
    assert_eq!(early(&sources), Early::default());
}
