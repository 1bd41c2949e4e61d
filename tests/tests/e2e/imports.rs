//! What the components import, against a committed list: anything new is a failure.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_tests::artifacts;
use wasmparser::{Encoding, Parser, Payload};

/// The interfaces that Rust's standard library drags in on wasm32-wasip2. The host answers each
/// with denials.
const ALLOWED: &str = include_str!("imports.txt");

/// The names that a component imports from its host.
fn imports(path: &Path) -> BTreeSet<String> {
    let bytes = std::fs::read(path).expect("a component");
    let mut names = BTreeSet::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.expect("a sound component") {
            Payload::Version { encoding, .. } if depth == 0 => {
                assert_eq!(
                    encoding,
                    Encoding::Component,
                    "{} is no component",
                    path.display()
                );
                depth += 1;
            }
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    names.insert(import.expect("an import").name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    assert_eq!(depth, 0, "sections are nested otherwise than thought");
    names
}

fn allowed() -> BTreeSet<&'static str> {
    ALLOWED
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

#[test]
fn the_components_import_nothing_but_what_is_denied() {
    let Some(artifacts) = artifacts::find() else {
        return;
    };
    let allowed = allowed();
    for name in ["policy.wasm", "image.wasm"] {
        let imports = imports(&artifacts.components.join(name));
        let known = |import: &&String| {
            let (interface, version) = import.split_once('@').unwrap_or((import, ""));
            allowed.contains(interface) && version.starts_with("0.2.")
        };
        let unknown: Vec<_> = imports.iter().filter(|import| !known(import)).collect();
        assert!(
            unknown.is_empty(),
            "{name} imports {unknown:?}, which is not in imports.txt"
        );
    }
}
