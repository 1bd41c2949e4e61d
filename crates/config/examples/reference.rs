//! Rewrites `docs/configuration.md` from the types.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    std::fs::write(page, lockgate_config::reference_markdown())
}
