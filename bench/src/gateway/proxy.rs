//! `proxy_vs_nginx`: a 1 KB answer from the origin, over kept connections.

use anyhow::{Context, Result};
use serde_json::json;

use super::{Bench, ratio, start_gate};
use crate::gate::Options;
use crate::peers::{self, local};
use crate::report::Measured;
use crate::rounds::{alternate, warm_up};

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let _shop = peers::shop(&bench.work)?;
    let options = Options {
        cached: false,
        ..Options::new("proxy")
    };
    let gate = start_gate(bench, &options)?;
    let nginx = peers::nginx(&bench.work)?;
    let of_nginx = |name, port, log| bench.server(name, local(port), &nginx, log);
    let record = peers::nginx_record(&bench.work);
    let contenders = [
        bench.contender("lockgate", &gate)?,
        of_nginx("nginx, equal work", peers::NGINX_PROXY, Some(record))?,
        of_nginx("nginx, bare", peers::NGINX_PROXY_BARE, None)?,
    ];
    for contender in &contenders {
        warm_up(contender)?;
    }
    let series = alternate(&contenders, &bench.plan)?;
    let [ours, equal, bare] = [0, 1, 2].map(|index| series.get(index));
    let ours = ours.context("no rounds")?;
    let mut measured = ratio(ours, equal.context("no rounds")?, &series);
    measured.detail["vs_bare"] = json!(ours.cpu_us() / bare.context("no rounds")?.cpu_us());
    Ok(vec![measured])
}
