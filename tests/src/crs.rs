//! The OWASP Core Rule Set beside the project, and gates that run it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

use crate::setup::Setup;
use crate::world::World;

/// Times of the policy on a machine that is busy with other tests, and room for two programs in an
/// instance.
pub const POLICY: &str = "
[policy]
inspection_deadline_ms = 1000
wall_clock_ms_max = 20000
inspection_threads = 2
memory_bytes_max = 1073741824
";

/// The folder of the release; `None` where there is none, said once on standard error.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/crs");
    match folder.canonicalize() {
        Ok(folder) if folder.join("rules").is_dir() => Some(folder),
        _ => {
            SAID.call_once(|| {
                eprintln!("SKIPPED: there is no Core Rule Set at {}", folder.display());
            });
            None
        }
    }
}

/// A rule file that switches the release on, with more keys of `[crs]`.
#[must_use]
pub fn rule_file(folder: &Path, keys: &str) -> String {
    format!("[crs]\npath = {:?}\n{keys}\n", folder.display().to_string())
}

/// A site with all of its paths at one origin. Without `rules` it has no rule file.
#[must_use]
pub fn site(name: &str, origin: &str, rules: Option<&str>) -> String {
    let rules = rules.map_or(String::new(), |file| format!("rules = [\"{file}\"]\n"));
    format!(
        "[sites.{name}]\nhosts = [\"{name}.test\"]\n{rules}\
         [[sites.{name}.routes]]\npath = \"/\"\norigin = \"{origin}\"\n\
         [[sites.{name}.routes]]\npath = \"/{{*rest}}\"\norigin = \"{origin}\"\n"
    )
}

/// Starts a gate that compiles a Core Rule Set: that takes many seconds of a core, so one does it
/// at a time. `None` as for [`Setup::start`].
///
/// # Panics
/// Where it does not start.
#[must_use]
pub fn start(setup: Setup) -> Option<World> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    setup.slow_to_start().start()
}
