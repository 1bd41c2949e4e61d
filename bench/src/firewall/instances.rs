//! `crs_instance_mb`, `crs_further_mb`: how a process grows with instances that hold the Core
//! Rule Set. Measured in a process of its own, which has nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::policy::{Judge, Policy, bundle};
use super::requests::Kind;
use super::{crs, rule_set};
use crate::cpu::Processes;
use crate::groups::Bench;
use crate::report::Measured;
use crate::work::Work;

/// Resident memory is looked at with so many instances.
const COUNTS: [usize; 4] = [0, 1, 2, 8];

/// What the measuring process gets.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bundle that each instance loads
    bundle: PathBuf,
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    rule_set::folder(&bench.work)?;
    let name = "firewall-instances";
    let bytes = bundle(&bench.work, name, &[Path::new(crs::RULES)])?;
    let path = bench.work.subfolder(name)?.join("policy.bundle");
    fs::write(&path, bytes)?;
    // Compiles the component, where that was not done: it would count as well.
    drop(Policy::new(&bench.work, Vec::new())?);
    let output = Command::new(std::env::current_exe()?)
        .arg("instances")
        .arg(&path)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the measuring process")?;
    ensure!(output.status.success(), "the measuring process failed");
    let resident: Map<String, Value> = serde_json::from_slice(&output.stdout)?;
    let mb = |count: usize| -> Result<f64> {
        let bytes = resident.get(&count.to_string()).and_then(Value::as_f64);
        Ok(bytes.with_context(|| format!("nothing was said of {count} instances"))? / 1e6)
    };
    let first = mb(1)? - mb(0)?;
    let (second, last) = (mb(2)? - mb(1)?, (mb(8)? - mb(2)?) / 6.0);
    let further = second.max(last);
    eprintln!("  the first {first:.1} MB, a further one {further:.1} MB");
    let of = |value: f64, detail: Value| Measured {
        value,
        compared: None,
        unit: "MB",
        detail,
    };
    Ok(vec![
        of(first, json!({ "resident_bytes_by_instances": resident })),
        of(
            further,
            json!({ "second_mb": second, "third_to_eighth_mb": last }),
        ),
    ])
}

/// The measuring process: makes instances, lets each inspect requests of every kind so that its
/// memory is as large as it gets, and prints how much is resident.
///
/// # Errors
/// When the bundle does not load.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let policy = Policy::new(&Work::new()?, fs::read(&arguments.bundle)?)?;
    let requests: Vec<_> = Kind::ALL.iter().flat_map(|kind| kind.requests(1)).collect();
    let ours = Processes::descending_from(&[std::process::id()])?;
    let mut judges: Vec<Judge> = Vec::new();
    let mut resident = Map::new();
    for count in COUNTS {
        while judges.len() < count {
            let mut judge = policy.judge()?;
            judge.inspect_all(&requests)?;
            judges.push(judge);
        }
        resident.insert(count.to_string(), json!(ours.resident_bytes()?));
    }
    println!("{}", Value::Object(resident));
    Ok(())
}
