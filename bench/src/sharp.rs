//! Sharp, from npm, in one node process behind `bench/peers/sharp/server.mjs`.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::gate::Gate;
use crate::groups::Bench;
use crate::peers::{FILES, local};
use crate::process::{Launch, Server, find_program};
use crate::requests::RequestSet;
use crate::rounds::{Contender, warm_up};
use crate::work::Work;

/// Sharp listens here.
const PORT: u16 = 19_137;

/// Installs Sharp into the work folder when it is missing; the folder.
///
/// # Errors
/// When npm is missing, or the installation fails.
pub(crate) fn install(work: &Work) -> Result<PathBuf> {
    let folder = work.subfolder("sharp")?;
    for file in ["package.json", "server.mjs", "tasks.mjs"] {
        fs::copy(work.own(&format!("peers/sharp/{file}")), folder.join(file))?;
    }
    if !folder.join("node_modules/sharp").is_dir() {
        let npm = find_program("npm").context("npm is missing")?;
        eprintln!("installing Sharp into {}", folder.display());
        let status = Command::new(npm)
            .args(["install", "--no-audit", "--no-fund", "--silent"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .status()?;
        ensure!(status.success(), "npm install failed ({status})");
    }
    Ok(folder)
}

/// Installs Sharp when it is missing, and starts it on these cores.
///
/// # Errors
/// When node or npm are missing, or the installation fails.
pub(crate) fn start(work: &Work, cores: impl Display) -> Result<Server> {
    let node = find_program("node").context("node is missing")?;
    let folder = install(work)?;
    let launch = Launch::new(node)
        .args([folder.join("server.mjs").display().to_string()])
        .args([PORT.to_string(), FILES.to_string()]);
    let mut server = Server::start("sharp", work.folder(), cores, &launch)?;
    server.wait_for(local(PORT))?;
    Ok(server)
}

/// `gate` and the Sharp that was started, both warmed up, sent `set` over so many connections.
///
/// # Errors
/// When one of them is gone, or answers something but 200.
pub(crate) fn contenders<'a>(
    bench: &'a Bench,
    gate: &Gate,
    sharp: &Server,
    set: &'a RequestSet,
    connections: usize,
) -> Result<[Contender<'a>; 2]> {
    let contenders = [
        bench.contender("lockgate", gate)?,
        bench.server("sharp", local(PORT), sharp, None)?,
    ]
    .map(|contender| contender.sent(set, connections));
    for contender in &contenders {
        warm_up(contender)?;
    }
    Ok(contenders)
}

/// The version that is installed, with that of its libvips.
pub(crate) fn version(work: &Work) -> Option<String> {
    let folder = work.folder().join("sharp");
    let script =
        "const s = require('sharp'); console.log(s.versions.sharp, 'libvips', s.versions.vips)";
    let output = Command::new(find_program("node")?)
        .args(["-e", script])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
