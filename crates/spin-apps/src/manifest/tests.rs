//! What a manifest may say, and what is said of one that says something else.

use std::io::Write as _;

use super::*;

fn read_text(text: &str) -> Result<Manifest, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    load(file.path()).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        faults
            .join("\n")
            .replace(&*file.path().to_string_lossy(), "spin.toml")
    })
}

const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"app\"\n";

fn faults(text: &str) -> String {
    read_text(&format!("{HEAD}{text}")).unwrap_err()
}

#[test]
fn a_whole_manifest_is_understood() {
    let manifest = read_text(
        r#"
        spin_manifest_version = 2
        [application]
        name = "shop"
        version = "1.0.0"
        description = "d"
        authors = ["a"]
        [variables]
        key = { required = true, secret = true }
        mode = { default = "fast" }
        [[trigger.http]]
        id = "x"
        route = "/api/:id/..."
        component = "api"
        executor = { type = "http" }
        [[trigger.http]]
        route = { private = true }
        component = "hidden"
        [[trigger.http]]
        route = "/old"
        static_response = { status_code = 302, headers = { location = "/new" } }
        [component.api]
        source = "api.wasm"
        description = "d"
        variables = { url = "https://{{ mode }}.test/{{ key }}" }
        environment = { A = "1" }
        files = ["a/*.txt", { source = "data", destination = "/data" }]
        exclude_files = ["a/b.txt"]
        allowed_outbound_hosts = ["https://{{ mode }}.test"]
        key_value_stores = ["default"]
        sqlite_databases = ["default"]
        build = { command = "make" }
        [component.api.tool.lockgate]
        cpu_ms_max = 50
        requests_per_instance_max = 1
        [component.api.tool.other]
        anything = 1.5
        [component.hidden]
        source = "hidden.wasm"
        "#,
    )
    .unwrap();
    assert_eq!((&*manifest.name, &*manifest.version), ("shop", "1.0.0"));
    assert_eq!(manifest.triggers.len(), 3);
    let api = &manifest.components["api"];
    assert_eq!(api.settings.cpu.as_millis(), 50);
    assert_eq!(api.settings.requests_per_instance_max, Some(1));
    let values = BTreeMap::from([
        ("mode".to_owned(), "slow".to_owned()),
        ("key".to_owned(), "k".to_owned()),
    ]);
    assert_eq!(
        api.variables["url"].value.fill(&values),
        "https://slow.test/k"
    );
    let Action::Static(fixed) = &manifest.triggers[2].action else {
        panic!("{:?}", manifest.triggers[2]);
    };
    assert_eq!((fixed.status, fixed.headers.len()), (302, 1));
}

#[test]
fn a_wrong_key_is_named_with_its_place_and_its_nearest_spelling() {
    let text = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n\
                [component.a]\nsource = \"a.wasm\"\nalowed_outbound_hosts = []\n";
    assert_eq!(
        faults(text),
        "spin.toml:9:1: component.a.alowed_outbound_hosts: unknown key; \
         did you mean \"allowed_outbound_hosts\"?"
    );
}

#[test]
fn every_fault_is_told_at_once() {
    let told = faults(
        "[[trigger.http]]\nroute = \"/a\"\ncomponent = \"aa\"\n\
         [[trigger.redis]]\nchannel = \"c\"\n\
         [component.a]\nsource = { url = \"https://x.test/a.wasm\", digest = \"sha256:0\" }\n\
         ai_models = [\"m\"]\n[component.bad_id]\nsource = 1\n\
         [component.c]\nsource = \"c.wasm\"\nvariables = { x = \"{{ y }}\" }\n\
         [component.c.dependencies]\n\"a:b/c\" = { path = \"d.wasm\" }\n",
    );
    for part in [
        "there is no component \"aa\"",
        "no \"redis\" triggers",
        "component.a.source: lockgate downloads nothing",
        "component.a.ai_models: is not supported by lockgate",
        "component.bad_id: is no id of a component",
        "component.bad_id.source: expected a string, found an integer",
        "component.c.variables.x: there is no variable \"y\"",
        "component.c.dependencies: is not supported by lockgate",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
}

#[test]
fn versions_and_actions_are_checked() {
    let old = read_text("spin_version = \"1\"\n").unwrap_err();
    assert!(old.contains("needs \"spin_manifest_version = 2\""), "{old}");
    let both = faults(
        "[[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\nstatic_response = {}\n\
         [component.a]\nsource = \"a.wasm\"\n",
    );
    assert!(both.contains("exclude each other"), "{both}");
    let none = faults("[[trigger.http]]\nroute = { private = false }\n");
    assert!(
        none.contains("needs \"component\" or \"static_response\""),
        "{none}"
    );
    assert!(none.contains("{ private = true }"), "{none}");
    let broken = read_text("spin_manifest_version = 2\n[application\n").unwrap_err();
    assert!(broken.starts_with("spin.toml:2:"), "{broken}");
}
