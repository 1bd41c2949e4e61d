//! `gate_over_component_us`: the hello component behind the gate (User-Agent list, sign-in, two
//! limits; nothing is cached), less the component alone in the same host. No socket lies between
//! the gate and the component.

use anyhow::{Result, ensure};

use super::app::App;
use super::{Bench, hello, hosts, series_json, start_gate};
use crate::fetch::fetch;
use crate::gate::{Options, PORT};
use crate::report::Measured;
use crate::rounds::{alternate, warm_up};

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let work = &bench.work;
    let manifest = hello::manifest(work)?;
    let options = Options {
        port: PORT,
        cached: false,
        overlay: Some(work.own("spin/component.toml")),
        arguments: vec!["--app".to_owned(), manifest.display().to_string()],
        ..Options::new("gate")
    };
    let behind = start_gate(bench, &options)?;
    let alone = App::start(work, &hello::options(work, "alone", hosts::PORT)?)?;
    let contenders = [
        bench.contender("behind the gate", &behind)?,
        alone.contender(bench, "the component alone")?,
    ];
    for contender in &contenders {
        warm_up(contender)?;
    }
    let answers = [
        fetch(behind.address, bench.requests.get(0))?,
        fetch(alone.address, bench.requests.get(0))?,
    ];
    ensure!(
        answers[0].body == answers[1].body,
        "the gate answers itself:\n{}",
        answers[0].head
    );
    let series = alternate(&contenders, &bench.plan)?;
    let [behind, alone] = series.as_slice() else {
        anyhow::bail!("no rounds");
    };
    Ok(vec![Measured {
        value: behind.cpu_us() - alone.cpu_us(),
        compared: None,
        unit: "µs",
        detail: series_json(&series),
    }])
}
