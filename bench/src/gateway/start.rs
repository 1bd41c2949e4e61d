//! `cold_start_ms` and `idle_rss_mb`: a process that has its components compiled already.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::{Bench, start_gate};
use crate::fetch::first_answer;
use crate::gate::{Gate, Options};
use crate::peers;
use crate::report::Measured;
use crate::rounds::{median, round_to};

const STARTS: usize = 10;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let _shop = peers::shop(&bench.work)?;
    let options = Options::new("start");
    // The first start compiles, if nobody has before.
    drop(start_gate(bench, &options)?);
    let (mut firsts, mut logged, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..if bench.quick { 3 } else { STARTS } {
        let gate = Gate::launch(&bench.work, &options)?;
        // Through every stage: a token never seen, an answer from the origin.
        let first = first_answer(gate.address, bench.requests.get(0), gate.begun)?;
        firsts.push(first.as_secs_f64() * 1e3);
        logged.push(gate.start_ms());
    }
    for _ in 0..3 {
        let gate = start_gate(bench, &options)?;
        thread::sleep(Duration::from_secs(1));
        idle.push(gate.server.processes()?.resident_bytes()? as f64 / 1e6);
    }
    let places =
        |values: &[f64]| -> Vec<f64> { values.iter().map(|value| round_to(*value, 2)).collect() };
    let cold_start = Measured {
        value: median(firsts.clone()),
        compared: None,
        unit: "ms",
        detail: json!({ "starts_ms": places(&firsts), "ready_logged_ms": logged }),
    };
    let idle_rss = Measured {
        value: median(idle.clone()),
        compared: None,
        unit: "MB",
        detail: json!({ "starts_mb": places(&idle), "user_agent_entries": options.crawlers }),
    };
    Ok(vec![cold_start, idle_rss])
}
