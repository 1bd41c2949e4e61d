//! Alternating rounds: every contender gets the same load for the same time, again and again, so
//! that what drifts drifts for all of them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cpu::{CpuTimes, Processes, core_ticks};
use crate::load::{self, Until};
use crate::process::SERVER_CORE;
use crate::requests::RequestSet;
use crate::work;

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Rounds of each contender.
    pub(crate) rounds: usize,
    /// Length of a round.
    pub(crate) round: Duration,
    /// Load before a round that is not counted.
    pub(crate) ramp: Duration,
}

impl Plan {
    /// Five rounds of three seconds, or one of one second; or so many `rounds`.
    pub(crate) fn new(quick: bool, rounds: Option<usize>) -> Self {
        Self {
            rounds: rounds.unwrap_or(if quick { 1 } else { 5 }).max(1),
            round: Duration::from_secs(if quick { 1 } else { 3 }),
            ramp: Duration::from_millis(300),
        }
    }
}

/// Who is measured, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Contender<'a> {
    /// Its name in the results.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it is made of.
    pub(crate) processes: Processes,
    /// What it is sent.
    pub(crate) set: &'a RequestSet,
    /// Over so many connections.
    pub(crate) connections: usize,
    /// A log that is emptied before each round, or disks fill up.
    pub(crate) log: Option<PathBuf>,
}

impl<'a> Contender<'a> {
    /// The same, sent something else over so many connections.
    pub(crate) fn sent(self, set: &'a RequestSet, connections: usize) -> Self {
        Self {
            set,
            connections,
            ..self
        }
    }
}

/// One round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// CPU time of the server for one request, µs.
    pub(crate) cpu_us: f64,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Latency, µs.
    pub(crate) p50_us: f64,
    /// Latency, µs.
    pub(crate) p99_us: f64,
    /// Bodies, 10^6 bytes a second.
    pub(crate) mb_per_s: f64,
    /// Requests in the round.
    pub(crate) requests: u64,
    /// Bytes of a body, mean.
    pub(crate) body_bytes: u64,
    /// How much of its core's time the server used, percent.
    pub(crate) core_percent: f64,
    /// Time of the server's core that went to others, percent.
    pub(crate) others_percent: f64,
}

/// All rounds of one contender.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Its name.
    pub(crate) name: &'static str,
    /// In the order measured.
    pub(crate) rounds: Vec<Round>,
}

/// Sends the whole set once, uncounted: caches fill, tokens become known.
///
/// # Errors
/// When an answer is not 200.
pub(crate) fn warm_up(contender: &Contender<'_>) -> Result<()> {
    let until = Until::Requests(contender.set.len());
    let Contender {
        address,
        connections,
        set,
        ..
    } = contender;
    let (outcome, (), ()) = load::run(*address, *connections, set, until, || Ok(()))
        .with_context(|| format!("warming up {}", contender.name))?;
    outcome
        .all_ok()
        .with_context(|| format!("warming up {}", contender.name))
}

/// Measures all in turn, round after round.
///
/// # Errors
/// When one fails, or answers something but 200.
pub(crate) fn alternate(contenders: &[Contender<'_>], plan: &Plan) -> Result<Vec<Series>> {
    let mut series: Vec<Series> = contenders
        .iter()
        .map(|contender| Series {
            name: contender.name,
            rounds: Vec::with_capacity(plan.rounds),
        })
        .collect();
    for number in 0..plan.rounds {
        for (contender, series) in contenders.iter().zip(&mut series) {
            let round = round(contender, plan)
                .with_context(|| format!("round {} of {}", number + 1, contender.name))?;
            eprintln!(
                "  {:<22} {:>9.2} µs {:>9.0}/s  p99 {:>7.0} µs",
                contender.name, round.cpu_us, round.rate, round.p99_us
            );
            series.rounds.push(round);
        }
    }
    Ok(series)
}

fn round(contender: &Contender<'_>, plan: &Plan) -> Result<Round> {
    if let Some(log) = &contender.log {
        work::cut(log);
    }
    let until = Until::Time {
        ramp: plan.ramp,
        counted: plan.round,
    };
    let probe = || -> Result<(CpuTimes, (u64, u64))> {
        let ticks = core_ticks(SERVER_CORE).context("/proc/stat has no such core")?;
        Ok((contender.processes.cpu_times()?, ticks))
    };
    let Contender {
        address,
        connections,
        set,
        ..
    } = contender;
    let (outcome, first, last) = load::run(*address, *connections, set, until, probe)?;
    outcome.all_ok()?;
    let cpu = last.0.since(&first.0);
    let total = (last.1.1 - first.1.1).max(1) as f64;
    let busy = 100.0 * (last.1.0 - first.1.0) as f64 / total;
    let seconds = outcome.elapsed.as_secs_f64();
    let core_percent = 100.0 * cpu.as_secs_f64() / seconds;
    let requests = outcome.requests as f64;
    Ok(Round {
        cpu_us: cpu.as_secs_f64() * 1e6 / requests,
        rate: requests / seconds,
        p50_us: outcome.latencies.quantile_us(0.5),
        p99_us: outcome.latencies.quantile_us(0.99),
        mb_per_s: outcome.body_bytes as f64 / 1e6 / seconds,
        requests: outcome.requests,
        body_bytes: outcome.body_bytes / outcome.requests,
        core_percent,
        others_percent: (busy - core_percent).max(0.0),
    })
}

impl Series {
    /// The median of something over the rounds.
    pub(crate) fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    /// The median CPU time of a request, µs: the figure.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.median(|round| round.cpu_us)
    }

    /// Medians and raw rounds.
    pub(crate) fn to_json(&self) -> Value {
        let rounds: Vec<Value> = self.rounds.iter().map(Round::json).collect();
        json!({
            "name": self.name,
            "cpu_us": round_to(self.cpu_us(), 3),
            "rate_per_s": round_to(self.median(|round| round.rate), 0),
            "p50_us": round_to(self.median(|round| round.p50_us), 1),
            "p99_us": round_to(self.median(|round| round.p99_us), 1),
            "mb_per_s": round_to(self.median(|round| round.mb_per_s), 1),
            "rounds": rounds,
        })
    }
}

impl Round {
    fn json(&self) -> Value {
        json!({
            "cpu_us": round_to(self.cpu_us, 3),
            "rate_per_s": round_to(self.rate, 0),
            "p50_us": round_to(self.p50_us, 1),
            "p99_us": round_to(self.p99_us, 1),
            "mb_per_s": round_to(self.mb_per_s, 1),
            "requests": self.requests,
            "body_bytes": self.body_bytes,
            "core_percent": round_to(self.core_percent, 1),
            "others_percent": round_to(self.others_percent, 1),
        })
    }
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    match (
        values.get(upper),
        values.get(values.len().wrapping_sub(1) / 2),
    ) {
        (Some(upper), Some(lower)) => f64::midpoint(*upper, *lower),
        _ => 0.0,
    }
}

/// `value` with so many decimal places.
pub(crate) fn round_to(value: f64, places: i32) -> f64 {
    let factor = 10f64.powi(places);
    (value * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(vec![]), 0.0);
        assert_eq!(round_to(1.2345, 2), 1.23);
    }
}
