//! What the benchmarks share: figures in groups, what every group needs, and how results are told.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::gate::{Gate, Options};
use crate::process::Server;
use crate::report::{Figure, Measured, Target};
use crate::requests::{REQUESTS, RequestSet, VARIANTS};
use crate::rounds::{Contender, Plan, Series};
use crate::work::Work;

/// A benchmark: figures that are measured in one run and written to one file.
#[derive(Debug)]
pub(crate) struct Benchmark {
    /// Names its file of results.
    pub(crate) name: &'static str,
    /// All groups, in the order measured.
    pub(crate) groups: &'static [Group],
    /// Installs what is missing and builds what only one figure needs, before it must be quiet.
    /// What fails here fails again, with its reason, where it is needed.
    pub(crate) prepare: fn(&Bench, &[&Group]),
}

/// Connections of the load for small answers.
const CONNECTIONS: usize = 64;

/// What every group needs.
#[derive(Debug)]
pub(crate) struct Bench {
    /// The request set.
    pub(crate) requests: RequestSet,
    /// Rounds.
    pub(crate) plan: Plan,
    /// Only trying out.
    pub(crate) quick: bool,
    /// Folders.
    pub(crate) work: Work,
}

/// Figures that are measured in one go.
#[derive(Debug)]
pub(crate) struct Group {
    /// For `--only`.
    pub(crate) name: &'static str,
    /// What it measures.
    pub(crate) figures: &'static [Announced],
    /// Measures them, in this order; what could not be measured is missing at the end.
    pub(crate) measure: fn(&Bench) -> Result<Vec<Measured>>,
}

/// A figure before it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced {
    /// The key in the results.
    pub(crate) key: &'static str,
    what: &'static str,
    target: Target,
    /// Said where the group does not measure it.
    missing: &'static str,
}

/// A figure, as it is announced.
pub(crate) const fn figure(key: &'static str, what: &'static str, target: Target) -> Announced {
    Announced {
        key,
        what,
        target,
        missing: "it was not asked for",
    }
}

impl Announced {
    /// With what is said where the group does not measure it.
    pub(crate) const fn missing(mut self, why: &'static str) -> Self {
        self.missing = why;
        self
    }
}

/// The groups that `only` names, by their names or by a figure's; all if it names none.
///
/// # Errors
/// A name that is neither; the error lists them.
pub(crate) fn chosen(groups: &'static [Group], only: &[String]) -> Result<Vec<&'static Group>> {
    let is = |group: &Group, name: &String| {
        group.name == name || group.figures.iter().any(|figure| figure.key == name)
    };
    for name in only {
        if !groups.iter().any(|group| is(group, name)) {
            let known: Vec<&str> = groups.iter().map(|group| group.name).collect();
            bail!(
                "there is no figure `{name}`; groups are {}",
                known.join(", ")
            );
        }
    }
    let wanted = |group: &&Group| only.is_empty() || only.iter().any(|name| is(group, name));
    Ok(groups.iter().filter(wanted).collect())
}

impl Group {
    /// Measures the group. What fails is told in its figures; the others go on.
    pub(crate) fn measure(&self, bench: &Bench) -> Vec<Figure> {
        let measured = (self.measure)(bench).map_err(|error| {
            eprintln!("  not measured: {error:#}");
            format!("{error:#}")
        });
        let of = |(index, figure): (usize, &Announced)| Figure {
            key: figure.key,
            what: figure.what,
            target: figure.target,
            outcome: match &measured {
                Ok(all) => all
                    .get(index)
                    .cloned()
                    .ok_or_else(|| figure.missing.to_owned()),
                Err(why) => Err(why.clone()),
            },
        };
        self.figures.iter().enumerate().map(of).collect()
    }
}

impl Bench {
    /// What the request set is, for the results.
    pub(crate) fn describe_requests(&self) -> Value {
        json!({
            "sha256": self.requests.digest(),
            "requests": REQUESTS,
            "tokens": VARIANTS,
            "urls": VARIANTS,
            "client_addresses": VARIANTS,
            "header_fields": 14,
            "token_bytes": 600,
            "bytes_mean": self.requests.bytes_mean(),
            "connections": CONNECTIONS,
            "rounds": self.plan.rounds,
            "round_s": self.plan.round.as_secs_f64(),
        })
    }

    /// `gate`, sent the whole set over the usual connections.
    pub(crate) fn contender<'a>(
        &'a self,
        name: &'static str,
        gate: &Gate,
    ) -> Result<Contender<'a>> {
        self.server(name, gate.address, &gate.server, Some(gate.record.clone()))
    }

    /// `server`, which listens at `address` and writes `log`, sent the same.
    ///
    /// # Errors
    /// When its processes cannot be found.
    pub(crate) fn server<'a>(
        &'a self,
        name: &'static str,
        address: SocketAddr,
        server: &Server,
        log: Option<PathBuf>,
    ) -> Result<Contender<'a>> {
        Ok(Contender {
            name,
            address,
            processes: server.processes()?,
            set: &self.requests,
            connections: CONNECTIONS,
            log,
        })
    }
}

/// Starts a Lockgate of these options.
///
/// # Errors
/// When it does not start.
pub(crate) fn start_gate(bench: &Bench, options: &Options) -> Result<Gate> {
    Gate::start(&bench.work, options)
}

/// Ours by the peer's CPU time, with all series as detail.
pub(crate) fn ratio(ours: &Series, peer: &Series, all: &[Series]) -> Measured {
    Measured {
        value: ours.cpu_us() / peer.cpu_us(),
        compared: Some((ours.cpu_us(), peer.cpu_us())),
        unit: "µs",
        detail: series_json(all),
    }
}

/// All series as detail.
pub(crate) fn series_json(all: &[Series]) -> Value {
    let series: Vec<Value> = all.iter().map(Series::to_json).collect();
    json!({ "series": series })
}

/// Tells what went wrong, where something did.
pub(crate) fn report(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("{error:#}");
    }
}
