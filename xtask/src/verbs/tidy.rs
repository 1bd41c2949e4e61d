//! `tidy`: the rules of this repository that no compiler knows.
//!
//! It is a test of this crate as well, so that `cargo test` alone finds what it finds.

mod code;
mod docs;
mod files;

use super::{Verb, only_flags};
use crate::checkout;
use anyhow::{Result, bail};

pub(super) const VERB: Verb = Verb {
    name: "tidy",
    arguments: "",
    about: "check the rules of this repository that no compiler knows",
    details: "\
Every Rust file opens with a `//!` line and has at most 600 lines; nothing unfinished and no
path of one machine is left in; every TOML file can be read; every rule file
has its cases; decision records have one number
each and are linked; links between documents lead somewhere; every verb and benchmark that a
document names exists.
",
    run,
};

fn run(args: &[String]) -> Result<()> {
    only_flags(args, &[])?;
    println!("{} files are tidy", check()?);
    Ok(())
}

/// Checks the checkout and returns how many files there were.
///
/// # Errors
/// All findings, a line each.
pub(super) fn check() -> Result<usize> {
    let files = files::all(&checkout::root())?;
    let mut findings = code::findings(&files);
    findings.extend(docs::findings(&files));
    if !findings.is_empty() {
        bail!("not tidy:\n  {}", findings.join("\n  "));
    }
    Ok(files.len())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checkout_is_tidy() {
        assert!(super::check().unwrap() > 10);
    }
}
