//! `body10m_vs_nginx`: throughput of 10 MB bodies from an origin of static files.

use anyhow::{Context, Result};
use serde_json::json;

use super::{Bench, series_json, start_gate};
use crate::gate::Options;
use crate::peers::{self, local};
use crate::report::Measured;
use crate::requests::{RequestSet, signed_in};
use crate::rounds::{alternate, warm_up};

/// Bodies on their way at once.
const CONNECTIONS: usize = 8;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let _files = peers::files(&bench.work)?;
    let gate = start_gate(bench, &Options::new("body"))?;
    let nginx = peers::nginx(&bench.work)?;
    let set = RequestSet::single(signed_in("GET", "/files/10m", None)?);
    let of_nginx = |name, port| bench.server(name, local(port), &nginx, None);
    let contenders = [
        bench.contender("lockgate", &gate)?,
        of_nginx("nginx, equal work", peers::NGINX_BODY)?,
        of_nginx("nginx, bare", peers::NGINX_BODY_BARE)?,
    ]
    .map(|contender| contender.sent(&set, CONNECTIONS));
    for contender in &contenders {
        warm_up(contender)?;
    }
    let series = alternate(&contenders, &bench.plan)?;
    let rates: Vec<f64> = series
        .iter()
        .map(|one| one.median(|round| round.mb_per_s))
        .collect();
    let [ours, equal, bare] = [0, 1, 2].map(|index| rates.get(index).copied());
    let (ours, equal) = (ours.context("no rounds")?, equal.context("no rounds")?);
    let mut detail = series_json(&series);
    detail["vs_bare"] = json!(ours / bare.context("no rounds")?);
    let cpu: Vec<f64> = series.iter().map(crate::rounds::Series::cpu_us).collect();
    if let [ours, equal, ..] = cpu.as_slice() {
        detail["cpu_vs_nginx"] = json!(ours / equal);
    }
    Ok(vec![Measured {
        value: ours / equal,
        compared: Some((ours, equal)),
        unit: "MB/s",
        detail,
    }])
}
