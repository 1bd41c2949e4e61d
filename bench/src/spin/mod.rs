//! The figures of Spin apps: a component in our host and in others, the gateway as a component,
//! the start of an app, and what the gate costs in front of a component.

mod app;
mod gate;
mod hello;
mod hosts;
mod portable;
mod start;

use crate::groups::{Bench, Benchmark, Group, figure, ratio, report, series_json, start_gate};
use crate::report::Target;

pub(crate) use hosts::{PORT, wasmtime_version};

/// Spin apps.
pub(crate) const BENCHMARK: Benchmark = Benchmark {
    name: "spin",
    groups: GROUPS,
    prepare,
};

/// All groups, in the order measured; the keys and targets are those of the issue.
const GROUPS: &[Group] = &[
    Group {
        name: "hello",
        figures: &[
            figure(
                "hello_vs_wasmtime",
                "CPU of a WASI 0.3 component's answer in `lockgate up`, by that in `wasmtime serve`",
                Target::AtMost(0.6),
            ),
            figure(
                "hello_vs_spin",
                "the same, by that in `spin up`",
                Target::AtMost(0.35),
            )
            .missing("`spin` is not on PATH, or did not serve"),
        ],
        measure: hello::measure,
    },
    Group {
        name: "portable",
        figures: &[figure(
            "native_vs_portable",
            "CPU of a cached 1 KB answer through all stages, natively, by that of the component for Spin in the same host",
            Target::AtMost(0.45),
        )],
        measure: portable::measure,
    },
    Group {
        name: "start",
        figures: &[figure(
            "cold_start_ms",
            "start of `lockgate up` with the demo's app to the first answer, precompiled, median, ms",
            Target::AtMost(120.0),
        )],
        measure: start::measure,
    },
    Group {
        name: "gate",
        figures: &[figure(
            "gate_over_component_us",
            "CPU of a component's answer behind the gate less that without it, µs",
            Target::AtMost(15.0),
        )],
        measure: gate::measure,
    },
];

fn prepare(bench: &Bench, groups: &[&Group]) {
    let has = |name: &str| groups.iter().any(|group| group.name == name);
    if has("hello") || has("gate") {
        report(hello::prepare(&bench.work));
    }
    if has("hello") {
        report(hosts::ensure_wasmtime(&bench.work).map(drop));
    }
    if has("portable") {
        report(portable::prepare(&bench.work));
    }
    if has("start") {
        report(start::prepare(&bench.work));
    }
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
                "hello_vs_wasmtime",
                "hello_vs_spin",
                "native_vs_portable",
                "cold_start_ms",
                "gate_over_component_us",
            ]
        );
    }
}
