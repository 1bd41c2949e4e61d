//! `crs_get_us`, `crs_get_p99_us`, `crs_post10k_us`, `crs_json_us`, `crs_get_vs_modsecurity`: what
//! the Core Rule Set at paranoia level 1 costs in the component, and in libmodsecurity.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::modsecurity::Peer;
use super::policy::{Judge, Policy, bundle};
use super::requests::{Kind, Request};
use super::rule_set;
use super::times::Times;
use crate::groups::Bench;
use crate::report::Measured;

/// The rule file, from the top of the checkout.
pub(super) const RULES: &str = "bench/firewall/rules.toml";

/// Names the folder of the bundle and of the peer's files.
const NAME: &str = "firewall-crs";

/// What was measured of a kind of requests.
struct Measurement {
    kind: Kind,
    ours: Times,
    theirs: Times,
    /// Requests that we refused, and that the peer did.
    refused: [usize; 2],
    bytes_mean: usize,
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    rule_set::folder(&bench.work)?;
    let policy = Policy::new(&bench.work, bundle(&bench.work, NAME, &[Path::new(RULES)])?)?;
    let mut judge = policy.judge()?;
    let attack = judge.inspect(&Request::attack())?;
    ensure!(
        !attack.passed,
        "the component lets an SQL injection through"
    );
    let mut peer = match Peer::start(&bench.work, NAME, rule_set::LEVEL_1) {
        Ok(peer) => Some(peer),
        Err(error) => {
            eprintln!("  without libmodsecurity: {error:#}");
            None
        }
    };
    if let Some(peer) = &mut peer {
        let answers = peer.ask(&[Request::attack()], &[])?;
        // libinjection's rule, and what it decided by the score.
        let refused = answers
            .iter()
            .all(|answer| answer.status == 403 && answer.rules.contains(&942_100));
        ensure!(refused, "libmodsecurity lets an SQL injection through");
    }
    let measured = rounds(bench, &mut judge, peer.as_mut())?;
    let [gets, form, multipart, posted] = &measured;
    let post = if form.ours.median() > multipart.ours.median() {
        form
    } else {
        multipart
    };
    let about = json!({
        "bundle_bytes": policy.bundle_bytes(),
        "libmodsecurity": peer.as_ref().map(|peer| peer.about.clone()),
    });
    let p99 = gets.ours.quantile(0.99);
    let their_p99 = peer.is_some().then(|| gets.theirs.quantile(0.99));
    let mut figures = vec![
        gets.figure(json!({ "about": about, "kinds": [gets.to_json()] })),
        Measured {
            value: p99,
            compared: their_p99.map(|theirs| (p99, theirs)),
            unit: "µs",
            detail: Value::Null,
        },
        post.figure(json!({ "kinds": [form.to_json(), multipart.to_json()] })),
        posted.figure(json!({ "kinds": [posted.to_json()] })),
    ];
    if peer.is_some() {
        figures.push(Measured {
            value: gets.ours.median() / gets.theirs.median(),
            compared: Some((gets.ours.median(), gets.theirs.median())),
            unit: "µs",
            detail: Value::Null,
        });
    }
    Ok(figures)
}

/// Ours and theirs in turn; the first round warms up and does not count.
fn rounds(
    bench: &Bench,
    judge: &mut Judge,
    mut peer: Option<&mut Peer>,
) -> Result<[Measurement; 4]> {
    let mut all = Kind::ALL.map(Measurement::new);
    for round in 0..=bench.plan.rounds {
        for measurement in &mut all {
            let requests = measurement.kind.requests(round);
            let (ours, refused) = judge.inspect_all(&requests)?;
            let answers = match &mut peer {
                Some(peer) => peer.ask(&requests, &[])?,
                None => Vec::new(),
            };
            if round == 0 {
                continue;
            }
            measurement.ours.push(ours);
            measurement
                .theirs
                .push(answers.iter().map(|answer| answer.us).collect());
            let by_peer = answers.iter().filter(|answer| answer.status != 200);
            measurement.refused[0] += refused;
            measurement.refused[1] += by_peer.count();
            measurement.bytes_mean = bytes_mean(&requests);
        }
    }
    for measurement in &all {
        eprintln!(
            "  {:<16} {:>9.1} µs  p99 {:>9.1} µs  libmodsecurity {:>9.1} µs",
            measurement.kind.name(),
            measurement.ours.median(),
            measurement.ours.quantile(0.99),
            measurement.theirs.median(),
        );
    }
    Ok(all)
}

fn bytes_mean(requests: &[Request]) -> usize {
    let bytes = |request: &Request| request.head().bytes.len() + request.body.len();
    requests.iter().map(bytes).sum::<usize>() / requests.len().max(1)
}

impl Measurement {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            ours: Times::default(),
            theirs: Times::default(),
            refused: [0; 2],
            bytes_mean: 0,
        }
    }

    /// Our median, with the peer's beside it.
    fn figure(&self, detail: Value) -> Measured {
        let (ours, theirs) = (self.ours.median(), self.theirs.median());
        Measured {
            value: ours,
            compared: (theirs > 0.0).then_some((ours, theirs)),
            unit: "µs",
            detail,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "requests": self.kind.name(),
            "bytes_mean": self.bytes_mean,
            "series": [self.ours.to_json("lockgate"), self.theirs.to_json("libmodsecurity")],
            "refused_by_lockgate": self.refused[0],
            "refused_by_libmodsecurity": self.refused[1],
        })
    }
}
