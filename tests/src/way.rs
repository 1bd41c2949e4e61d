//! The ways that the gate is run in: the same tests, natively, as the composed component in our
//! own host, and under Spin.
//!
//! `LOCKGATE_E2E_WAY` chooses one. What a test needs that a way does not have stands in one list,
//! `tests/ways.toml`, and no test knows of ways. `LOCKGATE_E2E_LISTED=1` runs the listed tests too,
//! to see which of them would pass by now.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Deserialize;

/// How a gate is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// `lockgate run`.
    Native,
    /// `lockgate up --portable` with `dist/gateway.wasm`.
    Portable,
    /// `spin up` with `dist/gateway.wasm`.
    Spin,
}

/// The list of what is left out.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ways.toml");

/// Tests that are left out under some ways.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// `module::name`, or `module::*` for all of a module.
    pub tests: Vec<String>,
    /// Under which ways.
    pub ways: Vec<Way>,
    /// What they need that is not there.
    pub reason: String,
}

impl LeftOut {
    /// Whether the test of this name is meant.
    #[must_use]
    pub fn names(&self, test: &str) -> bool {
        self.tests
            .iter()
            .any(|pattern| match pattern.strip_suffix("::*") {
                Some(module) => test.split("::").next() == Some(module),
                None => pattern == test,
            })
    }
}

/// The entries of `tests/ways.toml`.
///
/// # Panics
/// Where the file is not what it should be.
#[must_use]
pub fn left_out() -> &'static [LeftOut] {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        left_out: Vec<LeftOut>,
    }
    static READ: OnceLock<Vec<LeftOut>> = OnceLock::new();
    READ.get_or_init(|| {
        let text = std::fs::read_to_string(LIST).expect("tests/ways.toml");
        let list: List = toml::from_str(&text).expect("tests/ways.toml is as way.rs reads it");
        list.left_out
    })
}

impl Way {
    /// The way that `LOCKGATE_E2E_WAY` names; natively without it.
    ///
    /// # Panics
    /// Where it names none.
    #[must_use]
    pub fn current() -> Self {
        match std::env::var("LOCKGATE_E2E_WAY").as_deref() {
            Err(_) | Ok("" | "native") => Self::Native,
            Ok("portable") => Self::Portable,
            Ok("spin") => Self::Spin,
            Ok(other) => panic!("LOCKGATE_E2E_WAY={other}: it is native, portable or spin"),
        }
    }

    /// Its name in `LOCKGATE_E2E_WAY`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Portable => "portable",
            Self::Spin => "spin",
        }
    }

    /// Whether the test of this thread is left out under this way; said once.
    ///
    /// # Panics
    /// Where the thread does not tell which test it runs.
    #[must_use]
    pub fn leaves_out_this_test(self) -> bool {
        if self == Self::Native || std::env::var_os("LOCKGATE_E2E_LISTED").is_some() {
            return false;
        }
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("main");
        assert!(
            test != "main",
            "tests/ways.toml is looked up by the thread's name: run with --test-threads=2 or more"
        );
        let entry = left_out()
            .iter()
            .find(|entry| entry.ways.contains(&self) && entry.names(test));
        let Some(entry) = entry else { return false };
        static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        if said.insert(test.to_owned()) {
            eprintln!("SKIPPED {test} ({}): {}", self.name(), entry.reason);
        }
        true
    }
}

/// The `spin` on `PATH`.
#[must_use]
pub fn spin() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("spin"))
        .find(|file| file.is_file())
}
