//! `spin.toml`: what is wrong with it is said with its place, before anything runs.

use lockgate_tests::AppSetup;

fn refused(manifest: &str) -> Option<String> {
    let output = AppSetup::new(manifest).check()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    Some(said)
}

#[test]
fn an_unknown_key_is_named_with_its_place() {
    let manifest = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n\
                    [component.a]\nsource = \"{p3}\"\nenviroment = {}\n";
    let Some(said) = refused(manifest) else {
        return;
    };
    let expected =
        "spin.toml:9:1: component.a.enviroment: unknown key; did you mean \"environment\"?";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn what_a_component_cannot_have_is_named() {
    let component = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n[component.a]\n";
    for (rest, expected) in [
        (
            "source = \"none.wasm\"\n",
            "component.a.source: cannot read",
        ),
        ("source = \"spin.toml\"\n", "is no component"),
        (
            "source = \"{p3}\"\nallowed_outbound_hosts = [\"example.com\"]\n",
            "component.a.allowed_outbound_hosts[0]: needs a scheme",
        ),
        (
            "source = \"{p3}\"\nfiles = [\"none/*.txt\"]\n",
            "component.a.files[0]",
        ),
        (
            "source = \"{p3}\"\nvariables = { v = \"{{ key }}\" }\n[variables]\nkey = { required = true }\n",
            "key (SPIN_VARIABLE_KEY)",
        ),
    ] {
        let Some(said) = refused(&format!("{component}{rest}")) else {
            return;
        };
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
}

#[test]
fn two_triggers_for_the_same_paths_are_refused() {
    let manifest = "[[trigger.http]]\nroute = \"/:a\"\nstatic_response = {}\n\
                    [[trigger.http]]\nroute = \"/:b\"\nstatic_response = {}\n";
    let Some(said) = refused(manifest) else {
        return;
    };
    assert!(said.contains("matches the same paths as \"/:a\""), "{said}");
}
