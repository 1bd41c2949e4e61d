//! The Core Rule Set beside the project, loaded as its cases expect it.
#![allow(dead_code, reason = "each test uses a part of it")]
use lockgate_seclang::ftw::{self, Case};
use lockgate_seclang::{Compiled, Source, compile, crs, parse};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The set-up that the cases of the Core Rule Set expect after `crs-setup.conf`.
pub(crate) const SETUP: &str = "SecAction \"id:900005,phase:1,nolog,pass,ctl:ruleEngine=DetectionOnly,\
    ctl:ruleRemoveById=910000,\
    setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,\
    setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,\
    setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535\"\n";

/// The folder of the set, or nothing and a line that says so.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/crs");
    if folder.join("rules").is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: there is no Core Rule Set at {}", folder.display());
    None
}

/// The sources of the set with a set-up.
pub(crate) fn sources(folder: &Path, setup: &str) -> Vec<Source> {
    let setup = Source::Text {
        name: PathBuf::from("setup.conf"),
        text: setup.to_owned(),
    };
    crs::sources(folder, setup).expect("the rules are there")
}

/// The set compiled with [`SETUP`], once for all tests of a file.
pub(crate) fn compiled(folder: &Path) -> &'static Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let ast =
            parse(&sources(folder, SETUP)).unwrap_or_else(|faults| panic!("{}", told(&faults)));
        compile(&ast).unwrap_or_else(|faults| panic!("{}", told(&faults)))
    })
}

fn told(faults: &[lockgate_seclang::Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            out.push(path);
        }
    }
    out.sort();
}

/// All cases of a release, by file and in order.
pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    let mut paths = Vec::new();
    files(&folder.join("tests"), &mut paths);
    paths
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            ftw::read(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
        })
        .collect()
}
