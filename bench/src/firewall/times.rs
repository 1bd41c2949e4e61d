//! CPU times of single requests.

use serde_json::{Value, json};

use crate::rounds::{median, round_to};

/// CPU times of requests, µs, round by round.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    rounds: Vec<Vec<f64>>,
}

impl Times {
    /// Adds a round.
    pub(super) fn push(&mut self, round: Vec<f64>) {
        self.rounds.push(round);
    }

    fn all(&self) -> Vec<f64> {
        self.rounds.concat()
    }

    /// The median of all requests, µs.
    pub(super) fn median(&self) -> f64 {
        median(self.all())
    }

    /// The time that this share of the requests stay within, µs; 0 of nothing.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let mut all = self.all();
        all.sort_by(f64::total_cmp);
        let last = all.len().saturating_sub(1);
        let index = (last as f64 * share).ceil() as usize;
        all.get(index).copied().unwrap_or_default()
    }

    fn mean(&self) -> f64 {
        let all = self.all();
        all.iter().sum::<f64>() / all.len().max(1) as f64
    }

    /// What is told of them.
    pub(super) fn to_json(&self, name: &str) -> Value {
        let us = |value: f64| round_to(value, 2);
        let of_round = |round: &Vec<f64>| us(median(round.clone()));
        let rounds: Vec<f64> = self.rounds.iter().map(of_round).collect();
        json!({
            "name": name,
            "requests": self.rounds.iter().map(Vec::len).sum::<usize>(),
            "median_us": us(self.median()),
            "mean_us": us(self.mean()),
            "p99_us": us(self.quantile(0.99)),
            "max_us": us(self.quantile(1.0)),
            "round_medians_us": rounds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_over_all_rounds() {
        let mut times = Times::default();
        assert_eq!((times.median(), times.quantile(0.99)), (0.0, 0.0));
        times.push((1..=50).map(f64::from).collect());
        times.push((51..=101).map(f64::from).collect());
        assert_eq!(times.median(), 51.0);
        assert_eq!(times.quantile(0.99), 100.0);
        assert_eq!(times.quantile(1.0), 101.0);
        assert_eq!(times.to_json("x")["requests"], 101);
    }
}
