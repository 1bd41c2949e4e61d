//! Configurations. The parts of an input are `gateway.toml`, an overlay, the rule file `r.toml`,
//! the list `l.txt` (also the JWK Set `k.json`), and environment variables.

use crate::parts::{parts, texts};
use lockgate_bundle::Bundle;
use lockgate_config::{FAULTS_MAX, Loaded, Sources, load, show};
use lockgate_policy::Policy;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("s"), [b's'; 64]).expect("a secret");
    folder
});

/// Loads, and compiles what is sound.
pub fn run(data: &[u8]) {
    let [base, overlay, rules, list, env] = parts(data);
    let folder = FOLDER.path();
    let files = [
        ("gateway.toml", base),
        ("overlay.toml", overlay),
        ("r.toml", rules),
        ("l.txt", list),
        ("k.json", list),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    let env = texts(env, 8).map(|line| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    });
    let loaded = load(&Sources {
        base: folder.join("gateway.toml"),
        overlays: if overlay.is_empty() {
            Vec::new()
        } else {
            vec![folder.join("overlay.toml")]
        },
        env: env.collect(),
    });
    match loaded {
        Ok(loaded) => sound(&loaded),
        Err(refused) => {
            assert!((1..=FAULTS_MAX).contains(&refused.faults.len()));
            for fault in &refused.faults {
                let text = fault.to_string();
                assert!(!text.contains('\n') && !fault.reason.is_empty(), "{text:?}");
                if let (Some(file), Some(place)) = (fault.file(), fault.line_and_column()) {
                    in_the_file(file, place);
                }
            }
        }
    }
}

fn in_the_file(file: &Path, (line, column): (u32, u32)) {
    let text = fs::read_to_string(file).expect("it was read");
    let lines = text.split('\n').count();
    assert!((1..=lines).contains(&(line as usize)), "{line} of {lines}");
    let bytes = text.split('\n').nth(line as usize - 1).map_or(0, str::len);
    assert!(
        (1..=bytes + 1).contains(&(column as usize)),
        "{line}:{column}"
    );
}

fn sound(loaded: &Loaded) {
    assert!(!show(loaded).is_empty());
    let compiled = match lockgate_compile::compile(loaded) {
        Ok(compiled) => compiled,
        Err(faults) => return assert!(!faults.is_empty()),
    };
    assert_eq!(
        Bundle::from_bytes(&compiled.bytes).as_ref(),
        Ok(&compiled.bundle)
    );
    let secrets: Vec<_> = loaded
        .config
        .secrets
        .keys()
        .map(|name| (name.clone(), vec![b's'; 64]))
        .collect();
    if let Err(error) = Policy::load(compiled.bytes.clone(), &secrets) {
        // A secret that should be a JWK Set and is none.
        assert!(error.starts_with("sign-in "), "{error}");
    }
}
