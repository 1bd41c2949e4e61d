//! `ua_growth`, `route_growth`: what longer lists and more routes do to a hit, to the start and
//! to memory.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Bench, start_gate};
use crate::gate::{Gate, Options, PORT};
use crate::peers;
use crate::report::Measured;
use crate::rounds::{Series, alternate, round_to, warm_up};

/// Instances of the policy: one I/O thread and one inspection thread.
const INSTANCES: u64 = 2;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let _shop = peers::shop(&bench.work)?;
    let entries = [15, 1_500, 150_000].map(|crawlers| Options {
        crawlers,
        ..Options::new(&format!("ua-{crawlers}"))
    });
    let names = ["15 entries", "1,500 entries", "150,000 entries"];
    let ua = compare(bench, &names, entries.to_vec()).context("User-Agent entries")?;
    let routes = [10, 1_000].map(|routes| Options {
        routes,
        ..Options::new(&format!("routes-{routes}"))
    });
    let routes = compare(bench, &["10 routes", "1,000 routes"], routes.to_vec());
    Ok(vec![ua, routes.context("routes")?])
}

/// The dearest by the first, all running side by side.
fn compare(bench: &Bench, names: &[&'static str], mut options: Vec<Options>) -> Result<Measured> {
    let mut gates = Vec::new();
    let (mut contenders, mut resident) = (Vec::new(), Vec::new());
    for ((name, options), port) in names.iter().zip(&mut options).zip(PORT..) {
        options.port = port;
        let gate = start_gate(bench, options)?;
        let contender = bench.contender(name, &gate)?;
        warm_up(&contender)?;
        resident.push(contender.processes.resident_bytes()?);
        contenders.push(contender);
        gates.push(gate);
    }
    let series = alternate(&contenders, &bench.plan)?;
    let first = series.first().context("no rounds")?;
    let dearest = series
        .iter()
        .skip(1)
        .map(Series::cpu_us)
        .fold(0.0, f64::max);
    let smallest = resident.first().copied().unwrap_or_default();
    let sizes: Vec<Value> = names
        .iter()
        .zip(&gates)
        .zip(&resident)
        .map(|((name, gate), bytes)| size_json(name, gate, *bytes, smallest))
        .collect();
    let all: Vec<Value> = series.iter().map(Series::to_json).collect();
    Ok(Measured {
        value: dearest / first.cpu_us(),
        compared: Some((dearest, first.cpu_us())),
        unit: "µs",
        detail: json!({ "sizes": sizes, "series": all }),
    })
}

fn size_json(name: &str, gate: &Gate, resident: u64, smallest: u64) -> Value {
    let more = resident.saturating_sub(smallest);
    json!({
        "name": name,
        "start_ms": gate.start_ms(),
        "resident_mb": round_to(resident as f64 / 1e6, 2),
        "bytes_per_instance_more_than_first": more / INSTANCES,
    })
}
