//! `differences`: every operation on pictures beside Sharp's, and the table of how far they are
//! apart.

use super::{Verb, only_flags};
use crate::{cargo, checkout, supervise};
use anyhow::Result;
use std::fs;

pub(super) const VERB: Verb = Verb {
    name: "differences",
    arguments: "",
    about: "compare every operation on pictures with Sharp, write docs/image-differences.md",
    details: "\
Installs Sharp with npm below target/ when it is missing, so node and npm must be there. Fails
where a difference passes its bound. Both pictures of every case are left as contact sheets in
target/tmp/sharp/.
",
    run,
};

/// The folder of the test and of what it needs from npm.
const TEST: &str = "components/image/tests/sharp";

fn run(args: &[String]) -> Result<()> {
    only_flags(args, &[])?;
    let root = checkout::root();
    let folder = cargo::target_directory()?.join("sharp");
    fs::create_dir_all(&folder)?;
    fs::copy(
        root.join(TEST).join("package.json"),
        folder.join("package.json"),
    )?;
    if !folder.join("node_modules/sharp").is_dir() {
        let mut npm = supervise::command("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--silent"]);
        supervise::run(npm.current_dir(&folder), "npm install")?;
    }
    let arguments = [
        "test",
        "--release",
        "--package",
        "lockgate-image",
        "--test",
        "sharp",
    ];
    let mut command = cargo::command(&arguments);
    command.env("LOCKGATE_SHARP", &folder).env(
        "LOCKGATE_SHARP_WRITE",
        root.join("docs/image-differences.md"),
    );
    supervise::run(&mut command, "the comparison with Sharp")
}
