//! `crs_swap_peak`: the most memory of a running gateway while a changed Core Rule Set comes into
//! force, by what it had before. `crs_push_s`: how long a push of one takes, checks included.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::requests::Kind;
use super::rule_set;
use crate::fetch::fetch;
use crate::gate::wait_until_ready;
use crate::groups::Bench;
use crate::peers::local;
use crate::process::{Launch, SERVER_CORE, Server};
use crate::report::Measured;
use crate::rounds::round_to;

/// The port that `bench/firewall/gateway.toml` names.
pub(crate) const PORT: u16 = 19_150;

/// Where rules are pushed to.
const ADMIN_PORT: u16 = 19_151;

/// Who pushes them.
const TOKEN: &str = "lgr_bench";

/// Changes, one after the other; the worst counts.
const CHANGES: usize = 3;

/// For a change to come into force.
const PATIENCE: Duration = Duration::from_secs(120);

/// After a change: what the old instances had is given back meanwhile.
const SETTLE: Duration = Duration::from_secs(2);

/// What the gateway logs when a change is in force.
const IN_FORCE: &str = "configuration in force";

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let work = &bench.work;
    let crs = rule_set::folder(work)?;
    let folder = work.fresh_subfolder("firewall-swap")?;
    let rules = folder.join("rules");
    fs::create_dir_all(&rules)?;
    // Another threshold: every instance gets another program.
    let write = |folder: &Path, threshold: usize| {
        let path = toml::Value::String(crs.display().to_string());
        let text = format!("[crs]\npath = {path}\ninbound_anomaly_threshold = {threshold}\n");
        let file = folder.join("crs.toml");
        fs::write(&file, text).with_context(|| file.display().to_string())
    };
    write(&rules, 5)?;
    let overlay = folder.join("overlay.toml");
    let digest: String = Sha256::digest(TOKEN)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let text = format!(
        "[sites.bench]\nrules = [\"rules/crs.toml\"]\n\n[record]\npath = \"record.jsonl\"\n\n\
         [admin]\naddress = \"127.0.0.1:{ADMIN_PORT}\"\n\n\
         [rule_versions]\nrules = \"rules\"\npath = \"state\"\n\n\
         [admin.tokens.bench]\nrole = \"publish\"\ndigest = \"sha256:{digest}\"\n"
    );
    fs::write(&overlay, text)?;
    let policy = work.dist("policy.wasm")?;
    let launch = Launch::new(work.dist("lockgate")?)
        .args(["run"])
        .path(
            "--components",
            policy.parent().context("dist/ has no parent")?,
        )
        .path("--store", &work.subfolder("store")?)
        .path("--config", &work.own("firewall/gateway.toml"))
        .path("--overlay", &overlay);
    let mut server = Server::start("lockgate-swap", work.folder(), SERVER_CORE, &launch)?;
    wait_until_ready(&mut server)?;
    let processes = server.processes()?;
    let (mut worst, mut changes) = (0.0_f64, Vec::new());
    for change in 1..=CHANGES {
        send_some(change)?;
        std::thread::sleep(SETTLE);
        let steady = processes.resident_bytes()?;
        processes.forget_peak()?;
        let begun = Instant::now();
        write(&rules, 5 + change)?;
        while server.log().matches(IN_FORCE).count() < change {
            server.still_runs()?;
            ensure!(
                begun.elapsed() < PATIENCE,
                "a change did not come into force"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let in_force_ms = round_to(begun.elapsed().as_secs_f64() * 1e3, 0);
        std::thread::sleep(SETTLE);
        let peak = processes.peak_resident_bytes()?;
        worst = worst.max(peak as f64 / steady as f64);
        changes.push(json!({
            "steady_mb": round_to(steady as f64 / 1e6, 1),
            "peak_mb": round_to(peak as f64 / 1e6, 1),
            "in_force_ms": in_force_ms,
        }));
    }
    eprintln!("  {worst:.2} times");
    let pushed = folder.join("pushed");
    fs::create_dir_all(&pushed)?;
    let mut seconds = Vec::new();
    for change in 1..=CHANGES {
        write(&pushed, 50 + change)?;
        seconds.push(push(bench, &pushed)?);
        server.still_runs()?;
    }
    let slowest = seconds.iter().copied().fold(0.0, f64::max);
    eprintln!("  a push: {slowest:.1} s");
    Ok(vec![
        Measured {
            value: worst,
            compared: None,
            unit: "times",
            detail: json!({ "changes": changes }),
        },
        Measured {
            value: slowest,
            compared: None,
            unit: "s",
            detail: json!({ "pushes_s": seconds }),
        },
    ])
}

/// Pushes a folder of rules; the seconds until it was in force and that was said.
fn push(bench: &Bench, folder: &Path) -> Result<f64> {
    let begun = Instant::now();
    let output = Command::new(bench.work.dist("lockgate")?)
        .args(["rules", "push", "--force", "-m", "measured", "--admin"])
        .arg(format!("http://127.0.0.1:{ADMIN_PORT}"))
        .arg(folder)
        .env("LOCKGATE_TOKEN", TOKEN)
        .output()
        .context("lockgate rules push")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the push was refused: {said}");
    Ok(round_to(begun.elapsed().as_secs_f64(), 2))
}

/// Requests for every instance to inspect. Nobody answers them behind the gate; what they are
/// answered does not matter.
fn send_some(round: usize) -> Result<()> {
    for request in Kind::Get.requests(round).iter().take(50) {
        fetch(local(PORT), &request.head().bytes)?;
    }
    Ok(())
}
