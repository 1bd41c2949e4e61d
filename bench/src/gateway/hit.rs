//! `hit_vs_nginx`, `hit_vs_varnish`: a stored 1 KB answer.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Bench, ratio, start_gate};
use crate::fetch::fetch;
use crate::gate::Options;
use crate::peers::{self, local};
use crate::report::Measured;
use crate::rounds::{alternate, warm_up};

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let shop = peers::shop(&bench.work)?;
    let gate = start_gate(bench, &Options::new("hit"))?;
    let nginx = peers::nginx(&bench.work)?;
    let varnish = peers::varnish(&bench.work)
        .inspect_err(|error| eprintln!("  without Varnish: {error:#}"))
        .ok();
    let of_nginx = |name, port, log| bench.server(name, local(port), &nginx, log);
    let record = peers::nginx_record(&bench.work);
    let mut contenders = vec![
        bench.contender("lockgate", &gate)?,
        of_nginx("nginx, equal work", peers::NGINX_HIT, Some(record))?,
        of_nginx("nginx, bare", peers::NGINX_HIT_BARE, None)?,
    ];
    if let Some(varnish) = &varnish {
        let record = peers::varnish_record(&bench.work);
        contenders.push(bench.server("varnish", local(peers::VARNISH), varnish, Some(record))?);
    }
    for contender in &contenders {
        warm_up(contender)?;
    }
    let answer = fetch(gate.address, bench.requests.get(0))?;
    ensure!(
        answer.body.len() == 1_024,
        "no 1 KB answer:\n{}",
        answer.head
    );

    let origin = shop.processes()?;
    let before = origin.cpu_times()?;
    let series = alternate(&contenders, &bench.plan)?;
    let origin_ms = origin.cpu_times()?.since(&before).as_secs_f64() * 1e3;
    // A miss costs the shop more than 10 µs: the rounds' requests were hits.
    let requests: u64 = series
        .iter()
        .flat_map(|all| &all.rounds)
        .map(|round| round.requests)
        .sum();
    ensure!(
        origin_ms * 1e3 < requests as f64 * 0.2,
        "the origin was busy for {origin_ms:.0} ms"
    );

    let [ours, equal, bare] = [0, 1, 2].map(|index| series.get(index));
    let ours = ours.context("no rounds")?;
    let mut measured = Vec::new();
    let mut vs_nginx = ratio(ours, equal.context("no rounds")?, &series);
    vs_nginx.detail["vs_bare"] = json!(ours.cpu_us() / bare.context("no rounds")?.cpu_us());
    vs_nginx.detail["origin_busy_ms"] = json!(origin_ms);
    vs_nginx.detail["an_answer_of_lockgate"] = json!(answer.head);
    measured.push(vs_nginx);
    if let Some(varnish) = series.get(3) {
        let mut vs_varnish = ratio(ours, varnish, &[]);
        vs_varnish.detail = json!({ "series": "see hit_vs_nginx: measured in the same rounds" });
        measured.push(vs_varnish);
    }
    Ok(measured)
}
