//! The figures of the firewall: the Core Rule Set beside libmodsecurity, the native rules, lists
//! of User-Agents, and memory.

mod agents;
mod cases;
mod crs;
mod instances;
mod modsecurity;
mod native;
mod policy;
mod requests;
mod rule_set;
mod swap;
mod times;
mod values;

use crate::groups::{Bench, Benchmark, Group, figure, report};
use crate::report::Target;

pub(crate) use instances::{Arguments as Instances, run as run_instances};
pub(crate) use modsecurity::version as modsecurity_version;
pub(crate) use swap::PORT;

/// The firewall.
pub(crate) const BENCHMARK: Benchmark = Benchmark {
    name: "firewall",
    groups: GROUPS,
    prepare,
};

/// Said of a figure that is nothing without the peer.
const NO_PEER: &str = "libmodsecurity does not run here; its messages stand above";

/// All groups, in the order measured; the keys and targets are those of the issue.
const GROUPS: &[Group] = &[
    Group {
        name: "cases",
        figures: &[
            figure(
                "crs_expect_share",
                "regression cases of the Core Rule Set that expect ids: passed, %",
                Target::AtLeast(99.0),
            ),
            figure(
                "crs_forbid_share",
                "those that only forbid ids: passed, %",
                Target::AtLeast(99.0),
            ),
            figure(
                "crs_benign_share",
                "those of them that libmodsecurity lets through in blocking mode at paranoia level 1: let through, %",
                Target::AtLeast(100.0),
            )
            .missing(NO_PEER),
        ],
        measure: cases::measure,
    },
    Group {
        name: "crs",
        figures: &[
            figure(
                "crs_get_us",
                "CPU of a GET in policy.wasm with the Core Rule Set at paranoia level 1, median, µs",
                Target::AtMost(250.0),
            ),
            figure(
                "crs_get_p99_us",
                "the same, p99, µs",
                Target::Reported,
            ),
            figure(
                "crs_post10k_us",
                "CPU of a 10 KB POST, URL-encoded or in parts, the dearer of the two medians, µs",
                Target::AtMost(2_000.0),
            ),
            figure(
                "crs_json_us",
                "CPU of a POST of 1.7 KB of JSON, median, µs",
                Target::AtMost(1_500.0),
            ),
            figure(
                "crs_get_vs_modsecurity",
                "CPU of a GET, by that of libmodsecurity with the same rules",
                Target::Reported,
            )
            .missing(NO_PEER),
        ],
        measure: crs::measure,
    },
    Group {
        name: "native",
        figures: &[figure(
            "native_us",
            "CPU of a decision with 100 native rules and 100,000 networks, µs",
            Target::AtMost(8.0),
        )],
        measure: native::measure,
    },
    Group {
        name: "ua",
        figures: &[
            figure(
                "ua_recall",
                "samples of crawlers in the half that nobody has seen who wrote the rules: matched, %",
                Target::AtLeast(99.0),
            ),
            figure(
                "ua_false",
                "visits of browsers that a rule matches, %",
                // Less than 0.1.
                Target::AtMost(0.099),
            ),
        ],
        measure: agents::measure,
    },
    Group {
        name: "instances",
        figures: &[
            figure(
                "crs_instance_mb",
                "growth of resident memory by the first instance with the Core Rule Set, MB",
                Target::AtMost(64.0),
            ),
            figure(
                "crs_further_mb",
                "the same by a further instance, the second or the mean of those up to the eighth, MB",
                Target::AtMost(24.0),
            ),
        ],
        measure: instances::measure,
    },
    Group {
        name: "swap",
        figures: &[
            figure(
                "crs_swap_peak",
                "most resident memory of a gateway during a change of the Core Rule Set, by that before",
                Target::AtMost(2.2),
            ),
            figure(
                "crs_push_s",
                "a push of a changed Core Rule Set, from the command to its being in force, s",
                Target::AtMost(10.0),
            ),
        ],
        measure: swap::measure,
    },
];

fn prepare(bench: &Bench, groups: &[&Group]) {
    let has = |name: &str| groups.iter().any(|group| group.name == name);
    if has("cases") || has("crs") {
        report(modsecurity::ensure_installed(&bench.work).map(drop));
    }
    if has("ua") {
        report(agents::ensure_installed(&bench.work).map(drop));
    }
    // Compiles the component, where that was not done.
    report(policy::Policy::new(&bench.work, Vec::new()).map(drop));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_the_issue() {
        let keys: Vec<&str> = GROUPS
            .iter()
            .flat_map(|group| group.figures.iter().map(|figure| figure.key))
            .collect();
        assert_eq!(
            keys,
            [
                "crs_expect_share",
                "crs_forbid_share",
                "crs_benign_share",
                "crs_get_us",
                "crs_get_p99_us",
                "crs_post10k_us",
                "crs_json_us",
                "crs_get_vs_modsecurity",
                "native_us",
                "ua_recall",
                "ua_false",
                "crs_instance_mb",
                "crs_further_mb",
                "crs_swap_peak",
                "crs_push_s",
            ]
        );
    }
}
