//! Prints `docs/configuration.md`, made from the types: `cargo xtask doc-config` writes it.

fn main() {
    print!("{}", lockgate_config::reference_markdown());
}
