//! The figures of the gateway, in groups that are measured together.

mod attack;
mod body;
mod growth;
mod hit;
mod image;
mod policy;
mod proxy;
mod slow;
mod start;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::gate::{Gate, Options};
use crate::peers;
use crate::report::{Figure, Measured, Target};
use crate::requests::{REQUESTS, RequestSet, VARIANTS};
use crate::rounds::{Contender, Plan, Series};
use crate::work::Work;

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
    figures: &'static [Announced],
    measure: fn(&Bench) -> Result<Vec<Measured>>,
}

/// A figure before it is measured.
#[derive(Clone, Copy, Debug)]
struct Announced {
    key: &'static str,
    what: &'static str,
    target: Target,
}

const fn figure(key: &'static str, what: &'static str, target: Target) -> Announced {
    Announced { key, what, target }
}

/// All groups, in the order measured; the keys and targets are those of the issue.
const GROUPS: &[Group] = &[
    Group {
        name: "hit",
        figures: &[
            figure(
                "hit_vs_nginx",
                "CPU of a cached 1 KB answer through all stages, by that of an nginx proxy_cache hit (equal work)",
                Target::AtMost(1.3),
            ),
            figure(
                "hit_vs_varnish",
                "the same, by that of a Varnish hit with varnishncsa writing its log",
                Target::AtMost(1.0),
            ),
        ],
        measure: hit::measure,
    },
    Group {
        name: "proxy",
        figures: &[figure(
            "proxy_vs_nginx",
            "CPU of a proxied 1 KB answer through all stages, by that of nginx keepalive proxying (equal work)",
            Target::AtMost(2.0),
        )],
        measure: proxy::measure,
    },
    Group {
        name: "body",
        figures: &[figure(
            "body10m_vs_nginx",
            "throughput of 10 MB bodies, by that of nginx (equal work)",
            Target::AtLeast(1.0),
        )],
        measure: body::measure,
    },
    Group {
        name: "policy",
        figures: &[figure(
            "policy_us",
            "CPU of a hit less that of one whose verdict a native function answers, µs",
            Target::AtMost(7.0),
        )],
        measure: policy::measure,
    },
    Group {
        name: "start",
        figures: &[
            figure(
                "cold_start_ms",
                "start of the process to the first answer, precompiled, median, ms",
                Target::AtMost(100.0),
            ),
            figure(
                "idle_rss_mb",
                "resident memory a second after the start, MB",
                Target::AtMost(80.0),
            ),
        ],
        measure: start::measure,
    },
    Group {
        name: "slow",
        figures: &[figure(
            "slow1000_rss_mb",
            "growth of resident memory for 1,000 slow requests, MB",
            Target::AtMost(100.0),
        )],
        measure: slow::measure,
    },
    Group {
        name: "image",
        figures: &[figure(
            "image_vs_sharp",
            "CPU of big.jpg to 800 px, JPEG quality 80, over HTTP, by that of Sharp",
            Target::AtMost(2.0),
        )],
        measure: image::measure,
    },
    Group {
        name: "growth",
        figures: &[
            figure(
                "ua_growth",
                "CPU of a hit with 150,000 User-Agent entries by that with 15, or 1,500 if dearer",
                Target::AtMost(1.3),
            ),
            figure(
                "route_growth",
                "CPU of a hit with 1,000 routes by that with 10",
                Target::AtMost(1.3),
            ),
        ],
        measure: growth::measure,
    },
    Group {
        name: "attack",
        figures: &[
            figure(
                "hit_p99_us_quiet",
                "p99 of 1,000 cache hits a second on two cores with nothing else going on, µs",
                Target::Reported,
            ),
            figure(
                "hit_p99_hostile_ratio",
                "the same while 50 requests a second make the policy trap, loop or eat memory, by the quiet one",
                Target::AtMost(2.0),
            ),
            figure(
                "hit_p99_signatures_ratio",
                "the same during a flood of unseen signatures, by the quiet one",
                Target::AtMost(2.0),
            ),
            figure(
                "hit_p99_images_ratio",
                "the same with the image queue full of 12-megapixel pictures, by the quiet one",
                Target::AtMost(2.0),
            ),
        ],
        measure: attack::measure,
    },
];

/// The groups that `only` names, by their names or by a figure's; all if it names none.
///
/// # Errors
/// A name that is neither; the error lists them.
pub(crate) fn chosen(only: &[String]) -> Result<Vec<&'static Group>> {
    let is = |group: &Group, name: &String| {
        group.name == name || group.figures.iter().any(|figure| figure.key == name)
    };
    for name in only {
        if !GROUPS.iter().any(|group| is(group, name)) {
            let known: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
            bail!(
                "there is no figure `{name}`; groups are {}",
                known.join(", ")
            );
        }
    }
    let wanted = |group: &&Group| only.is_empty() || only.iter().any(|name| is(group, name));
    Ok(GROUPS.iter().filter(wanted).collect())
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
                    .ok_or_else(|| "it was not asked for".to_owned()),
                Err(why) => Err(why.clone()),
            },
        };
        self.figures.iter().enumerate().map(of).collect()
    }
}

impl Bench {
    /// Installs what is missing and builds what only one figure needs, before it must be quiet.
    /// What fails here fails again, with its reason, where it is needed.
    pub(crate) fn prepare(&self, groups: &[&Group]) {
        let has = |name: &str| groups.iter().any(|group| group.name == name);
        if ["hit", "proxy", "body", "image", "attack"]
            .into_iter()
            .any(has)
        {
            report(peers::ensure_program("nginx", "nginx-light").map(drop));
        }
        if has("hit") {
            report(peers::ensure_program("varnishd", "varnish").map(drop));
        }
        if has("image") && peers::shared_picture(&self.work).is_ok() {
            report(crate::sharp::start(&self.work).map(drop));
        }
        if has("policy") {
            report(policy::program(&self.work).map(drop));
        }
        if has("attack") {
            report(attack::build(&self.work));
        }
    }

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

    fn contender<'a>(&'a self, name: &'static str, gate: &Gate) -> Result<Contender<'a>> {
        Ok(Contender {
            name,
            address: gate.address,
            processes: gate.server.processes()?,
            set: &self.requests,
            connections: CONNECTIONS,
            log: Some(gate.record.clone()),
        })
    }
}

/// Starts a Lockgate of these options.
fn start_gate(bench: &Bench, options: &Options) -> Result<Gate> {
    Gate::start(&bench.work, options)
}

/// Ours by the peer's CPU time, with all series as detail.
fn ratio(ours: &Series, peer: &Series, all: &[Series]) -> Measured {
    Measured {
        value: ours.cpu_us() / peer.cpu_us(),
        compared: Some((ours.cpu_us(), peer.cpu_us())),
        unit: "µs",
        detail: series_json(all),
    }
}

fn series_json(all: &[Series]) -> Value {
    let series: Vec<Value> = all.iter().map(Series::to_json).collect();
    json!({ "series": series })
}

fn report(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("{error:#}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_their_own_name_and_by_a_figures() {
        let names = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            chosen(&only)
                .unwrap()
                .iter()
                .map(|group| group.name)
                .collect()
        };
        assert_eq!(names(&["route_growth", "hit"]), ["hit", "growth"]);
        assert_eq!(names(&[]).len(), GROUPS.len());
        let error = chosen(&["hits".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("groups are hit, proxy"), "{error}");
    }

    #[test]
    fn the_keys_are_those_of_the_issue() {
        let keys: Vec<&str> = GROUPS
            .iter()
            .flat_map(|group| group.figures.iter().map(|figure| figure.key))
            .collect();
        assert_eq!(
            keys,
            [
                "hit_vs_nginx",
                "hit_vs_varnish",
                "proxy_vs_nginx",
                "body10m_vs_nginx",
                "policy_us",
                "cold_start_ms",
                "idle_rss_mb",
                "slow1000_rss_mb",
                "image_vs_sharp",
                "ua_growth",
                "route_growth",
                "hit_p99_us_quiet",
                "hit_p99_hostile_ratio",
                "hit_p99_signatures_ratio",
                "hit_p99_images_ratio",
            ]
        );
    }
}
