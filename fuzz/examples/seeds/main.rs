//! Writes `fuzz/seeds`, the same bytes every time, from test data that is in the tree already:
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.

mod binary;
mod pictures;
mod text;

use std::fs;
use std::path::Path;

/// One seed: its target, its name and its bytes.
struct Seed {
    target: &'static str,
    name: String,
    bytes: Vec<u8>,
}

impl Seed {
    fn new(target: &'static str, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            target,
            name: name.into(),
            bytes: bytes.into(),
        }
    }
}

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let all = [text::all(), binary::all(), pictures::all()];
    let seeds: Vec<Seed> = all.into_iter().flatten().collect();
    let count = seeds.len();
    for seed in seeds {
        let folder = folder.join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), seed.bytes)?;
    }
    println!("{count} seeds");
    Ok(())
}
