//! The reference page is what the types say, and its example works.

mod common;

use std::path::Path;

use common::Folder;
use lockgate_config::reference_markdown;

#[test]
fn the_page_in_docs_is_made_from_the_types() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = std::fs::read_to_string(page).expect("docs/configuration.md");
    assert!(
        page == reference_markdown(),
        "docs/configuration.md is old: run `cargo run -p lockgate-config --example reference`"
    );
}

#[test]
fn every_key_has_a_text() {
    let page = reference_markdown();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert!(rows.len() > 100, "only {} keys", rows.len());
    for row in rows {
        assert!(!row.ends_with("|  |"), "no text: {row}");
    }
}

#[test]
fn the_example_loads() {
    let page = reference_markdown();
    let mut blocks = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next());
    let gateway = blocks.next().flatten().expect("gateway.toml");
    let rules = blocks.next().flatten().expect("rules/default.toml");
    let folder = Folder::new(&[("gateway.toml", gateway), ("rules/default.toml", rules)]);
    assert_eq!(folder.faults(folder.load()), Vec::<String>::new());
}
