//! `setup`: makes the Wasm target available.

use super::{Verb, only_flags};
use crate::toolchain;
use anyhow::Result;

pub(super) const VERB: Verb = Verb {
    name: "setup",
    arguments: "",
    about: "make the Wasm target of the Rust toolchain available",
    details: "\
Looks whether the target compiles a program already; if not, asks rustup to add it; if that
does not work either, builds its standard library from source: from the folder named in
LOCKGATE_WASM_STD, or from Debian's packages, of which nothing is installed.
Safe to repeat. `build`, `up` and `test` do it first.
",
    run,
};

fn run(args: &[String]) -> Result<()> {
    only_flags(args, &[])?;
    println!(
        "{} is available: {}",
        toolchain::TARGET,
        toolchain::ensure_target()?
    );
    Ok(())
}
