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

use crate::groups::{Bench, Benchmark, Group, figure, ratio, report, series_json, start_gate};
use crate::peers;
use crate::report::Target;

/// The gateway beside its peers.
pub(crate) const BENCHMARK: Benchmark = Benchmark {
    name: "gateway",
    groups: GROUPS,
    prepare,
};

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

fn prepare(bench: &Bench, groups: &[&Group]) {
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
    if has("image") && peers::shared_picture(&bench.work).is_ok() {
        report(crate::sharp::install(&bench.work).map(drop));
    }
    if has("policy") {
        report(policy::program(&bench.work).map(drop));
    }
    if has("attack") {
        report(attack::build(&bench.work));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::chosen;

    #[test]
    fn groups_are_found_by_their_own_name_and_by_a_figures() {
        let names = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            chosen(GROUPS, &only)
                .unwrap()
                .iter()
                .map(|group| group.name)
                .collect()
        };
        assert_eq!(names(&["route_growth", "hit"]), ["hit", "growth"]);
        assert_eq!(names(&[]).len(), GROUPS.len());
        let error = chosen(GROUPS, &["hits".to_owned()])
            .unwrap_err()
            .to_string();
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
