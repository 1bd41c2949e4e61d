//! `rps_vs_sharp_server`: pictures a second through HTTP on both cores, to 512 px, nothing kept.
//!
//! After imgproxy's published method: photos from a file server of the same machine, scaled to 512
//! pixels, as many calls at once as keep every core busy. The peer that runs here is Sharp behind
//! node's own HTTP server.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::fetch::fetch;
use crate::gate::Options;
use crate::groups::{Bench, series_json, start_gate};
use crate::peers;
use crate::process::{LOAD_CORE, SERVER_CORE};
use crate::report::Measured;
use crate::requests::{RequestSet, signed_in};
use crate::rounds::alternate;
use crate::sharp;

const PICTURES: [&str; 4] = ["big.jpg", "mid.jpg", "big_prog.jpg", "photo.webp"];

/// Twice as many as there are cores.
const CONNECTIONS: usize = 4;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let _files = peers::files(&bench.work)?;
    let cores = format!("{SERVER_CORE},{LOAD_CORE}");
    let gate = start_gate(
        bench,
        &Options {
            cores: cores.clone(),
            overlay: Some(bench.work.own("image/overlay.toml")),
            ..Options::new("image-server")
        },
    )?;
    let sharp = sharp::start(&bench.work, &cores)?;
    let target = |name: &str| format!("/pictures/{name}?w=512&format=jpeg&q=80");
    let requests = PICTURES.map(|name| signed_in("GET", &target(name), None));
    let set = RequestSet::of(requests.into_iter().collect::<Result<_>>()?);
    let contenders = sharp::contenders(bench, &gate, &sharp, &set, CONNECTIONS)?;
    let mut outputs = Vec::new();
    for contender in &contenders {
        for (index, name) in PICTURES.iter().enumerate() {
            let answer = fetch(contender.address, set.get(index))?;
            ensure!(
                answer.status == 200 && answer.body.starts_with(&[0xff, 0xd8]),
                "{} answers {name} with {}",
                contender.name,
                answer.status
            );
            let bytes = answer.body.len();
            outputs.push(json!({ "name": contender.name, "picture": name, "bytes": bytes }));
        }
    }
    let series = alternate(&contenders, &bench.plan)?;
    let [ours, theirs] = series.as_slice() else {
        anyhow::bail!("no rounds");
    };
    let (ours, theirs) = (ours.median(|r| r.rate), theirs.median(|r| r.rate));
    let mut detail = series_json(&series);
    detail["connections"] = json!(CONNECTIONS);
    detail["outputs"] = json!(outputs);
    Ok(vec![Measured {
        value: ours / theirs,
        compared: Some((ours, theirs)),
        unit: "/s",
        detail,
    }])
}
